namespace Optim.Benchmarks

open Optim
open Optim.Core
open Optim.Torch

/// One task at one size, done by several engines.
[<NoComparison; NoEquality>]
type Contest = {
    /// What is done; the tasks of one family differ in their size only.
    Family: string
    /// Elements, or the order of a matrix.
    Size: int
    /// From an engine to the task on it, with all that it needs already there.
    Prepare: Engine -> (unit -> Tensor)
}

/// Engines side by side, and PyTorch beside them.
[<RequireQualifiedAccess>]
module Contest =

    /// Short: there are many rows.
    let quick: Effort = {
        WarmUp = 0.1
        Batch = 0.02
        Batches = 7
        Total = 0.4
    }

    /// libtorch's engine on the processor, or why there is none.
    let torch: Result<Engine, string> = Torch.tryEngine ()

    /// The row's name, in the rivals' scripts too.
    let name (contest: Contest) : string = $"{contest.Family}, n = {contest.Size}"

    /// The work of a task as within a step of a solver: what it allocates is given back at its end.
    let recycled (engine: Engine) (work: unit -> Tensor) : unit -> unit =
        let like = Tensor.createOn engine [] [| 0.0 |]
        fun () -> Memory.recycling like (fun () -> Seq.empty) (work >> ignore)

    /// Ends the run when two engines differ by more than rounding. tolerance: relative to the largest number.
    let verify (name: string) (tolerance: float) (expected: Tensor) (actual: Tensor) : unit =
        let expected, actual = expected.ToArray(), actual.ToArray()
        let scale = expected |> Array.fold (fun most x -> max most (abs x)) 0.0

        let difference =
            Array.map2 (fun e a -> abs (e - a)) expected actual |> Array.fold max 0.0

        if not (difference <= tolerance * scale) then
            invalidOp $"{name}: the engines differ by {difference} of {scale}"

    /// What an engine's name is in tables, and the engine.
    let contenders: (string * Engine) list = [
        match torch with
        | Ok engine -> "torch", engine
        | Error _ -> ()
        "managed", Engines.managed
    ]

    /// The cell where there is no libtorch.
    let absent: Cell = Cell.missing "torch" "no libtorch"

    /// The row's cells in units of so many seconds: libtorch's engine, the managed one, PyTorch.
    let row
        (effort: Effort)
        (unit: float)
        (tolerance: float)
        (peer: Peer)
        (contest: Contest)
        : Row =
        let name = name contest

        let works =
            contenders |> List.map (fun (_, engine) -> engine, contest.Prepare engine)

        let results = works |> List.map (fun (_, work) -> work ())

        for other in results.Tail do
            verify name tolerance results.Head other

        let samples =
            works
            |> List.map (fun (engine, work) -> recycled engine work)
            |> Measure.together effort

        {
            Name = name
            Cells = [
                match torch with
                | Ok _ -> ()
                | Error _ -> absent
                yield! List.map2 (fun (who, _) -> Cell.time unit who) contenders samples
                Python.cell (fun seconds -> seconds / unit) name "PyTorch" peer
            ]
        }

    /// How many times as fast libtorch's engine is as the managed one; none where one was not measured.
    let private gain (row: Row) : float option =
        match Cell.value "torch" row, Cell.value "managed" row with
        | Some torch, Some managed -> Some(managed / torch)
        | _ -> None

    /// For each family, from which size on libtorch's engine is the faster one at all sizes, and what it gains at the
    /// largest.
    let crossover (rows: (Contest * Row) list) : Row list = [
        for family, members in rows |> List.groupBy (fun (contest, _) -> contest.Family) do
            let gains =
                members
                |> List.choose (fun (contest, row) ->
                    gain row |> Option.map (fun gain -> contest.Size, gain)
                )
                |> List.sortDescending

            {
                Name = family
                Cells =
                    match gains, List.takeWhile (fun (_, gain) -> gain >= 1.0) gains with
                    | [], _ -> [ { absent with Contender = "torch wins from" } ]
                    | (size, gain) :: _, won -> [
                        match won with
                        | [] -> Cell.missing "torch wins from" $"not up to {size}"
                        | won -> Cell.number "torch wins from" (float (fst (List.last won)))
                        Cell.number "managed / torch at the largest" gain
                      ]
            }
    ]
