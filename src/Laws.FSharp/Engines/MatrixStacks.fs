namespace Optim.Laws

open FsCheck
open FsCheck.FSharp
open Optim

/// Stacks of matrices to be factored, and how results are judged.
[<RequireQualifiedAccess>]
module internal MatrixStacks =

    let leads: Gen<int[]> = Gen.elements [ [||]; [||]; [| 2 |]; [| 2; 3 |]; [| 0 |] ]

    let sizes: Gen<int> =
        Gen.frequency [ 8, Gen.choose (1, 6); 1, Gen.elements [ 0; 20 ] ]

    /// A stack of matrices, each changed after it was drawn.
    let stack
        (dtype: DType)
        (lead: int[])
        (rows: int)
        (columns: int)
        (change: float[][] -> float[][])
        : Gen<Operand> =
        gen {
            let dims = Array.append lead [| rows; columns |]
            let! drawn = EngineGenerators.operand dtype (EngineGenerators.between -1.0 1.0) dims

            let arrangement =
                match drawn.Arrangement with
                | Arrangement.Stretched -> Arrangement.Fresh
                | other -> other

            let numbers =
                Matrices.ofPlain drawn.Plain |> Array.map change |> Array.concat |> Array.concat

            return {
                Plain = Plain.create dtype dims (Array.map (Plain.round dtype) numbers)
                Arrangement = arrangement
            }
        }

    let addToDiagonal (amount: int -> float) (a: float[][]) : float[][] =
        a
        |> Array.mapi (fun i row ->
            row |> Array.mapi (fun j x -> if i = j then x + amount i else x)
        )

    let symmetric (a: float[][]) : float[][] =
        a
        |> Array.mapi (fun i row -> row |> Array.mapi (fun j x -> if j <= i then x else a[j][i]))

    /// a aᵀ + the identity: positive definite, of a condition up to about n².
    let positive (a: float[][]) : float[][] =
        Matrices.product a (Array.transpose a) |> addToDiagonal (fun _ -> 1.0)

    /// Something else above the diagonal: it must not be read.
    let spoiled (a: float[][]) : float[][] =
        a
        |> Array.mapi (fun i row -> row |> Array.mapi (fun j x -> if j > i then 5.0 else x))

    let small (dtype: DType) (n: int) : float = 16.0 * float (n + 2) * dtype.Epsilon

    /// A call whose results, one for each matrix of the first operand, are judged by equations.
    let judged
        (call: string)
        (operands: Operand list)
        (run: Engine -> Tensor list -> Tensor)
        (result: int[])
        (judge: int -> float[][] -> string voption)
        : OperationCase =
        let dtype = operands.Head.Plain.Type

        {
            Call = call
            Operands = operands
            Run = run
            Judge =
                fun y ->
                    if y.Type <> dtype || y.Dims <> result then
                        ValueSome
                            $"the result is {Plain.text y}, expected {dtype} {Shape.Of result}"
                    elif y.Numbers.Length = 0 then
                        ValueNone
                    else
                        Matrices.ofPlain y |> Array.mapi judge |> Law.firstOf
        }
