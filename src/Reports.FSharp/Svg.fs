namespace Optim.Reports

open System
open System.Globalization

/// Charts as SVG text: what is printed, and what is seen where no script runs.
[<RequireQualifiedAccess>]
module internal Svg =

    let private width, private height = 400.0, 290.0

    let private left, private right, private top, private bottom =
        48.0, 18.0, 10.0, 40.0

    let private number (value: float) =
        value.ToString("0.##", CultureInfo.InvariantCulture)

    /// Round places along a linear axis, about `count` of them.
    let linearTicks (count: int) (low: float) (high: float) : float list =
        let raw = (high - low) / float count
        let power = 10.0 ** floor (log10 raw)

        let stride =
            [ 1.0; 2.0; 5.0 ]
            |> List.tryFind (fun factor -> factor * power >= raw * 0.999)
            |> Option.defaultValue 10.0

        let first = ceil (low / (stride * power) - 1e-9)
        let last = floor (high / (stride * power) + 1e-9)
        // Counted in integers: next to a huge number the next float may be the same one.
        let places = last - first + 1.0

        if places >= 1.0 && places < 100.0 then
            List.init (int places) (fun index -> (first + float index) * stride * power)
        else
            []

    /// Powers of ten along a logarithmic axis, at most about six of them; 1, 2, 5 times them on a short axis.
    let logTicks (low: float) (high: float) : float list =
        if not (low > 0.0 && high >= low && Double.IsFinite high) then
            invalidOp (sprintf "a logarithmic axis needs 0 < low <= high, got %g and %g" low high)

        let first, last = int (floor (log10 low)), int (ceil (log10 high))
        let every = max 1 ((last - first + 5) / 6)

        let factors =
            if log10 high - log10 low < 2.2 then
                [ 1.0; 2.0; 5.0 ]
            else
                [ 1.0 ]

        [
            for exponent in first..last do
                if exponent % every = 0 then
                    for factor in factors do
                        let place =
                            // The nearest double to 0.001 is 1/1000, not 10 ** -3.
                            if exponent < 0 then
                                factor / 10.0 ** float -exponent
                            else
                                factor * 10.0 ** float exponent

                        if place >= low * 0.999 && place <= high * 1.001 then
                            place
        ]

    /// A tick's label: "0", "0.01", "20", "5k", "2M", "1e-8".
    let label (isPercent: bool) (value: float) : string =
        let short (scaled: float) =
            scaled.ToString("0.####", CultureInfo.InvariantCulture)

        if isPercent then
            short (100.0 * value) + "%"
        elif value = 0.0 then
            "0"
        elif abs value < 0.9e-3 || abs value >= 1e9 then
            value.ToString("0.#e+0", CultureInfo.InvariantCulture).Replace("e+", "e")
        elif abs value >= 1e6 then
            short (value / 1e6) + "M"
        elif abs value >= 1e3 then
            short (value / 1e3) + "k"
        else
            short value

    /// The panel as one svg element. `describe` is read aloud in place of the picture.
    let ofPanel (describe: string) (panel: Panel) : string =
        let scale isLog low high from upto value =
            let share =
                if isLog then
                    // Differences of logarithms, since a quotient may overflow.
                    (log (max value low) - log low) / (log high - log low)
                else
                    (value - low) / (high - low)

            from + share * (upto - from)

        let isLogX = panel.IsLogX && panel.XHigh > panel.XLow
        let xLow = if isLogX then panel.XLow else 0.0
        let x = scale isLogX xLow panel.XHigh left (width - right)
        let y = scale panel.IsLogY panel.YLow panel.YHigh (height - bottom) top
        // Far outside is outside: keeps the numbers short.
        let y value =
            y value |> max (-height) |> min (2.0 * height)

        let isVisible place = place >= xLow

        let path points =
            points
            |> Seq.filter (fst >> isVisible)
            |> Seq.mapi (fun index (px, py) ->
                (if index = 0 then "M" else "L") + number (x px) + " " + number (y py)
            )
            |> String.concat ""

        let gridX =
            if isLogX then
                logTicks xLow panel.XHigh
            else
                linearTicks 5 xLow panel.XHigh

        let gridY =
            if panel.IsLogY then
                logTicks panel.YLow panel.YHigh
            else
                linearTicks 5 panel.YLow panel.YHigh

        let mark color (px, py, ending) =
            let cx = x (max xLow px)

            let cy = y py |> max top |> min (height - bottom)

            match ending with
            | LineEnd.BudgetSpent -> ""
            | LineEnd.Converged ->
                $"""<circle class="full m{color}" cx="{number cx}" cy="{number cy}" r="3.5"/>"""
            | LineEnd.Stopped ->
                $"""<circle class="ring m{color}" cx="{number cx}" cy="{number cy}" r="3.5"/>"""
            | LineEnd.Failed ->
                let d =
                    $"M{number (cx - 4.0)} {number (cy - 4.0)}l8 8M{number (cx - 4.0)} {number (cy + 4.0)}l8 -8"

                $"""<path class="cross m{color}" d="{d}"/>"""

        let parts = [
            $"""<svg class="still" viewBox="0 0 {number width} {number height}" role="img" aria-label="{Net.WebUtility.HtmlEncode describe}">"""
            $"""<clipPath id="clip-{panel.Id}"><rect x="{number left}" y="{number top}" width="{number (width - left - right)}" height="{number (height - top - bottom)}"/></clipPath>"""

            for place in gridY do
                $"""<path class="grid" d="M{number left} {number (y place)}H{number (width - right)}"/>"""
                $"""<text class="tick" x="{number (left - 6.0)}" y="{number (y place + 3.5)}" text-anchor="end">{label panel.IsPercent place}</text>"""

            for place in gridX do
                $"""<path class="grid" d="M{number (x place)} {number top}V{number (height - bottom)}"/>"""
                $"""<text class="tick" x="{number (x place)}" y="{number (height - bottom + 15.0)}" text-anchor="middle">{label false place}</text>"""

            $"""<text class="axis" x="{number ((left + width - right) / 2.0)}" y="{number (height - 6.0)}" text-anchor="middle">{panel.XName}</text>"""
            $"""<g clip-path="url(#clip-{panel.Id})">"""

            match panel.Target with
            | Some target ->
                $"""<path class="target" d="M{number left} {number (y target)}H{number (width - right)}"/>"""
            | None -> ()

            for line in panel.Lines do
                if line.HasBand then
                    let upper = Array.zip line.X line.High
                    let lower = Array.zip line.X line.Low |> Array.rev
                    $"""<path class="band m{line.Method}" d="{path (Array.append upper lower)}Z"/>"""

            for line in panel.Lines do
                for stray in line.Strays do
                    $"""<path class="stray m{line.Method}" d="{path stray}"/>"""

                $"""<path class="line m{line.Method}" d="{path (Array.zip line.X line.Median)}"/>"""

            "</g>"

            for line in panel.Lines do
                match line.End with
                | Some place -> mark line.Method place
                | None -> ()

                for stray in line.Strays do
                    let px, py = Array.last stray
                    mark line.Method (px, py, LineEnd.Failed)

            "</svg>"
        ]

        String.Join("\n", parts)
