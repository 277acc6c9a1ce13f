namespace Optim.Torch

#nowarn "9" // memory on the stack for libtorch's arguments

open System
open Microsoft.FSharp.NativeInterop
open Optim

/// The factorizations of stacks of matrices, by LAPACK behind libtorch.
[<RequireQualifiedAccess>]
module internal Factorizations =

    let private choleskyOf = Operator("linalg_cholesky_ex", "")
    let private solved = Operator("_linalg_solve_ex", "")
    let private triangularSolved = Operator("linalg_solve_triangular", "")
    let private reflected = Operator("geqrf", "")
    let private reflectorProduct = Operator("linalg_householder_product", "")
    let private upperPart = Operator("triu", "")
    let private lowerPart = Operator("tril", "")
    let private eigen = Operator("_linalg_eigh", "")
    let private signAndLogarithm = Operator("_linalg_slogdet", "")

    let private check (operation: string) (x: TorchTensor) : unit =
        if not x.DType.IsFloating then
            raise (
                ArgumentException(
                    $"{operation}: expected Float64 or Float32 elements, got {x.DType}",
                    nameof x
                )
            )

    let private last (back: int) (x: TorchTensor) : int = x.Shape.Dims[x.Rank - back]

    // The last axes are replaced by others.
    let private shaped (x: TorchTensor) (lastAxes: int[]) : Shape =
        Shape(Array.append x.Shape.Dims[.. x.Rank - 3] lastAxes)

    let private result (slots: nativeptr<uint64>) (i: int) : nativeint =
        nativeint (NativePtr.get slots i)

    // Gives results that nobody wants back.
    let private drop (slots: nativeptr<uint64>) (first: int) (count: int) : unit =
        for i in first .. first + count - 1 do
            Native.aoti_torch_delete_tensor_object (result slots i) |> ignore

        Crossings.Add count

    let private passing (x: TorchTensor) (shape: Shape) (handle: nativeint) : TorchTensor =
        Results.passing x.Place x.DType shape handle

    /// The lower L with L Lᵀ = a; all NaN where a is not positive definite.
    let cholesky (a: TorchTensor) : TorchTensor =
        check "Cholesky" a

        if a.Length = 0 then
            a
        else
            let slots = NativePtr.stackalloc<uint64> 3

            Dispatch.call
                choleskyOf
                a.Place
                (fun () -> Dispatch.shapes [ a ])
                slots
                (fun slots ->
                    NativePtr.set slots 0 (Slot.tensor a)
                    NativePtr.set slots 1 (Slot.flag false)
                    NativePtr.set slots 2 (Slot.flag false)
                )

            let stack = Shape(Array.append a.Shape.Dims[.. a.Rank - 3] [| 1; 1 |])
            let lower = passing a a.Shape (result slots 0)

            // One code for each matrix, 0 where it went well: int32, which a comparison turns into truth values.
            let codes = Shape a.Shape.Dims[.. a.Rank - 3]
            let info = Results.passing a.Place DType.Int64 codes (result slots 1)
            let equal = Operators.comparison Comparison.Equal

            Results.spend
                lower
                (fun lower ->
                    let isGood =
                        Results.spend
                            info
                            (fun info ->
                                let zero = Creation.constant a.Place DType.Int64 0.0

                                Results.passing
                                    a.Place
                                    DType.Bool
                                    codes
                                    (Dispatch.two equal info zero)
                            )

                    Results.spend
                        isGood
                        (fun isGood ->
                            let perMatrix = Views.reshape stack isGood
                            let none = Creation.constant a.Place a.DType nan

                            Results.wrap
                                a.Place
                                a.DType
                                a.Shape
                                (Elementwise.choose perMatrix lower none)
                        )
                )

    /// The x with a x = b.
    let solve (a: TorchTensor) (b: TorchTensor) : TorchTensor =
        check "Solve" a

        if b.Length = 0 then
            b
        else
            let slots = NativePtr.stackalloc<uint64> 4
            b.Check()

            Dispatch.call
                solved
                a.Place
                (fun () -> Dispatch.shapes [ a; b ])
                slots
                (fun slots ->
                    NativePtr.set slots 0 (Slot.tensor a)
                    NativePtr.set slots 1 (Slot.tensor b)
                    NativePtr.set slots 2 (Slot.flag true)
                    NativePtr.set slots 3 (Slot.flag false)
                )

            drop slots 1 3
            Results.wrap a.Place a.DType b.Shape (result slots 0)

    /// The x with op(a) x = b for a triangular a.
    let triangularSolve
        (triangle: Triangle)
        (transposed: bool)
        (isUnit: bool)
        (a: TorchTensor)
        (b: TorchTensor)
        : TorchTensor =
        check "TriangularSolve" a

        if b.Length = 0 then
            b
        else
            let opA = if transposed then Views.transpose a else a
            let isUpper = (triangle = Triangle.Upper) <> transposed
            let slots = NativePtr.stackalloc<uint64> 5
            b.Check()

            Dispatch.call
                triangularSolved
                a.Place
                (fun () -> Dispatch.shapes [ a; b ])
                slots
                (fun slots ->
                    NativePtr.set slots 0 (Slot.tensor opA)
                    NativePtr.set slots 1 (Slot.tensor b)
                    NativePtr.set slots 2 (Slot.flag isUpper)
                    NativePtr.set slots 3 (Slot.flag true)
                    NativePtr.set slots 4 (Slot.flag isUnit)
                )

            Results.wrap a.Place a.DType b.Shape (result slots 0)

    // One of the triangles of matrices, zeros elsewhere.
    let private triangle (operator: Operator) (x: TorchTensor) : TorchTensor =
        let slots = NativePtr.stackalloc<uint64> 2

        Dispatch.call
            operator
            x.Place
            (fun () -> Dispatch.shapes [ x ])
            slots
            (fun slots ->
                NativePtr.set slots 0 (Slot.tensor x)
                NativePtr.set slots 1 (Slot.int 0)
            )

        passing x x.Shape (result slots 0)

    // ±1 for each column k so that the diagonal of R becomes 0 or more: (…, k).
    let private signs (diagonal: TorchTensor) : TorchTensor =
        let less = Operators.comparison Comparison.Less

        let number (value: float) : TorchTensor =
            Creation.constant diagonal.Place diagonal.DType value

        Results.spend
            (Results.passing
                diagonal.Place
                DType.Bool
                diagonal.Shape
                (Dispatch.two less diagonal (number 0.0)))
            (fun isNegative ->
                passing
                    diagonal
                    diagonal.Shape
                    (Elementwise.choose isNegative (number -1.0) (number 1.0))
            )

    let private span (start: int) (count: int) : AxisRange = {
        Start = start
        Step = 1
        Count = count
    }

    // Whole axes but for the last two.
    let private part (rows: AxisRange) (columns: AxisRange) (x: TorchTensor) : TorchTensor =
        let leading = x.Shape.Dims[.. x.Rank - 3] |> Array.map (fun n -> span 0 n)
        Views.slice (Array.append leading [| rows; columns |]) x

    // The diagonals of square matrices: (…, n).
    let private diagonal (x: TorchTensor) : TorchTensor =
        let strides = Strides.spelled x.Shape x.Strides
        let shape = Shape x.Shape.Dims[.. x.Rank - 2]

        let steps =
            Array.append strides[.. x.Rank - 3] [| strides[x.Rank - 2] + strides[x.Rank - 1] |]

        Views.at 0 (Strides.normal shape steps) shape x

    /// Q over R, packed: (…, m + k, n) with k = min m n; R has a diagonal of 0 or more.
    let qr (a: TorchTensor) : TorchTensor =
        check "Qr" a
        let m, n = last 2 a, last 1 a
        let k = min m n
        let y = Creation.empty a.Place (shaped a [| m + k; n |]) a.DType

        if y.Length > 0 then
            let slots = NativePtr.stackalloc<uint64> 2

            Dispatch.call
                reflected
                a.Place
                (fun () -> Dispatch.shapes [ a ])
                slots
                (fun slots -> NativePtr.write slots (Slot.tensor a))

            let factors = passing a a.Shape (result slots 0)

            let taus =
                passing a (Shape(Array.append a.Shape.Dims[.. a.Rank - 3] [| k |])) (result slots 1)

            Results.spend
                factors
                (fun factors ->
                    let top = part (span 0 k) (span 0 n) factors

                    let q =
                        Results.spend
                            taus
                            (fun taus ->
                                let columns = part (span 0 m) (span 0 k) factors

                                passing
                                    a
                                    (shaped a [| m; k |])
                                    (Dispatch.two reflectorProduct columns taus)
                            )

                    Results.spend
                        q
                        (fun q ->
                            Results.spend
                                (signs (diagonal (part (span 0 k) (span 0 k) top)))
                                (fun signs ->
                                    let leading = a.Shape.Dims[.. a.Rank - 3]

                                    let alongRows =
                                        Views.reshape
                                            (Shape(Array.append leading [| k; 1 |]))
                                            signs

                                    let alongColumns =
                                        Views.reshape
                                            (Shape(Array.append leading [| 1; k |]))
                                            signs

                                    if k < n then
                                        Creation.clear y

                                    Results.spend
                                        (passing a q.Shape (Direct.multiply q alongColumns))
                                        (Creation.write (part (span 0 m) (span 0 k) y))

                                    Results.spend
                                        (triangle upperPart top)
                                        (fun r ->
                                            Results.spend
                                                (passing a r.Shape (Direct.multiply r alongRows))
                                                (Creation.write (part (span m k) (span 0 n) y))
                                        )
                                )
                        )
                )

        y

    // Eigenvalues over eigenvectors of a stack, written into y.
    let private eigenInto (a: TorchTensor) (y: TorchTensor) : unit =
        let n = last 1 a
        let slots = NativePtr.stackalloc<uint64> 3

        Dispatch.call
            eigen
            a.Place
            (fun () -> Dispatch.shapes [ a ])
            slots
            (fun slots ->
                NativePtr.set slots 0 (Slot.tensor a)
                NativePtr.set slots 1 (Slot.text "L")
                NativePtr.set slots 2 (Slot.flag true)
            )

        let values = passing a (Shape a.Shape.Dims[.. a.Rank - 2]) (result slots 0)
        let vectors = passing a a.Shape (result slots 1)

        Results.spend
            values
            (fun values ->
                let row = Views.reshape (shaped a [| 1; n |]) values
                Creation.write (part (span 0 1) (span 0 n) y) row
            )

        Results.spend vectors (Creation.write (part (span 1 n) (span 0 n) y))

    // Where libtorch refuses a stack because of one matrix, the matrices go alone, and those that are refused become NaN.
    let private eigenEach (a: TorchTensor) (y: TorchTensor) : unit =
        let n = last 1 a

        let matrices =
            Creation.rows (Views.reshape (Shape [| a.Length / (n * n); n; n |]) a)

        for i in 0 .. matrices.Shape.Dims[0] - 1 do
            let target = Views.at (i * (n + 1) * n) null (Shape [| n + 1; n |]) y

            try
                eigenInto (Views.at (i * n * n) null (Shape [| n; n |]) matrices) target
            with :? EngineException as e when Failures.mayBeNumbers e.Detail ->
                Creation.write target (Creation.constant a.Place a.DType nan)

    /// Eigenvalues over eigenvectors, packed; NaN where that fails.
    let symmetricEigen (a: TorchTensor) : TorchTensor =
        check "SymmetricEigen" a
        let n = last 1 a
        let y = Creation.empty a.Place (shaped a [| n + 1; n |]) a.DType

        if y.Length = 0 then
            y
        else
            try
                eigenInto a y
            with :? EngineException as e when Failures.mayBeNumbers e.Detail ->
                eigenEach a y

            // LAPACK passes over some numbers that are not finite: 0 or NaN for each matrix is added to all of its results.
            let zeroOrNaN =
                Results.spend
                    (triangle lowerPart a)
                    (fun lower ->
                        let zero = Creation.constant a.Place a.DType 0.0

                        Results.spend
                            (passing a a.Shape (Direct.multiply lower zero))
                            (fun zeros ->
                                let axes = [| a.Rank - 2; a.Rank - 1 |]
                                passing a (shaped a [| 1; 1 |]) (Reductions.sums axes true zeros)
                            )
                    )

            Results.spend
                y
                (fun y ->
                    Results.spend
                        zeroOrNaN
                        (fun zeroOrNaN ->
                            Results.wrap a.Place a.DType y.Shape (Direct.add y zeroOrNaN 1.0)
                        )
                )

    /// The sign of the determinant and the logarithm of its absolute value.
    let logDeterminant (a: TorchTensor) : TorchTensor =
        check "LogDeterminant" a
        let leading = a.Shape.Dims[.. a.Rank - 3]
        let shape = Shape(Array.append leading [| 2 |])

        if shape.Length = 0 then
            Creation.empty a.Place shape a.DType
        else
            let slots = NativePtr.stackalloc<uint64> 4

            Dispatch.call
                signAndLogarithm
                a.Place
                (fun () -> Dispatch.shapes [ a ])
                slots
                (fun slots -> NativePtr.write slots (Slot.tensor a))

            drop slots 2 2
            let sign = passing a (Shape leading) (result slots 0)
            let logarithm = passing a (Shape leading) (result slots 1)

            Results.spend
                sign
                (fun sign ->
                    Results.spend
                        logarithm
                        (fun logarithm ->
                            let single = Shape(Array.append leading [| 1 |])

                            let parts = [|
                                Views.reshape single sign
                                Views.reshape single logarithm
                            |]

                            Results.wrap a.Place a.DType shape (Direct.join leading.Length parts)
                        )
                )
