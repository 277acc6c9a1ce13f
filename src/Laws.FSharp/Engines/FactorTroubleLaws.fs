namespace Optim.Laws

open System
open Optim

/// Factorizations where there is no factor: NaN or infinity in the result, never an exception, and only in that matrix.
[<RequireQualifiedAccess>]
module internal FactorTroubleLaws =

    let private good: float[] = [| 4.0; 1.0; 1.0; 3.0 |]

    /// A stack of a bad matrix between two good ones.
    let private between (dtype: DType) (bad: float[]) : Plain =
        Plain.create dtype [| 3; 2; 2 |] (Array.concat [ good; bad; good ])

    let private isBad (x: float) : bool = not (Double.IsFinite x)

    /// What is wrong when not all numbers of the middle result are as said, or one of the others is not finite.
    let private judge
        (what: string)
        (middle: float[] -> bool)
        (engine: Engine)
        (y: Tensor)
        : string voption =
        let seen = Plain.ofTensor engine y
        let parts = seen.Numbers |> Array.chunkBySize (seen.Numbers.Length / 3)
        let shown = parts[1] |> Array.map (fun x -> $"{x:R}") |> String.concat ", "

        Law.firstOf [
            Law.expect (middle parts[1]) (fun () -> $"its result is {shown}, expected {what}")
            Law.expect
                (Array.forall Double.IsFinite parts[0] && Array.forall Double.IsFinite parts[2])
                (fun () -> "the results of the good matrices beside it are not finite")
        ]

    let private situations
        (bad: (string * float[]) list)
        (what: string)
        (middle: float[] -> bool)
        (call: Engine -> Plain -> Tensor)
        : (string * (Engine -> string voption)) list = [
        for name, matrix in bad do
            for dtype in EngineGenerators.floating do
                $"{name} between two good matrices of {dtype}",
                fun engine -> call engine (between dtype matrix) |> judge what middle engine
    ]

    let private law (name: string) (statement: string) situations : EngineLaw =
        EngineLaw.ofSituations EngineFamily.Factorization name statement situations

    let private cholesky: EngineLaw =
        let bad = [
            "an indefinite matrix", [| 1.0; 2.0; 2.0; 1.0 |]
            "a negative matrix", [| -1.0; 0.0; 0.0; -1.0 |]
            "a singular matrix", [| 0.0; 0.0; 0.0; 0.0 |]
            "a matrix that fails in its second row", [| 4.0; 0.0; 0.0; -1.0 |]
            "a matrix with NaN", [| nan; 1.0; 1.0; 3.0 |]
        ]

        situations
            bad
            "NaN everywhere"
            (Array.forall Double.IsNaN)
            (fun engine x -> engine.Cholesky(Plain.toTensor engine x))
        |> law
            "Cholesky of what is not positive definite is NaN"
            "Where a matrix is not positive definite, its whole result is NaN, and the others of the stack are as they would be."

    let private solve: EngineLaw =
        let bad = [
            "a matrix of zeros", [| 0.0; 0.0; 0.0; 0.0 |]
            "a matrix with two equal rows", [| 1.0; 2.0; 1.0; 2.0 |]
            "a matrix with NaN", [| nan; 1.0; 1.0; 3.0 |]
        ]

        let ones = Array.init 6 (fun i -> float (1 + i % 2))

        situations
            bad
            "NaN or infinity"
            (Array.exists isBad)
            (fun engine x ->
                let b = Plain.create x.Type [| 3; 2; 1 |] ones |> Plain.toTensor engine
                engine.Solve(Plain.toTensor engine x, b)
            )
        |> law
            "Solve with a singular matrix is not finite"
            "Where a matrix is singular the solution has NaN or infinities, without an exception, and the others of the stack are as they would be."

    let private eigen: EngineLaw =
        let bad = [
            "a matrix with NaN", [| nan; 1.0; 1.0; 3.0 |]
            "a matrix with infinity", [| 4.0; 1.0; infinity; 3.0 |]
        ]

        situations
            bad
            "NaN everywhere"
            (Array.forall Double.IsNaN)
            (fun engine x -> engine.SymmetricEigen(Plain.toTensor engine x))
        |> law
            "SymmetricEigen of what is not finite is NaN"
            "Where a matrix has NaN or infinities, its values and vectors are NaN, without an exception, and the others of the stack are as they would be."

    let private determinants: EngineLaw =
        situations
            [
                "a matrix of zeros", [| 0.0; 0.0; 0.0; 0.0 |]
                "a matrix with two zero columns", [| 0.0; 1.0; 0.0; 2.0 |]
            ]
            "0 and −∞"
            (fun result -> result = [| 0.0; -infinity |])
            (fun engine x -> engine.LogDeterminant(Plain.toTensor engine x))
        |> law
            "LogDeterminant of a singular matrix is 0 and −∞"
            "The determinant 0 has the sign 0 and the logarithm −∞."

    let private qr: EngineLaw =
        let zeros = Plain.create DType.Float64 [| 3; 2 |] (Array.zeroCreate 6)

        EngineLaw.ofSituations
            EngineFamily.Factorization
            "Qr of dependent columns"
            "Where columns depend on each other Q is still orthonormal, and the diagonal of R is 0 or more."
            [
                for name, numbers in
                    [
                        "zeros (3, 2)", zeros.Numbers
                        "equal columns (3, 2)", [| 1.0; 1.0; 2.0; 2.0; 3.0; 3.0 |]
                    ] do
                    name,
                    fun engine ->
                        let a = Plain.create DType.Float64 [| 3; 2 |] numbers
                        let y = Plain.ofTensor engine (engine.Qr(Plain.toTensor engine a))
                        let packed = (Matrices.ofPlain y)[0]
                        let whole = (Matrices.ofPlain a)[0]
                        let q, r = packed[..2], packed[3..]

                        Law.firstOf [
                            Matrices.skewed 1e-14 q
                            Matrices.differing
                                "Q R differs from a"
                                1e-14
                                (Matrices.product q r)
                                whole
                            Law.expect
                                (r[0][0] >= 0.0 && r[1][1] >= 0.0)
                                (fun () -> "the diagonal of R has a negative element")
                        ]
            ]

    let private eigenOfRepeated: EngineLaw =
        let identity (n: int) : float[] = Floats.identity n |> Array.concat

        EngineLaw.ofSituations
            EngineFamily.Factorization
            "SymmetricEigen of repeated values"
            "Zeros, the identity and diagonal matrices have their diagonals, sorted, as values, and orthonormal vectors."
            [
                for name, numbers, values in
                    [
                        "zeros", Array.zeroCreate 9, [| 0.0; 0.0; 0.0 |]
                        "the identity", identity 3, [| 1.0; 1.0; 1.0 |]
                        "diag(3, −1, 2)",
                        [| 3.0; 0.0; 0.0; 0.0; -1.0; 0.0; 0.0; 0.0; 2.0 |],
                        [| -1.0; 2.0; 3.0 |]
                    ] do
                    name,
                    fun engine ->
                        let a = Plain.create DType.Float64 [| 3; 3 |] numbers
                        let y = engine.SymmetricEigen(Plain.toTensor engine a)
                        let packed = (Matrices.ofPlain (Plain.ofTensor engine y))[0]

                        Law.firstOf [
                            Matrices.differing "the values differ from the diagonal" 1e-14 [|
                                packed[0]
                            |] [| values |]
                            Matrices.skewed 1e-14 packed[1..]
                        ]
            ]

    /// The laws of special matrices.
    let laws: EngineLaw list = [ cholesky; solve; eigen; determinants; qr; eigenOfRepeated ]
