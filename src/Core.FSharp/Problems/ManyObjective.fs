namespace Optim.Core

open System
open Optim
open Optim.Compiled

/// A function of a vector (n) and a member's data, to be minimized for many members at once: one problem shape, many data
/// sets or starts. What is compiled for it is kept, so that a value that is used again compiles nothing.
[<Sealed>]
type ManyObjective
    internal
    (
        name: string,
        f: Tensor -> Tensor[] -> Tensor,
        alone: (Tensor -> Tensor[] -> Tensor) -> Tensor[] -> Objective
    ) =
    // As many kinds of members are kept.
    static let capacity = 16
    let mutable known: BatchPrograms list = []
    let changing = obj ()

    let fits (rows: int) (n: int) (data: struct (Shape * DType)[]) (programs: BatchPrograms) =
        programs.Rows = rows
        && programs.Length = n
        && programs.Data.Length = data.Length
        && Array.forall2
            (fun (struct (s: Shape, d: DType)) (struct (shape: Shape, dtype: DType)) ->
                s.SameAs shape && d = dtype
            )
            programs.Data
            data

    /// The name in reports.
    member _.Name: string = name

    /// The function: a vector (n) and the member's own part of each data tensor to one number.
    member _.Function: Tensor -> Tensor[] -> Tensor = f

    /// The objective of one member alone, given its own data.
    member _.Alone(data: Tensor[]) : Objective = alone f data

    /// The objective of one member alone, given the data of all.
    member objective.Of(index: int, data: Tensor[]) : Objective =
        objective.Alone(data |> Array.map (fun all -> all[index]))

    /// The name.
    override _.ToString() = name

    /// The programs for so many members at once with data of these shapes.
    member internal _.Programs(rows: int, n: int, data: struct (Shape * DType)[]) : BatchPrograms =
        let find () =
            match known |> List.tryFind (fits rows n data) with
            | Some programs -> programs
            | None ->
                let fresh = BatchPrograms(f, rows, n, data)
                known <- fresh :: List.truncate (capacity - 1) known
                fresh

        lock changing find

/// Objectives of many members.
[<RequireQualifiedAccess>]
module ManyObjective =

    /// A function of a vector and the member's own part of each data tensor.
    let withData (name: string) (f: Tensor -> Tensor[] -> Tensor) : ManyObjective =
        ArgumentNullException.ThrowIfNull name
        ManyObjective(name, f, (fun f data -> Objective.named name (fun x -> f x data)))

    /// One function for all members, which differ in their starts.
    let ofFunction (f: Tensor -> Tensor) : ManyObjective = withData "function" (fun x _ -> f x)

    /// ½ Σ rᵢ² for residuals r of a vector (n) and the member's own part of each data tensor.
    let leastSquares (name: string) (residuals: Tensor -> Tensor[] -> Tensor) : ManyObjective =
        ArgumentNullException.ThrowIfNull name
        let value (r: Tensor) = 0.5 * Tensor.sum (Tensor.square r)

        ManyObjective(
            name,
            (fun x data -> value (residuals x data)),
            (fun _ data -> Objective.leastSquares name (fun x -> residuals x data))
        )
