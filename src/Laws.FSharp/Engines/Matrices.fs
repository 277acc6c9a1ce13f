namespace Optim.Laws

open System

/// Matrices by rows, and what must hold of their factors. Norms are the largest absolute element.
[<RequireQualifiedAccess>]
module internal Matrices =

    /// The matrices of a stack, each by rows.
    let ofPlain (x: Plain) : float[][][] =
        let rank = x.Dims.Length
        let rows, columns = x.Dims[rank - 2], x.Dims[rank - 1]
        let size = rows * columns

        if size = 0 then
            Array.init (Plain.length x.Dims[.. rank - 3]) (fun _ -> Array.create rows [||])
        else
            x.Numbers |> Array.chunkBySize size |> Array.map (Array.chunkBySize columns)

    let product (a: float[][]) (b: float[][]) : float[][] =
        let columns = if b.Length = 0 then 0 else b[0].Length

        a
        |> Array.map (fun row ->
            Array.init columns (fun j -> Reference.sum (Array.mapi (fun p x -> x * b[p][j]) row))
        )

    let norm (a: float[][]) : float =
        a
        |> Array.collect (Array.map abs)
        |> Array.fold (fun m x -> if Double.IsNaN x then nan else max m x) 0.0

    /// What is wrong when two matrices differ by more than this anywhere.
    let differing (what: string) (tolerance: float) (a: float[][]) (b: float[][]) : string voption =
        let error = Array.map2 (Array.map2 (fun x y -> abs (x - y))) a b |> norm

        Law.expect
            (error <= tolerance)
            (fun () -> $"{what} by {error:g3}, allowed are {tolerance:g3}")

    /// What is wrong when the columns are not orthonormal.
    let skewed (tolerance: float) (q: float[][]) : string voption =
        let n = if q.Length = 0 then 0 else q[0].Length

        differing
            "the columns differ from orthonormal ones"
            tolerance
            (product (Array.transpose q) q)
            (Floats.identity n)

    /// What is wrong when an element where the condition holds is not 0.
    let nonzero (what: string) (isZero: int -> int -> bool) (a: float[][]) : string voption =
        let bad =
            Seq.allPairs
                (seq { 0 .. a.Length - 1 })
                (seq { 0 .. (if a.Length = 0 then -1 else a[0].Length - 1) })
            |> Seq.tryFind (fun (i, j) -> isZero i j && a[i][j] <> 0.0)

        match bad with
        | Some(i, j) -> ValueSome $"{what}: element [{i}, {j}] is {a[i][j]:R}, expected 0"
        | None -> ValueNone
