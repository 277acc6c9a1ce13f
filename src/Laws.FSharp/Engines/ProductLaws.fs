namespace Optim.Laws

open FsCheck
open FsCheck.FSharp
open Optim

/// Matrix products.
[<RequireQualifiedAccess>]
module internal ProductLaws =

    let private swapped (index: int[]) : int[] =
        let last = index.Length - 1
        let result = Array.copy index
        result[last] <- index[last - 1]
        result[last - 1] <- index[last]
        result

    /// The pairs of numbers that are multiplied and added up for an element of op(a) op(b).
    let private terms
        (transposeA: bool)
        (transposeB: bool)
        (a: Plain)
        (b: Plain)
        (inner: int)
        (index: int[])
        : (float * float)[] =
        let lead = Array.truncate (index.Length - 2) index
        let row, column = index[index.Length - 2], index[index.Length - 1]

        let at (x: Plain) (transposed: bool) (place: int[]) =
            let leading = x.Dims.Length - 2

            let own =
                Array.skip (lead.Length - leading) lead
                |> Array.mapi (fun axis k -> if x.Dims[axis] = 1 then 0 else k)

            let place = if transposed then Array.rev place else place
            x.Numbers[Plain.ravel x.Dims (Array.append own place)]

        Array.init inner (fun p -> at a transposeA [| row; p |], at b transposeB [| p; column |])

    let private product
        (transposeA: bool)
        (transposeB: bool)
        (a: Operand)
        (b: Operand)
        : OperationCase =
        let da = if transposeA then swapped a.Plain.Dims else a.Plain.Dims
        let db = if transposeB then swapped b.Plain.Dims else b.Plain.Dims
        let m, k, n = da[da.Length - 2], da[da.Length - 1], db[db.Length - 1]
        let lead = Plain.broadcast da[.. da.Length - 3] db[.. db.Length - 3]
        let dims = Array.append lead [| m; n |]

        let parts =
            Plain.indices dims |> Array.map (terms transposeA transposeB a.Plain b.Plain k)

        let weight (pairs: (float * float)[]) =
            pairs |> Array.sumBy (fun (x, y) -> abs (x * y))

        let letter (name: string) (transposed: bool) = if transposed then $"{name}ᵀ" else name
        let call = letter "a" transposeA + " " + letter "b" transposeB

        OperationCase.ofTruth
            $"MatMul {call}"
            [ a; b ]
            (fun engine inputs -> engine.MatMul(transposeA, transposeB, inputs[0], inputs[1]))
            (fun i -> Closeness.Epsilons(float (k + 1), weight parts[i]))
            (fun _ -> "")
            (parts
             |> Array.map (fun pairs -> Reference.sum (pairs |> Array.map (fun (x, y) -> x * y)))
             |> Plain.create a.Plain.Type dims)

    let private flags: Gen<bool * bool> =
        Gen.elements [ false, false; true, false; false, true; true, true ]

    let private matrices
        (lead: Gen<int[] * int[]>)
        (sizes: Gen<int>)
        (dtype: DType)
        : Gen<OperationCase> =
        gen {
            let! transposeA, transposeB = flags
            let! m = sizes
            let! k = sizes
            let! n = sizes
            let! leadA, leadB = lead

            let shape (lead: int[]) (rows: int) (columns: int) (transposed: bool) =
                Array.append
                    lead
                    (if transposed then
                         [| columns; rows |]
                     else
                         [| rows; columns |])

            let operand dims =
                EngineGenerators.operand dtype (EngineGenerators.tame dtype) dims

            let! a = operand (shape leadA m k transposeA)
            let! b = operand (shape leadB k n transposeB)
            return product transposeA transposeB a b
        }

    let private alone: Gen<int[] * int[]> = Gen.constant ([||], [||])

    let private leading: Gen<int[] * int[]> =
        gen {
            let! rank = Gen.choose (1, 2)
            let! dims = Gen.arrayOfLength rank (Gen.choose (1, 3))
            let! a = EngineGenerators.parts dims
            let! b = EngineGenerators.parts dims
            return a, b
        }

    let private small: Gen<int> = Gen.choose (1, 6)

    /// One product of two matrices.
    let matrixCase (dtype: DType) : Gen<OperationCase> = matrices alone small dtype

    let private law
        (settings: EngineLawSettings)
        (name: string)
        (statement: string)
        (lead: Gen<int[] * int[]>)
        (sizes: Gen<int>)
        : EngineLaw =
        EngineLaw.forAll
            settings
            EngineFamily.Products
            name
            statement
            OperationCase.text
            (List.map (matrices lead sizes) EngineGenerators.floating)
            OperationCase.examine

    // Any order of the additions, with or without fused multiplications. Source: Higham 2002, section 3.1.
    let private bound: string = "each element is right to (k + 1) ε · Σ |a| |b|"

    let private spreading: EngineLaw =
        let case (dtype: DType) (transposeA: bool) (transposeB: bool) (bad: float) : OperationCase =
            let a =
                Plain.init
                    dtype
                    [| 3; 3 |]
                    (fun index ->
                        if index = [| 1; 2 |] then
                            bad
                        else
                            float (1 + index[0] + index[1])
                    )

            let b =
                Plain.init dtype [| 3; 3 |] (fun index -> float (1 + 2 * index[0] + index[1]))

            product transposeA transposeB (Operand.fresh a) (Operand.fresh b)

        let cases = [
            for dtype in EngineGenerators.floating do
                for transposeA in [ false; true ] do
                    for transposeB in [ false; true ] do
                        for bad in [ nan; infinity ] do
                            case dtype transposeA transposeB bad
        ]

        EngineLaw.ofCases
            EngineFamily.Products
            "MatMul of NaN and infinity"
            "NaN and infinities reach their row or column of the product, and nothing else."
            OperationCase.text
            cases
            OperationCase.examine

    /// The laws of this family.
    let laws (settings: EngineLawSettings) : EngineLaw list = [
        law
            settings
            "MatMul with all transposes"
            $"op(a) op(b) for all four pairs of flags, of views too; {bound}."
            alone
            small

        law
            settings
            "MatMul with leading axes"
            $"Leading axes broadcast, whatever the flags; {bound}."
            leading
            (Gen.choose (1, 4))

        law
            { settings with Cases = max 1 (settings.Cases / 6) }
            "MatMul of larger matrices"
            $"Blocks and their edges, up to 70 rows and columns; {bound}."
            alone
            (Gen.elements [ 1; 7; 16; 33; 48; 70 ])

        law
            { settings with Cases = max 1 (settings.Cases / 2) }
            "MatMul with empty axes"
            "A product over no elements is 0, and a product without rows or columns is empty."
            (Gen.elements [ [||], [||]; [| 0 |], [| 1 |]; [| 2 |], [||] ])
            (Gen.choose (0, 2))

        spreading
    ]
