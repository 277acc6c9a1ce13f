namespace Optim.Laws

open FsCheck
open FsCheck.FSharp
open Optim

/// FsCheck generators of operands.
[<RequireQualifiedAccess>]
module internal EngineGenerators =

    let floating: DType list = [ DType.Float64; DType.Float32 ]
    let numeric: DType list = floating @ [ DType.Int64 ]
    let every: DType list = numeric @ [ DType.Bool ]

    let between (low: float) (high: float) : Gen<float> =
        Gen.choose (0, 4000)
        |> Gen.map (fun k -> System.Math.Round(low + (high - low) * float k / 4000.0, 4))

    /// Whole numbers from −9 to 9, so that every order of additions gives the same sum.
    let whole: Gen<float> = Gen.choose (-9, 9) |> Gen.map float

    /// Sizes at both ends of the range, as the type holds them, and what is not a number.
    let extremes (dtype: DType) : float list =
        let inside =
            match dtype with
            | DType.Float32 -> [ 1e-45; 1.1e-38; 1e-30; 1e30; 3e38 ]
            | DType.Float64
            | DType.Int64
            | DType.Bool -> [ 5e-324; 2.2e-308; 1e-300; 1e300; 1.7e308 ]

        [ nan; infinity; -infinity; 0.0; -0.0; 1.0; -1.0; 0.5; -0.5 ]
        @ inside
        @ List.map (fun x -> -x) inside

    /// Numbers of every size and kind that the type has.
    let wild (dtype: DType) : Gen<float> =
        match dtype with
        | DType.Float64
        | DType.Float32 ->
            Gen.frequency [
                6, between -4.0 4.0
                2, between -40.0 40.0
                1, between -800.0 800.0
                3, Gen.elements (extremes dtype)
            ]
        | DType.Int64 -> whole
        | DType.Bool -> Gen.elements [ 0.0; 1.0 ]

    /// Ordinary numbers of the type.
    let tame (dtype: DType) : Gen<float> =
        match dtype with
        | DType.Float64
        | DType.Float32 -> between -3.0 3.0
        | DType.Int64 -> whole
        | DType.Bool -> Gen.elements [ 0.0; 1.0 ]

    /// Shapes of rank 0 to 4, with axes of length 0 and 1 among them, and now and then a long axis.
    let shapes: Gen<int[]> =
        gen {
            let! rank = Gen.choose (0, 4)

            let! dims =
                Gen.arrayOfLength
                    rank
                    (Gen.frequency [ 1, Gen.constant 0; 4, Gen.constant 1; 15, Gen.choose (2, 5) ])

            let! stretch = Gen.choose (0, 3)
            let! long = Gen.choose (17, 300)

            return
                if stretch = 0 && rank > 0 && Plain.length dims <= 8 then
                    Array.updateAt (rank - 1) long dims
                else
                    dims
        }

    /// Shapes with at least this many axes.
    let shapesOfRank (least: int) : Gen<int[]> =
        shapes |> Gen.where (fun dims -> dims.Length >= least)

    /// Shapes with one axis or more, and one of their axes.
    let shapesWithAxis: Gen<int[] * int> =
        gen {
            let! dims = shapesOfRank 1
            let! axis = Gen.choose (0, dims.Length - 1)
            return dims, axis
        }

    /// Shapes that broadcast to this one: axes in front dropped, others of length 1.
    let parts (dims: int[]) : Gen<int[]> =
        gen {
            let! dropped = Gen.frequency [ 2, Gen.constant 0; 1, Gen.choose (0, dims.Length) ]
            let! ones = Gen.arrayOfLength dims.Length (Gen.elements [ true; false; false ])

            return
                Array.zip dims ones
                |> Array.skip dropped
                |> Array.map (fun (n, one) -> if one then 1 else n)
        }

    let private arrangements (dims: int[]) : Arrangement list =
        [ Arrangement.Fresh; Arrangement.Reshaped; Arrangement.Reordered ]
        @ (if dims.Length >= 1 then
               [
                   Arrangement.Inside
                   Arrangement.Stepped
                   Arrangement.Reversed
                   Arrangement.Stretched
               ]
           else
               [])
        @ (if dims.Length >= 2 then [ Arrangement.Transposed ] else [])

    /// Operands of this type and shape, however they lie.
    let operand (dtype: DType) (number: Gen<float>) (dims: int[]) : Gen<Operand> =
        gen {
            let! arrangement = Gen.elements (arrangements dims)
            let count = Plain.length dims
            let! drawn = Gen.arrayOfLength count number

            let row =
                if count = 0 || dims.Length = 0 then
                    count
                else
                    count / dims[0]

            let numbers =
                match arrangement with
                | Arrangement.Stretched -> Array.init count (fun i -> drawn[i % row])
                | Arrangement.Fresh
                | Arrangement.Transposed
                | Arrangement.Inside
                | Arrangement.Stepped
                | Arrangement.Reversed
                | Arrangement.Reshaped
                | Arrangement.Reordered -> drawn

            return {
                Plain = Plain.create dtype dims (Array.map (Plain.round dtype) numbers)
                Arrangement = arrangement
            }
        }

    /// Subsets of the axes, ascending; at least one where there is one.
    let axes (rank: int) : Gen<int[]> =
        gen {
            let! chosen = Gen.arrayOfLength rank (Gen.elements [ true; false ])
            let! one = Gen.choose (0, max 0 (rank - 1))

            return [|
                for axis in 0 .. rank - 1 do
                    if chosen[axis] || axis = one then
                        axis
            |]
        }

    /// A range inside an axis: forwards or backwards, also empty.
    let range (n: int) : Gen<AxisRange> =
        gen {
            if n = 0 then
                return { Start = 0; Step = 1; Count = 0 }
            else
                let! start = Gen.choose (0, n - 1)
                let! step = Gen.elements [ 1; 1; 2; 3; -1; -2 ]

                let most =
                    if step > 0 then
                        1 + (n - 1 - start) / step
                    else
                        1 + start / -step

                let! count = Gen.choose (0, most)
                let! kind = Gen.choose (0, 3)

                return
                    match kind with
                    | 0 -> Operand.whole n
                    | 1 -> { Start = n - 1; Step = -1; Count = n }
                    | _ -> { Start = start; Step = step; Count = count }
        }
