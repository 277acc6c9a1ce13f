namespace Optim.Laws

open FsCheck
open FsCheck.FSharp
open Optim

/// A group of operations of an engine, as reports list them.
[<RequireQualifiedAccess>]
type EngineFamily =
    /// Full, OfArray, ToArray, Read.
    | Creation
    /// Unary, Affine, Binary, Where, Cast.
    | Elementwise
    /// Compare.
    | Comparison
    /// Reduce, CumulativeSum, ArgReduce.
    | Reduction
    /// MatMul.
    | Products
    /// Reshape, Permute, Expand, Slice, Assemble.
    | Movement
    /// IndexSelect, IndexAdd, Gather, ScatterAdd.
    | Selection
    /// Cholesky, Solve, TriangularSolve, Qr, SymmetricEigen, LogDeterminant.
    | Factorization
    /// OpenScope, Detach.
    | Scopes
    /// Many threads, the same call twice, inputs that stay, errors that leave the engine working.
    | Threads
    /// Gradients, Hessians, vmap and Gauss-Newton products on the engine.
    | Derivatives
    /// The same numbers as the managed engine, to documented tolerances.
    | Agreement

    /// The name of the case alone.
    override family.ToString() =
        match family with
        | EngineFamily.Creation -> "creation"
        | EngineFamily.Elementwise -> "elementwise"
        | EngineFamily.Comparison -> "comparison"
        | EngineFamily.Reduction -> "reduction"
        | EngineFamily.Products -> "products"
        | EngineFamily.Movement -> "movement"
        | EngineFamily.Selection -> "selection"
        | EngineFamily.Factorization -> "factorization"
        | EngineFamily.Scopes -> "scopes"
        | EngineFamily.Threads -> "threads"
        | EngineFamily.Derivatives -> "derivatives"
        | EngineFamily.Agreement -> "agreement"

/// What looking at a law on an engine showed.
[<RequireQualifiedAccess>]
type EngineVerdict =
    /// It held in this many cases.
    | Holds of cases: int
    /// It does not hold: the case, as it is printed, and what was seen there and expected.
    | Broken of case: string * detail: string

/// A law that engines obey.
[<NoComparison; NoEquality>]
type EngineLaw = {
    /// A few words, beginning with the operation where there is one.
    Name: string
    /// Where it stands in reports.
    Family: EngineFamily
    /// One sentence that is true of every lawful engine, with the tolerance.
    Statement: string
    /// Looks for a case in which the engine breaks the law.
    Check: Engine -> EngineVerdict
}

/// How thoroughly engines are looked at.
type EngineLawSettings = {
    /// Cases for each element type of each law: 1 or more. Default 12.
    Cases: int
    /// Fixes the cases. Default 1.
    Seed: uint64
}

/// Settings of the laws of engines.
[<RequireQualifiedAccess>]
module EngineLawSettings =

    /// 12 cases for each element type, seed 1.
    let defaults: EngineLawSettings = { Cases = 12; Seed = 1UL }

    /// 3 cases for each element type, seed 1: for a first look at an engine.
    let quick: EngineLawSettings = { defaults with Cases = 3 }

/// Laws from cases.
[<RequireQualifiedAccess>]
module internal EngineLaw =

    /// What is wrong with the engine in a case, also when it throws.
    let private guarded (examine: Engine -> 'T -> string voption) (engine: Engine) (case: 'T) =
        // An engine under test may throw anything; that it does is the finding.
        try
            examine engine case
        with error ->
            ValueSome $"it threw {error.GetType().Name}: {error.Message}"

    let private judge
        (describe: 'T -> string)
        (examine: Engine -> 'T -> string voption)
        (cases: 'T list)
        (engine: Engine)
        : EngineVerdict =
        cases
        |> List.tryPick (fun case ->
            match guarded examine engine case with
            | ValueSome detail -> Some(EngineVerdict.Broken(describe case, detail))
            | ValueNone -> None
        )
        |> Option.defaultValue (EngineVerdict.Holds cases.Length)

    /// A law about these cases.
    let ofCases
        (family: EngineFamily)
        (name: string)
        (statement: string)
        (describe: 'T -> string)
        (cases: 'T list)
        (examine: Engine -> 'T -> string voption)
        : EngineLaw = {
        Name = name
        Family = family
        Statement = statement
        Check = fun engine -> judge describe examine cases engine
    }

    /// A law about generated cases, which the seed fixes; they are made when the law is looked at.
    let forAll
        (settings: EngineLawSettings)
        (family: EngineFamily)
        (name: string)
        (statement: string)
        (describe: 'T -> string)
        (cases: Gen<'T> list)
        (examine: Engine -> 'T -> string voption)
        : EngineLaw = {
        Name = name
        Family = family
        Statement = statement
        Check =
            fun engine ->
                let sample (number: int) (gen: Gen<'T>) =
                    Gen.sampleWithSeed (Rnd(settings.Seed + uint64 number)) 50 settings.Cases gen

                let all = cases |> List.mapi sample |> Array.concat |> List.ofArray
                judge describe examine all engine
    }

    /// A law about single, named situations.
    let ofSituations
        (family: EngineFamily)
        (name: string)
        (statement: string)
        (situations: (string * (Engine -> string voption)) list)
        : EngineLaw =
        ofCases family name statement fst situations (fun engine (_, examine) -> examine engine)
