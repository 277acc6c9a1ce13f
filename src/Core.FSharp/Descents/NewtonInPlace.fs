namespace Optim.Descents

open System
open Optim
open Optim.Managed
open Optim.Core
open Optim.Contract

/// The twin of NewtonDirection.descent. A modification by eigenvalues allocates inside the eigendecomposition; that by
/// Cholesky allocates nothing.
[<Sealed>]
type internal NewtonInPlace(length: int, modification: HessianModification) =
    inherit DescentInPlace<unit>(length)
    let hessian = Array.zeroCreate<float>(length * length)
    // The Cholesky factor, or what the eigendecomposition works in.
    let work = Array.zeroCreate<float>(length * length)
    // Only the modifications by eigenvalues use them.
    let mutable values: float[] = [||]
    let mutable vectors: float[] = [||]
    let mutable coordinates: float[] = [||]

    let trySolve (shift: float) (along: float[]) : bool =
        InPlaceMatrix.symmetricPart length shift hessian work

        if FactorCholesky.factor length work 0 < 0 then
            InPlaceMatrix.solveCholesky length work along
            true
        else
            false

    /// along ← B⁻¹ along; NaN where no shift helps. The same shifts as NewtonDirection.solveShifted.
    let solveShifted (along: float[]) : unit =
        let norm = sqrt (InPlace.dot hessian.Length hessian hessian)
        let smallest = NewtonDirection.smallestShift length norm

        if NewtonDirection.isShift smallest then
            let least = InPlaceMatrix.smallestOnDiagonal length hessian
            let mutable shift = NewtonDirection.firstShift smallest least
            let mutable tries = NewtonDirection.MostShifts
            let mutable isSolved = trySolve shift along

            while not isSolved && tries > 0 do
                shift <- NewtonDirection.nextShift smallest shift
                tries <- tries - 1
                isSolved <- trySolve shift along

            if not isSolved then
                Array.Fill(along, nan)
        else
            Array.Fill(along, nan)

    /// along ← V f(Λ)⁻¹ Vᵀ along, with f the absolute value or nothing, and then the floor.
    let solveSpectral (isAbsolute: bool) (along: float[]) : unit =
        if values.Length = 0 then
            values <- Array.zeroCreate length
            vectors <- Array.zeroCreate (length * length)
            coordinates <- Array.zeroCreate length

        InPlaceMatrix.symmetricPart length 0.0 hessian work

        // Where it fails, values and vectors are NaN, and so is the direction.
        FactorEigen.symmetric length (struct (work, 0)) (struct (values, 0)) (struct (vectors, 0))
        |> ignore

        Array.Clear coordinates

        for i in 0 .. length - 1 do
            FactorVector.addScaled
                along[i]
                (vectors.AsSpan(i * length, length))
                (coordinates.AsSpan())

        let largest = FactorVector.largest (values.AsSpan())
        let floor = NewtonDirection.floorAbove DType.Float64.Epsilon largest

        for i in 0 .. length - 1 do
            let value = if isAbsolute then abs values[i] else values[i]
            coordinates[i] <- coordinates[i] / Math.Max(value, floor)

        InPlaceMatrix.multiply length 1.0 vectors coordinates along

    override _.NeedsHessian = true
    override _.Hessian = hessian
    override _.Forget() = ()

    override _.Direct(at, along) =
        InPlace.scale length -1.0 at.Gradient along

        match modification with
        | HessianModification.Cholesky -> solveShifted along
        | HessianModification.Absolute -> solveSpectral true along
        | HessianModification.Floor -> solveSpectral false along

        1.0

    override _.Learn(_, _, _) = ()
    override _.Load(()) = ()
    override _.Save = fun _ -> ()
