namespace Optim.Core

open Optim

/// How a Hessian that is not positive definite is made so.
[<RequireQualifiedAccess>]
type HessianModification =
    /// Multiples of the identity are added until a Cholesky factorization succeeds.
    | Cholesky
    /// Every eigenvalue is replaced by the larger of its absolute value and a floor.
    | Absolute
    /// Eigenvalues below the floor are replaced by the floor.
    | Floor

/// Newton directions −B⁻¹ g with the exact Hessian made positive definite. Memory: n² numbers during a step.
[<RequireQualifiedAccess>]
module NewtonDirection =

    let private identityLike (h: Tensor) : Tensor =
        Linalg.ofDiagonal (Tensor.onesLike (Linalg.diagonal 0 h))

    /// How many shifts are tried after the first.
    [<Literal>]
    let internal MostShifts = 60

    /// The smallest shift other than 0, for a matrix of n rows with this norm.
    let internal smallestShift (n: int) (norm: float) : float = 1e-3 * norm / sqrt (float n)

    /// Whether the smallest shift is one; otherwise the matrix is zero or not finite.
    let internal isShift (smallest: float) : bool =
        System.Double.IsFinite smallest && smallest > 0.0

    /// The shift to try first. least: the smallest number on the diagonal.
    let internal firstShift (smallest: float) (least: float) : float =
        if least > 0.0 then 0.0 else smallest - least

    /// The shift after one that did not help.
    let internal nextShift (smallest: float) (shift: float) : float = max (2.0 * shift) smallest

    /// Solves (h + τ I) x = b for the smallest tried τ ≥ 0 with a Cholesky factor. h: (n, n), b: (n).
    /// Source: Nocedal & Wright 2006, Algorithm 3.3. Differs: the first shift is relative to the norm of h, so that
    /// scaling the objective does not change the direction.
    let solveShifted (h: Tensor) (b: Tensor) : Tensor =
        let identity = identityLike h
        let smallest = smallestShift h.Shape[0] (Vector.norm h)
        let least = (Tensor.min (Linalg.diagonal 0 h)).ToScalar()

        let rec attempt (tau: float) (tries: int) : Tensor =
            let factor = Linalg.cholesky (if tau = 0.0 then h else h + tau * identity)

            if Vector.isFinite factor then
                Linalg.solveCholesky factor b
            elif tries = 0 then
                // The caller sees NaN and takes the gradient instead.
                Tensor.fullLike b nan
            else
                attempt (nextShift smallest tau) (tries - 1)

        if isShift smallest then
            attempt (firstShift smallest least) MostShifts
        else
            Tensor.fullLike b nan

    /// V f(Λ)⁻¹ Vᵀ b for the eigendecomposition h = V Λ Vᵀ. f: the eigenvalues (n) to positive numbers (n).
    let solveSpectral (f: Tensor -> Tensor) (h: Tensor) (b: Tensor) : Tensor =
        let struct (values, vectors) = Linalg.symmetricEigen h
        let along = Tensor.matmul b vectors
        Tensor.matmul vectors (along / f values)

    /// The floor √ε · largest for eigenvalues up to the largest in absolute value.
    let internal floorAbove (epsilon: float) (largest: float) : float =
        if largest > 0.0 then sqrt epsilon * largest else 1.0

    /// The floor √ε · max |λ| of eigenvalues.
    let floorOf (values: Tensor) : float =
        floorAbove values.DType.Epsilon ((Tensor.max (Tensor.abs values)).ToScalar())

    /// B⁻¹ b for the Hessian h modified to a positive definite B. Not finite where h is not.
    let solve (modification: HessianModification) (h: Tensor) (b: Tensor) : Tensor =
        let floored (values: Tensor) : Tensor =
            Tensor.maximum values (Tensor.fullLike values (floorOf values))

        match modification with
        | HessianModification.Cholesky -> solveShifted h b
        | HessianModification.Absolute -> solveSpectral (Tensor.abs >> floored) h b
        | HessianModification.Floor -> solveSpectral floored h b

    /// The descent. Cost of a direction: one exact Hessian, that is n products, and of order n³ operations.
    let descent (modification: HessianModification) : Descent<unit> = {
        Name = "Newton"
        Start = fun _ _ -> ()
        Direct =
            fun oracle at () -> {
                Along = -(solve modification (oracle.Hessian at.Point) at.Gradient)
                FirstSize = 1.0
                Memory = ()
            }
        Learn = fun () _ _ -> ()
    }
