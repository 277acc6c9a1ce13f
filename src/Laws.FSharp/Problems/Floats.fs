namespace Optim.Laws

open System
open Optim
open Optim.Core

/// Plain arithmetic on arrays: the laws' own truth, apart from tensors and their derivatives.
[<RequireQualifiedAccess>]
module internal Floats =

    let dot (a: float[]) (b: float[]) : float =
        Array.fold2 (fun sum x y -> sum + x * y) 0.0 a b

    /// The Euclidean norm, without overflow in between; NaN if an element is.
    let norm (a: float[]) : float =
        let largest =
            a
            |> Array.fold
                (fun m x ->
                    if Double.IsNaN x || Double.IsNaN m then
                        nan
                    else
                        max m (abs x)
                )
                0.0

        if largest = 0.0 || not (Double.IsFinite largest) then
            largest
        else
            largest * sqrt (a |> Array.sumBy (fun x -> (x / largest) * (x / largest)))

    let add (a: float[]) (b: float[]) : float[] = Array.map2 (+) a b
    let subtract (a: float[]) (b: float[]) : float[] = Array.map2 (-) a b
    let scale (factor: float) (a: float[]) : float[] = Array.map (fun x -> factor * x) a
    let distance (a: float[]) (b: float[]) : float = norm (subtract a b)
    let isFinite (a: float[]) : bool = Array.forall Double.IsFinite a

    /// A x for a matrix given by rows.
    let times (rows: float[][]) (x: float[]) : float[] =
        rows |> Array.map (fun row -> dot row x)

    let transpose (rows: float[][]) : float[][] = Array.transpose rows

    let identity (n: int) : float[][] =
        Array.init n (fun i -> Array.init n (fun j -> if i = j then 1.0 else 0.0))

    /// `count` standard normal numbers, number `part` of those that belong to a seed.
    let normal (seed: int64) (part: int64) (count: int) : float[] =
        Random.normal (Key.fold part (Key.ofSeed seed)) count

    /// An orthogonal matrix by rows; the identity for seed 0. Source: Gram-Schmidt of normal numbers, done twice.
    let rotation (seed: int64) (n: int) : float[][] =
        if seed = 0L then
            identity n
        else
            let raw = normal seed 1000L (n * n) |> Array.chunkBySize n

            let clean (basis: float[] list) (v: float[]) =
                basis |> List.fold (fun w b -> subtract w (scale (dot b w) b)) v

            let extend (basis: float[] list) (v: float[]) : float[] list =
                let w = clean basis (clean basis v)
                scale (1.0 / norm w) w :: basis

            raw |> Array.fold extend [] |> Array.ofList

    /// log (1 + exp x), without overflow.
    let softplus (x: float) : float =
        max x 0.0 + Math.Log(1.0 + exp (-(abs x)))

    /// 1 / (1 + exp (−x)).
    let sigmoid (x: float) : float = 1.0 / (1.0 + exp -x)

/// The matrix and shift behind coordinates: x = A z + b.
[<NoComparison; NoEquality>]
type internal AffineMap = { Matrix: float[][]; Inverse: float[][]; Shift: float[] }

/// Changes of coordinates.
[<RequireQualifiedAccess; CompilationRepresentation(CompilationRepresentationFlags.ModuleSuffix)>]
module Coordinates =

    let internal map (length: int) (coordinates: Coordinates) : AffineMap =
        let unmoved = Array.zeroCreate<float> length

        let shift (seed: int64) =
            if seed = 0L then
                unmoved
            else
                Floats.normal seed 1001L length

        let same = Floats.identity length

        match coordinates with
        | Coordinates.Shifted seed -> { Matrix = same; Inverse = same; Shift = shift seed }
        | Coordinates.Rotated seed ->
            let q = Floats.rotation seed length
            { Matrix = q; Inverse = Floats.transpose q; Shift = unmoved }
        | Coordinates.Affine seed ->
            // A = Q D R with a diagonal D between 0.3 and 3.
            let q, r = Floats.rotation seed length, Floats.rotation (2L * seed) length

            let d =
                if seed = 0L then
                    Array.create length 1.0
                else
                    Random.uniform (Key.fold 1002L (Key.ofSeed seed)) length
                    |> Array.map (fun u -> 0.3 * 10.0 ** u)

            let weighted (weights: float[]) (rows: float[][]) = Array.map2 Floats.scale weights rows

            let product (a: float[][]) (b: float[][]) =
                let columns = Floats.transpose b
                a |> Array.map (fun row -> columns |> Array.map (Floats.dot row))

            {
                Matrix = product q (weighted d r)
                Inverse =
                    product
                        (Floats.transpose r)
                        (weighted (Array.map (fun x -> 1.0 / x) d) (Floats.transpose q))
                Shift = shift seed
            }

    /// x = A z + b for a point z.
    let toOriginal (coordinates: Coordinates) (z: float[]) : float[] =
        let map = map z.Length coordinates
        Floats.add (Floats.times map.Matrix z) map.Shift
