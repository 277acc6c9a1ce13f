namespace Optim.Laws

open System
open FsCheck
open FsCheck.FSharp
open Optim

/// Factorizations, by their defining equations.
[<RequireQualifiedAccess>]
module internal FactorizationLaws =

    let private cholesky (dtype: DType) : Gen<OperationCase> =
        gen {
            let! lead = MatrixStacks.leads
            let! n = MatrixStacks.sizes

            let! a =
                MatrixStacks.stack dtype lead n n (MatrixStacks.positive >> MatrixStacks.spoiled)

            let whole = Matrices.ofPlain a.Plain |> Array.map MatrixStacks.symmetric

            return
                MatrixStacks.judged
                    "Cholesky"
                    [ a ]
                    (fun engine inputs -> engine.Cholesky inputs[0])
                    a.Plain.Dims
                    (fun i l ->
                        Law.firstOf [
                            Matrices.nonzero "L is not lower triangular" (fun i j -> j > i) l
                            Matrices.differing
                                "L Lᵀ differs from a"
                                (MatrixStacks.small dtype n * Matrices.norm whole[i])
                                (Matrices.product l (Array.transpose l))
                                whole[i]
                            Law.expect
                                (l |> Array.indexed |> Array.forall (fun (i, row) -> row[i] > 0.0))
                                (fun () -> "the diagonal of L is not positive")
                        ]
                    )
        }

    let private solve (dtype: DType) : Gen<OperationCase> =
        gen {
            let! lead = MatrixStacks.leads
            let! n = MatrixStacks.sizes
            let! r = Gen.choose (1, 3)
            // A permuted dominant diagonal, so that rows must be exchanged, and the condition stays small.
            let! turn = Gen.choose (0, max 0 (n - 1))

            let rotate (a: float[][]) =
                if n = 0 then
                    a
                else
                    Array.permute (fun i -> (i + turn) % n) a

            let! a =
                MatrixStacks.stack
                    dtype
                    lead
                    n
                    n
                    (MatrixStacks.addToDiagonal (fun i -> float n + float i) >> rotate)

            let! b = MatrixStacks.stack dtype lead n r id
            let ms, bs = Matrices.ofPlain a.Plain, Matrices.ofPlain b.Plain

            return
                MatrixStacks.judged
                    "Solve"
                    [ a; b ]
                    (fun engine inputs -> engine.Solve(inputs[0], inputs[1]))
                    b.Plain.Dims
                    (fun i x ->
                        Matrices.differing
                            "a x differs from b"
                            (MatrixStacks.small dtype n
                             * float (max 1 n)
                             * Matrices.norm ms[i]
                             * max 1.0 (Matrices.norm x))
                            (Matrices.product ms[i] x)
                            bs[i]
                    )
        }

    let private triangularSolve (dtype: DType) : Gen<OperationCase> =
        gen {
            let! lead = MatrixStacks.leads
            let! n = MatrixStacks.sizes
            let! r = Gen.choose (1, 3)
            let! triangle = Gen.elements [ Triangle.Lower; Triangle.Upper ]
            let! transposed = Gen.elements [ true; false ]
            let! unit = Gen.elements [ true; false ]
            // Small numbers beside a diagonal of 2 and more; with a unit diagonal, that one is not read.
            let make (a: float[][]) =
                a
                |> Array.map (Array.map (fun x -> x / float n))
                |> MatrixStacks.addToDiagonal (fun i -> 2.0 + float i)

            let! a = MatrixStacks.stack dtype lead n n make
            let! b = MatrixStacks.stack dtype lead n r id

            let read (m: float[][]) =
                let part =
                    m
                    |> Array.mapi (fun i row ->
                        row
                        |> Array.mapi (fun j x ->
                            if i = j then (if unit then 1.0 else x)
                            elif (j < i) = (triangle = Triangle.Lower) then x
                            else 0.0
                        )
                    )

                if transposed then Array.transpose part else part

            let ms, bs = Matrices.ofPlain a.Plain |> Array.map read, Matrices.ofPlain b.Plain

            let turned = if transposed then ", transposed" else ""
            let diagonal = if unit then ", unit diagonal" else ""

            return
                MatrixStacks.judged
                    $"TriangularSolve {triangle}{turned}{diagonal}"
                    [ a; b ]
                    (fun engine inputs ->
                        engine.TriangularSolve(triangle, transposed, unit, inputs[0], inputs[1])
                    )
                    b.Plain.Dims
                    (fun i x ->
                        Matrices.differing
                            "op(a) x differs from b"
                            (MatrixStacks.small dtype n
                             * Matrices.norm ms[i]
                             * max 1.0 (Matrices.norm x))
                            (Matrices.product ms[i] x)
                            bs[i]
                    )
        }

    let private qr (dtype: DType) : Gen<OperationCase> =
        gen {
            let! lead = MatrixStacks.leads
            let! n = MatrixStacks.sizes
            let! more = Gen.choose (0, 4)
            let m = n + more
            let! a = MatrixStacks.stack dtype lead m n id
            let ms = Matrices.ofPlain a.Plain

            return
                MatrixStacks.judged
                    "Qr"
                    [ a ]
                    (fun engine inputs -> engine.Qr inputs[0])
                    (Array.append lead [| m + n; n |])
                    (fun i packed ->
                        let q, r = Array.truncate m packed, Array.skip m packed

                        Law.firstOf [
                            Matrices.nonzero "R is not upper triangular" (fun i j -> j < i) r
                            Matrices.differing
                                "Q R differs from a"
                                (MatrixStacks.small dtype m * max 1.0 (Matrices.norm ms[i]))
                                (Matrices.product q r)
                                ms[i]
                            Matrices.skewed (MatrixStacks.small dtype m) q
                            Law.expect
                                (r |> Array.indexed |> Array.forall (fun (i, row) -> row[i] >= 0.0))
                                (fun () -> "the diagonal of R has a negative element")
                        ]
                    )
        }

    let private eigen (dtype: DType) : Gen<OperationCase> =
        gen {
            let! lead = MatrixStacks.leads
            let! n = MatrixStacks.sizes
            let! a = MatrixStacks.stack dtype lead n n MatrixStacks.spoiled
            let whole = Matrices.ofPlain a.Plain |> Array.map MatrixStacks.symmetric

            return
                MatrixStacks.judged
                    "SymmetricEigen"
                    [ a ]
                    (fun engine inputs -> engine.SymmetricEigen inputs[0])
                    (Array.append lead [| n + 1; n |])
                    (fun i packed ->
                        let w, v = packed[0], packed[1..]
                        let scaled = v |> Array.map (fun row -> Array.map2 (*) row w)

                        Law.firstOf [
                            Law.expect
                                (w |> Array.pairwise |> Array.forall (fun (x, y) -> x <= y))
                                (fun () ->
                                    let values = w |> Array.map string |> String.concat ", "
                                    $"the eigenvalues do not ascend: {values}"
                                )
                            Matrices.differing
                                "a V differs from V diag(w)"
                                (MatrixStacks.small dtype n
                                 * float n
                                 * max 1.0 (Matrices.norm whole[i]))
                                (Matrices.product whole[i] v)
                                scaled
                            Matrices.skewed (MatrixStacks.small dtype n) v
                        ]
                    )
        }

    let private logDeterminant (dtype: DType) : Gen<OperationCase> =
        gen {
            let! lead = MatrixStacks.leads
            let! n = Gen.choose (1, 6)
            let! turn = Gen.choose (0, n - 1)
            // Triangular with rows rotated: the determinant is the product of the diagonal, the sign that of the rotation.
            let triangle (a: float[][]) =
                a
                |> Array.mapi (fun i row -> row |> Array.mapi (fun j x -> if j < i then 0.0 else x))
                |> MatrixStacks.addToDiagonal (fun i -> if i % 2 = 0 then 2.0 else -3.0)

            let! a =
                MatrixStacks.stack
                    dtype
                    lead
                    n
                    n
                    (triangle >> Array.permute (fun i -> (i + turn) % n))

            let rotation = if turn * (n - turn) % 2 = 0 then 1.0 else -1.0

            let truths =
                Matrices.ofPlain a.Plain
                |> Array.map (fun m ->
                    let diagonal = Array.init n (fun i -> m[(i + turn) % n][i])
                    let negative = diagonal |> Array.filter (fun x -> x < 0.0)
                    let parity = if negative.Length % 2 = 0 then 1.0 else -1.0
                    [| rotation * parity; Array.sumBy (abs >> log) diagonal |]
                )

            return
                OperationCase.ofTruth
                    "LogDeterminant"
                    [ a ]
                    (fun engine inputs -> engine.LogDeterminant inputs[0])
                    (fun i ->
                        if i % 2 = 0 then
                            Closeness.Equal
                        else
                            Closeness.Epsilons(32.0 * float n, 1.0)
                    )
                    (fun _ -> "")
                    (Plain.create dtype (Array.append lead [| 2 |]) (Array.concat truths))
        }

    /// One call of each factorization.
    let cases (dtype: DType) : Gen<OperationCase> list = [
        cholesky dtype
        solve dtype
        triangularSolve dtype
        qr dtype
        eigen dtype
        logDeterminant dtype
    ]

    /// Laws of generated matrices.
    let laws (settings: EngineLawSettings) : EngineLaw list =
        let law (name: string) (statement: string) (case: DType -> Gen<OperationCase>) : EngineLaw =
            EngineLaw.forAll
                settings
                EngineFamily.Factorization
                name
                statement
                OperationCase.text
                (List.map case EngineGenerators.floating)
                OperationCase.examine

        [
            law
                "Cholesky"
                "L Lᵀ = a to 16 (n + 2) ε |a|, L lower with a positive diagonal, a read from its lower triangle."
                cholesky
            law "Solve" "a x = b to 16 (n + 2) n ε |a| |x|, rows exchanged where needed." solve
            law
                "TriangularSolve"
                "op(a) x = b to 16 (n + 2) ε |a| |x|, only the triangle read, the diagonal not when it is unit."
                triangularSolve
            law
                "Qr"
                "Q R = a to 16 (m + 2) ε |a|, orthonormal columns, R upper with a diagonal of 0 or more."
                qr
            law
                "SymmetricEigen"
                "Ascending w and orthonormal V with a V = V diag(w) to 16 (n + 2) n ε |a|, a read from its lower triangle."
                eigen
            law
                "LogDeterminant"
                "The sign of the determinant exactly and log |det a| to 32 n ε · max(1, |log |det a||)."
                logDeterminant
        ]
