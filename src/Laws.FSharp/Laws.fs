namespace Optim.Laws

open System
open Expecto
open Optim.Core

/// What looking at all laws of a method showed.
[<NoComparison; NoEquality>]
type LawReport = {
    /// The method's name.
    Method: string
    /// The laws in order, each with what was found.
    Verdicts: (Law * LawVerdict) list
} with

    /// Whether every law held.
    member report.IsLawful: bool =
        report.Verdicts
        |> List.forall (fun (_, verdict) ->
            match verdict with
            | LawVerdict.Holds _ -> true
            | LawVerdict.Broken _ -> false
        )

    /// The names of the laws that do not hold.
    member report.Broken: string list =
        report.Verdicts
        |> List.choose (fun (law, verdict) ->
            match verdict with
            | LawVerdict.Holds _ -> None
            | LawVerdict.Broken _ -> Some law.Name
        )

    /// A line for each law, with the counterexample below where it does not hold.
    override report.ToString() =
        let line (law: Law, verdict: LawVerdict) =
            match verdict with
            | LawVerdict.Holds cases -> $"  holds   {law.Name} ({cases} cases)"
            | LawVerdict.Broken counterexample ->
                let program = counterexample.Program.Replace("\n", "\n            ")
                $"  BROKEN  {law.Name}\n          {counterexample.Detail}\n            {program}"

        let summary =
            if report.IsLawful then
                $"{report.Method} obeys all {report.Verdicts.Length} laws"
            else
                $"{report.Method} breaks {report.Broken.Length} of {report.Verdicts.Length} laws"

        summary :: List.map line report.Verdicts |> String.concat "\n"

/// The laws that every method must obey, and those that hold methods to their claims.
[<RequireQualifiedAccess>]
module Laws =

    /// The laws for a method with these claims, looked at as thoroughly as the settings say.
    let forClaims (settings: LawSettings) (claims: Claims) : Law list =
        if settings.Cases < 1 then
            let message = $"Cases is {settings.Cases}, expected 1 or more"
            raise (ArgumentOutOfRangeException(nameof settings, message))

        Honesty.laws settings
        @ Robustness.laws settings
        @ Budgets.laws settings
        @ Interruptions.laws settings
        @ Purity.laws settings
        @ Progress.laws settings claims
        @ Invariance.laws settings claims

    /// The laws that need no claim.
    let universal: Law list = forClaims LawSettings.defaults Claims.none

    /// The text of a counterexample: the law, what was seen, and the program.
    let private explain (law: Law) (counterexample: Counterexample) : string =
        $"{law.Statement}\nHere: {counterexample.Detail}\nShow it, with the method as argument:\n\n{counterexample.Program}\n"

    /// Fails the running test when the method breaks the law.
    let mustHold (method: Method) (law: Law) : unit =
        match law.Check method with
        | LawVerdict.Holds _ -> ()
        | LawVerdict.Broken counterexample -> failtestNoStack (explain law counterexample)

    let private test (method: Method) (law: Law) : Test =
        testCase law.Name (fun () -> mustHold method law)

    /// Tests of the universal laws and of those that the claims call for.
    let forMethodClaiming (claims: Claims) (method: Method) : Test =
        testList
            $"laws of {method.Name}"
            (forClaims LawSettings.defaults claims |> List.map (test method))

    /// Tests of the same laws on compiled objectives, with three cases for each, because every case is compiled.
    let forMethodCompiled (claims: Claims) (method: Method) : Test =
        testList
            $"laws of {method.Name}, compiled"
            (forClaims { LawSettings.defaults with Cases = 3; Compiles = true } claims
             |> List.map (test method))

    /// Tests of the universal laws and of those that the claims call for, on the engine of the settings.
    let forMethodOn (settings: LawSettings) (claims: Claims) (method: Method) : Test =
        testList
            $"laws of {method.Name} on {settings.Engine.Device}"
            (forClaims settings claims |> List.map (test method))

    /// Tests of the universal laws: one line tests a new method.
    let forMethod (method: Method) : Test = forMethodClaiming Claims.none method

    /// Looks at these laws and reports, without a test runner.
    let report (laws: Law list) (method: Method) : LawReport = {
        Method = method.Name
        Verdicts = laws |> List.map (fun law -> law, law.Check method)
    }

    /// Looks at the universal laws and those that the claims call for, on the engine of the settings.
    let runOn (settings: LawSettings) (claims: Claims) (method: Method) : LawReport =
        report (forClaims settings claims) method

    /// Looks at the universal laws and those that the claims call for.
    let runClaiming (claims: Claims) (method: Method) : LawReport =
        report (forClaims LawSettings.defaults claims) method

    /// Looks at the universal laws.
    let run (method: Method) : LawReport = runClaiming Claims.none method
