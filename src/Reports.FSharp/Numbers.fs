namespace Optim.Reports

open System
open System.Globalization

/// Numbers as people read them, the same in every culture.
[<RequireQualifiedAccess>]
module Numbers =

    let private culture = CultureInfo.InvariantCulture

    /// The value with about `digits` significant digits: "0.0123", "12.3", "12,345", "1.23e-9".
    /// Below 0.001 and from 1,000,000 on in powers of ten. Not finite: "none".
    let significant (digits: int) (value: float) : string =
        if not (Double.IsFinite value) then
            "none"
        elif value = 0.0 then
            "0"
        else
            let scientific =
                value.ToString("0." + String('0', digits - 1) + "e+0", culture).Replace("e+", "e")

            // Rounding first, so that 9.996 counts as 10.0 and not as 9.996.
            let rounded = Double.Parse(scientific, culture)
            let exponent = int (floor (log10 (abs rounded)))

            if exponent < -3 || exponent >= 6 then
                scientific
            else
                value.ToString("N" + string (max 0 (digits - 1 - exponent)), culture)

    /// A loss with three digits; "diverged" when it is not finite.
    let loss (value: float) : string =
        if Double.IsFinite value then
            significant 3 value
        else
            "diverged"

    /// A chosen loss, without zeros at its end: "0.025", "1e-8".
    let target (value: float) : string =
        if value = 0.0 || (abs value >= 1e-3 && abs value < 1e6) then
            value.ToString("0.########", culture)
        else
            value.ToString("0.#####e+0", culture).Replace("e+", "e")

    /// A fraction as a percentage with one decimal ("97.2%"); "diverged" when it is not finite.
    let percent (value: float) : string =
        if Double.IsFinite value then
            (100.0 * value).ToString("F1", culture) + "%"
        else
            "diverged"

    /// A whole number with thousands set apart: "12,345".
    let whole (value: int64) : string = value.ToString("N0", culture)

    /// Steps, whole where they are ("120", "1,204"), one decimal for a median between two seeds; "none" when not finite.
    let steps (value: float) : string =
        if not (Double.IsFinite value) then "none"
        elif value = floor value then value.ToString("N0", culture)
        else value.ToString("N1", culture)

    /// Seconds with three digits, without the unit: "0.0123", "12.3", "1,204"; "none" when not finite.
    let seconds (value: float) : string = significant 3 value

    /// Bytes with their unit: "512 B", "12.3 kB", "1.20 GB" (powers of 1000).
    let bytes (value: float) : string =
        if not (Double.IsFinite value) then
            "none"
        else
            let units = [ "B", 1.0; "kB", 1e3; "MB", 1e6; "GB", 1e9; "TB", 1e12 ]

            let name, size =
                units
                |> List.filter (fun (_, size) -> abs value >= size)
                |> List.tryLast
                |> Option.defaultValue ("B", 1.0)

            if size = 1.0 then
                value.ToString("F0", culture) + " B"
            else
                significant 3 (value / size) + " " + name

    /// "1 run", "3 runs", "2 seeds": a count and its noun.
    let count (number: int) (noun: string) : string =
        if number = 1 then
            sprintf "1 %s" noun
        else
            sprintf "%s %ss" (whole (int64 number)) noun

    /// "a", "a and b", "a, b and c".
    let conjunction (words: string list) : string =
        match List.rev words with
        | [] -> ""
        | [ only ] -> only
        | last :: before -> String.Join(", ", List.rev before) + " and " + last
