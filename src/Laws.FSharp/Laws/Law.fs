namespace Optim.Laws

open System
open FsCheck
open FsCheck.FSharp
open Optim
open Optim.Core

/// A case in which a law does not hold.
type Counterexample = {
    /// What was seen and what was expected.
    Detail: string
    /// An F# program: a function `counterexample` of the method that shows it.
    Program: string
    /// How often the first case found was made simpler.
    Shrinks: int
}

/// What looking at a law showed.
[<RequireQualifiedAccess>]
type LawVerdict =
    /// It held in this many cases.
    | Holds of cases: int
    /// It does not hold.
    | Broken of Counterexample

/// A law that methods obey.
[<NoComparison; NoEquality>]
type Law = {
    /// A few words.
    Name: string
    /// One sentence that is true of every lawful method.
    Statement: string
    /// Looks for a case in which the method breaks the law.
    Check: Method -> LawVerdict
}

/// How thoroughly laws are looked at.
[<NoComparison>]
type LawSettings = {
    /// Cases for each law: 1 or more. Default 30.
    Cases: int
    /// Fixes the cases. Default 1.
    Seed: uint64
    /// The most simpler cases that are tried on a counterexample: 0 or more. Default 200.
    ShrinkAttempts: int
    /// Whether objectives are compiled, where they can be. Default false.
    Compiles: bool
    /// Where the problems' starts, and so the runs, lie. Default the managed engine.
    Engine: Engine
}

/// Settings of laws.
[<RequireQualifiedAccess>]
module LawSettings =

    /// 30 cases for each law, seed 1, 200 attempts to shrink, nothing compiled, the managed engine.
    let defaults: LawSettings = {
        Cases = 30
        Seed = 1UL
        ShrinkAttempts = 200
        Compiles = false
        Engine = Engines.managed
    }

/// Laws from trials.
[<RequireQualifiedAccess>]
module internal Law =

    /// The problem of a case on the engine of the settings.
    let problem (settings: LawSettings) (case: ProblemCase) : LawProblem =
        LawProblem.ofCaseOn settings.Engine case

    /// The program for the settings' engine, which a program is given where it is not the managed one.
    let private onEngine (settings: LawSettings) (program: string) : string =
        if obj.ReferenceEquals(settings.Engine, Engines.managed) then
            program
        else
            program
                .Replace("(method: Method) =", "(engine: Engine) (method: Method) =")
                .Replace("LawProblem.ofCase (", "LawProblem.ofCaseOn engine (")

    /// The cases, compiled where the settings ask for it.
    let cases (settings: LawSettings) (cases: Arbitrary<ProblemCase>) : Arbitrary<ProblemCase> =
        if settings.Compiles then
            ProblemGenerators.compiled cases
        else
            cases

    /// Trials of cases, of up to this many steps.
    let trials (cases: Arbitrary<ProblemCase>) (mostSteps: int) : Arbitrary<Trial> =
        let trials =
            gen {
                let! case = Arb.toGen cases
                let! steps = Gen.choose (mostSteps / 2, mostSteps)
                let! seed = Gen.choose (0, 999)
                return { Case = case; Steps = int64 steps; Seed = int64 seed }
            }

        let shrink (trial: Trial) : Trial seq =
            seq {
                for case in ProblemGenerators.shrink trial.Case do
                    { trial with Case = case }

                if trial.Steps > 1L then
                    { trial with Steps = trial.Steps / 2L }
                    { trial with Steps = trial.Steps - 1L }

                if trial.Seed > 0L then
                    { trial with Seed = 0L }
            }

        Arb.fromGenShrink (trials, shrink)

    /// Trials whose number of steps matters to the law and stays.
    let trialsOf (cases: Arbitrary<ProblemCase>) (steps: int64) : Arbitrary<Trial> =
        let make (case: ProblemCase) : Trial = { Case = case; Steps = steps; Seed = 0L }
        Arb.convert make _.Case cases

    /// The simplest case reached from one that fails, what fails there, and the number of simplifications.
    let private simplest
        (settings: LawSettings)
        (shrink: 'T -> 'T seq)
        (examine: 'T -> string voption)
        (case: 'T)
        (detail: string)
        : 'T * string * int =
        let rec go (case: 'T) (detail: string) (shrinks: int) (left: int) =
            let candidates = shrink case |> Seq.truncate left |> Seq.indexed

            let simpler =
                candidates
                |> Seq.tryPick (fun (tried, candidate) ->
                    match examine candidate with
                    | ValueSome detail -> Some(candidate, detail, tried + 1)
                    | ValueNone -> None
                )

            match simpler with
            | Some(candidate, detail, tried) -> go candidate detail (shrinks + 1) (left - tried)
            | None -> case, detail, shrinks

        go case detail 0 settings.ShrinkAttempts

    /// Looks at cases until one fails, and makes that one simpler. examine: what is wrong with the method in a case;
    /// program: the F# program that shows it.
    let forAll
        (settings: LawSettings)
        (cases: Arbitrary<'T>)
        (program: 'T -> string)
        (examine: 'T -> string voption)
        : LawVerdict =
        // A method under test may throw anything; that it does is the finding.
        let guarded (case: 'T) : string voption =
            try
                examine case
            with error ->
                ValueSome $"it threw {error.GetType().Name}: {error.Message}"

        let sample =
            Arb.toGen cases |> Gen.sampleWithSeed (Rnd(settings.Seed)) 50 settings.Cases

        sample
        |> Seq.tryPick (fun case ->
            guarded case
            |> ValueOption.map (fun detail -> case, detail)
            |> ValueOption.toOption
        )
        |> function
            | None -> LawVerdict.Holds settings.Cases
            | Some(case, detail) ->
                let case, detail, shrinks =
                    simplest settings (Arb.toShrink cases) guarded case detail

                LawVerdict.Broken {
                    Detail = detail
                    Program = onEngine settings (program case)
                    Shrinks = shrinks
                }

    /// The first complaint, if there is one.
    let firstOf (complaints: string voption seq) : string voption =
        complaints |> Seq.tryFind ValueOption.isSome |> Option.defaultValue ValueNone

    /// The first complaint about an item, if there is one.
    let tryFirst (complain: 'T -> string voption) (items: 'T seq) : string voption =
        items |> Seq.map complain |> firstOf

    /// A complaint when a condition does not hold.
    let expect (holds: bool) (complaint: unit -> string) : string voption =
        if holds then ValueNone else ValueSome(complaint ())
