namespace Optim.Core

open System
open Optim

/// What a method uses of the objective's shape.
[<RequireQualifiedAccess>]
type MethodFamily =
    /// Gradients only, each by itself.
    | FirstOrder
    /// Curvature learned from changes of the gradient.
    | QuasiNewton
    /// Curvature computed exactly.
    | SecondOrder

    /// The name in tables.
    override family.ToString() =
        match family with
        | FirstOrder -> "First order"
        | QuasiNewton -> "Quasi-Newton"
        | SecondOrder -> "Second order"

/// What can be relied upon.
type MethodTraits = {
    /// No accepted step raises the value of a deterministic objective by more than rounding.
    IsMonotone: bool
    /// It leaves strict saddles even if it starts on one.
    EscapesSaddles: bool
    /// Multiplying the objective by a positive number leaves the path as it is, apart from rounding.
    IsScaleInvariant: bool
    /// Rotating the coordinates rotates the path.
    IsRotationInvariant: bool
    /// Steps on mini-batches make sense.
    SuitsMiniBatches: bool
    /// It has a learning rate that must suit the problem.
    NeedsRate: bool
    /// It holds n² numbers: for points of a few thousand numbers at most.
    IsDense: bool
}

/// A number that sets a method.
type Knob = {
    /// In kebab-case.
    Name: string
    /// Where it stands when nobody sets it.
    Default: float
    /// The legal range in words.
    Range: string
    /// What it sets.
    Meaning: string
}

/// A method that can be made by name.
[<NoComparison; NoEquality>]
type MethodInfo = {
    /// In kebab-case; the method's own name.
    Name: string
    /// The name in headings.
    Title: string
    /// What it uses of the objective.
    Family: MethodFamily
    /// What it asks of the objective.
    Asks: string
    /// In words, for points of n numbers.
    CostPerStep: string
    /// In words; a point is n numbers.
    Memory: string
    /// Author, year, and where in the work.
    Source: string
    /// What can be relied upon.
    Traits: MethodTraits
    /// The numbers that set it.
    Knobs: Knob list
    /// The method with some knobs set and the others at their defaults. Errors: ArgumentException for an unknown knob or
    /// a number outside its range.
    Create: Map<string, float> -> Method
}

/// Knobs and their settings.
[<RequireQualifiedAccess>]
module internal Knob =

    /// A knob with its default, range and meaning.
    let create (name: string) (value: float) (range: string) (meaning: string) : Knob = {
        Name = name
        Default = value
        Range = range
        Meaning = meaning
    }

    /// How many letters must be changed, put in or left out. Source: Levenshtein 1966.
    let private distance (a: string) (b: string) : int =
        let next (row: int[]) (i: int) =
            let cells = Array.zeroCreate (b.Length + 1)
            cells[0] <- i + 1

            for j in 1 .. b.Length do
                let change = if a[i] = b[j - 1] then 0 else 1
                cells[j] <- min (row[j - 1] + change) (1 + min row[j] cells[j - 1])

            cells

        (Array.fold next [| 0 .. b.Length |] [| 0 .. a.Length - 1 |])[b.Length]

    /// Complains about a name that is not among the known ones, and suggests the nearest.
    let unknown (kind: string) (name: string) (known: string list) : 'T =
        let hint =
            match known with
            | [] -> "; there are none"
            | _ ->
                let nearest = known |> List.minBy (distance (name.ToLowerInvariant()))
                let list = String.concat ", " known
                $"; did you mean {nearest}? There are {list}"

        raise (ArgumentException($"no {kind} is named {name}{hint}", "name"))

    /// A value for each knob: what was set, else the default.
    let settings (knobs: Knob list) (set: Map<string, float>) : string -> float =
        let known = knobs |> List.map (fun k -> k.Name)

        for KeyValue(name, _) in set do
            if not (List.contains name known) then
                unknown "knob of this method" name known

        let values =
            knobs
            |> List.map (fun k -> k.Name, defaultArg (Map.tryFind k.Name set) k.Default)
            |> Map.ofList

        fun name -> values[name]

    /// The whole number behind a knob. Errors: ArgumentOutOfRangeException for anything between.
    let whole (name: string) (value: float) : int =
        if not (Math.Round value = value && abs value <= float Int32.MaxValue) then
            raise (ArgumentOutOfRangeException(name, $"{name} is {value}, expected a whole number"))

        int value

    /// The truth value behind a knob. Errors: ArgumentOutOfRangeException for anything but 0 and 1.
    let truth (name: string) (value: float) : bool =
        match value with
        | 0.0 -> false
        | 1.0 -> true
        | _ -> raise (ArgumentOutOfRangeException(name, $"{name} is {value}, expected 0 or 1"))
