namespace Optim.Reports

open System

/// One method's performance profile: on how large a part of the problems it is within a factor of the best.
type ProfileCurve = {
    /// The method.
    Method: string
    /// For each factor of the grid, the fraction of the problems solved within that factor of the best method's cost;
    /// 0 to 1, never falls.
    Fractions: float list
    /// The fraction of the problems solved at all: the limit of the curve.
    Solved: float
}

/// Performance profiles of several methods over several problems.
type Profile = {
    /// The factors, from 1 on, rising.
    Factors: float list
    /// One curve a method, in the order given.
    Curves: ProfileCurve list
}

/// Performance profiles. Pure.
/// Source: Dolan & Moré 2002, section 2.
[<RequireQualifiedAccess>]
module Profile =

    /// Cost over the best cost of the same problem, problem by problem: r(p, s) = t(p, s) / min over s of t(p, s).
    /// costs: (problems, methods); one that is not finite means not solved and gives infinity, as does a problem that
    /// nobody solved. Where the best cost is 0, its own ratio is 1 and every positive cost's the largest finite number.
    /// Errors: ArgumentException when rows differ in length or a cost is negative.
    let ratios (costs: float list list) : float list list =
        for row in costs do
            if row.Length <> costs.Head.Length then
                let problem =
                    sprintf
                        "costs has a row of %d methods, expected %d"
                        row.Length
                        costs.Head.Length

                raise (ArgumentException(problem, nameof costs))

            for cost in row do
                if cost < 0.0 then
                    let problem = sprintf "a cost must be at least 0, got %g" cost
                    raise (ArgumentException(problem, nameof costs))

        let row (own: float list) =
            let finite = List.filter Double.IsFinite own

            own
            |> List.map (fun cost ->
                if not (Double.IsFinite cost) then Double.PositiveInfinity
                elif cost = List.min finite then 1.0
                else min Double.MaxValue (cost / List.min finite)
            )

        List.map row costs

    /// `count` factors from 1 to the largest finite ratio, evenly spaced in their logarithm; [1] when no ratio is above 1.
    /// Errors: ArgumentOutOfRangeException when count is below 2.
    let grid (count: int) (costs: float list list) : float list =
        if count < 2 then
            raise (
                ArgumentOutOfRangeException(nameof count, count, "a grid needs at least 2 factors")
            )

        match ratios costs |> List.concat |> List.filter Double.IsFinite with
        | [] -> [ 1.0 ]
        | finite when List.max finite <= 1.0 -> [ 1.0 ]
        | finite ->
            let top = List.max finite

            List.init
                count
                (fun index ->
                    if index = count - 1 then
                        top
                    else
                        top ** (float index / float (count - 1))
                )

    /// The profiles: rho(s, tau) = the fraction of problems with r(p, s) <= tau.
    /// factors: each at least 1, rising. costs: (problems, methods), at least one problem; not finite means not solved.
    /// Errors: ArgumentException when there is no problem, a row's length is not the number of methods, a cost is
    /// negative, or the factors are not rising from 1 on.
    let compute (factors: float list) (methods: string list) (costs: float list list) : Profile =
        let refuse (problem: string) (parameter: string) =
            raise (ArgumentException(problem, parameter))

        if List.isEmpty costs then
            refuse "a profile needs at least one problem, got none" (nameof costs)

        for row in costs do
            if row.Length <> methods.Length then
                let problem =
                    sprintf "costs has a row of %d methods, expected %d" row.Length methods.Length

                refuse problem (nameof costs)

        if List.exists (fun factor -> not (factor >= 1.0)) factors then
            refuse "factors must be at least 1" (nameof factors)

        if List.pairwise factors |> List.exists (fun (before, after) -> after <= before) then
            refuse "factors must rise" (nameof factors)

        let table = ratios costs
        let problems = float costs.Length

        let curve index method =
            let own = table |> List.map (List.item index)

            let within factor =
                let solved = own |> List.filter (fun ratio -> ratio <= factor)
                float solved.Length / problems

            {
                Method = method
                Fractions = List.map within factors
                Solved = float (own |> List.filter Double.IsFinite |> List.length) / problems
            }

        { Factors = factors; Curves = List.mapi curve methods }
