namespace Optim.Laws

open System
open System.Diagnostics
open Expecto
open Optim

/// A law that an engine breaks.
type EngineFailure = {
    /// The law's name.
    Law: string
    /// The case, as it is printed.
    Case: string
    /// What was seen there and what was expected.
    Detail: string
}

/// What looking at the laws of one family showed.
type EngineRow = {
    /// The family.
    Family: EngineFamily
    /// How many laws held.
    Passed: int
    /// In how many cases they were looked at, those of the broken ones not counted.
    Cases: int
    /// The laws that do not hold, each with its first counterexample.
    Failures: EngineFailure list
    /// How long it took, in milliseconds.
    Milliseconds: float
}

/// What looking at the laws of an engine showed.
type EngineReport = {
    /// The engine's name.
    Engine: string
    /// Where it computes.
    Device: string
    /// A row for each family, in the order of the laws.
    Rows: EngineRow list
} with

    /// Whether every law held.
    member report.IsLawful: bool = report.Rows |> List.forall _.Failures.IsEmpty

    /// The laws that do not hold.
    member report.Failures: EngineFailure list = report.Rows |> List.collect _.Failures

    /// A line for each family, with the counterexamples below where laws do not hold.
    override report.ToString() =
        let row (row: EngineRow) =
            let passed = $"%4d{row.Passed} passed  %4d{row.Failures.Length} failed"

            let line =
                $"  %-14s{row.Family.ToString()} {passed}  %6d{row.Cases} cases  %8.0f{row.Milliseconds} ms"

            let failures =
                row.Failures
                |> List.map (fun f ->
                    $"      BROKEN  {f.Law}\n              {f.Case}\n              {f.Detail}"
                )

            String.concat "\n" (line :: failures)

        let laws = report.Rows |> List.sumBy (fun row -> row.Passed + row.Failures.Length)

        let summary =
            if report.IsLawful then
                $"the engine {report.Engine} on {report.Device} obeys all {laws} laws"
            else
                $"the engine {report.Engine} on {report.Device} breaks {report.Failures.Length} of {laws} laws"

        summary :: List.map row report.Rows |> String.concat "\n"

/// The laws that every engine must obey: each operation against plain formulas in double precision, and what holds for
/// all operations together. No law asks another engine, but those of the family Agreement.
[<RequireQualifiedAccess>]
module EngineLaws =

    /// The laws, looked at as thoroughly as the settings say. Errors: ArgumentOutOfRangeException for less than one case.
    let withSettings (settings: EngineLawSettings) : EngineLaw list =
        if settings.Cases < 1 then
            let message = $"Cases is {settings.Cases}, expected 1 or more"
            raise (ArgumentOutOfRangeException(nameof settings, message))

        CreationLaws.laws settings
        @ ElementwiseLaws.laws settings
        @ PairLaws.laws settings
        @ WholeStepLaws.laws settings
        @ ReductionLaws.laws settings
        @ ProductLaws.laws settings
        @ MovementLaws.laws settings
        @ SelectionLaws.laws settings
        @ FactorizationLaws.laws settings
        @ FactorTroubleLaws.laws
        @ ScopeLaws.laws
        @ NestedScopeLaws.laws
        @ ThreadLaws.laws settings
        @ DerivativeLaws.laws settings
        @ AgreementLaws.laws settings

    /// All laws, with EngineLawSettings.defaults.
    let all: EngineLaw list = withSettings EngineLawSettings.defaults

    /// All laws, with EngineLawSettings.quick.
    let quick: EngineLaw list = withSettings EngineLawSettings.quick

    /// The law with this name. Errors: ArgumentException when there is none.
    let find (name: string) : EngineLaw =
        match all |> List.tryFind (fun law -> law.Name = name) with
        | Some law -> law
        | None -> raise (ArgumentException($"no law of engines is named {name}", nameof name))

    let private row (engine: Engine) (family: EngineFamily, laws: EngineLaw list) : EngineRow =
        let clock = Stopwatch.StartNew()
        let verdicts = laws |> List.map (fun law -> law, law.Check engine)

        let cases (verdict: EngineVerdict) =
            match verdict with
            | EngineVerdict.Holds cases -> cases
            | EngineVerdict.Broken _ -> 0

        let failures =
            verdicts
            |> List.choose (fun (law, verdict) ->
                match verdict with
                | EngineVerdict.Holds _ -> None
                | EngineVerdict.Broken(case, detail) ->
                    Some { Law = law.Name; Case = case; Detail = detail }
            )

        {
            Family = family
            Passed = laws.Length - failures.Length
            Cases = verdicts |> List.sumBy (snd >> cases)
            Failures = failures
            Milliseconds = clock.Elapsed.TotalMilliseconds
        }

    /// Looks at these laws and reports family by family.
    let report (laws: EngineLaw list) (engine: Engine) : EngineReport = {
        Engine = engine.Name
        Device = engine.Device.Name
        Rows = laws |> List.groupBy _.Family |> List.map (row engine)
    }

    /// Looks at all laws and reports family by family.
    let run (engine: Engine) : EngineReport = report all engine

    /// The complaint about a law that does not hold.
    let private explain (law: EngineLaw) (case: string) (detail: string) : string =
        $"{law.Statement}\nHere: {case}\n{detail}\n"

    /// Fails the running test when the engine breaks the law.
    let mustHold (engine: Engine) (law: EngineLaw) : unit =
        match law.Check engine with
        | EngineVerdict.Holds _ -> ()
        | EngineVerdict.Broken(case, detail) -> failtestNoStack (explain law case detail)

    /// Tests of all laws on an engine, family by family.
    let forEngine (engine: Engine) : Test =
        let family (family: EngineFamily, laws: EngineLaw list) : Test =
            laws
            |> List.map (fun law -> testCase law.Name (fun () -> mustHold engine law))
            |> testList (family.ToString())

        testList
            $"laws of the engine {engine.Name}"
            (all |> List.groupBy _.Family |> List.map family)
