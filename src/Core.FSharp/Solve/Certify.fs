namespace Optim.Solve

open System
open Optim
open Optim.Core
open Optim.Core.Derivatives
open Optim.Managed

/// What a second look at a point with a small gradient shows.
[<RequireQualifiedAccess; NoComparison; NoEquality>]
type internal Finding =
    | Confirmed of Certificate
    /// The gradient is small, but the curvature along some direction is negative.
    | Saddle of gradientNorm: float * curvature: float
    /// The gradient of the whole objective is not small, or not finite.
    | Refuted

/// Checks a candidate for Converged against the objective itself, with fresh evaluations.
[<RequireQualifiedAccess>]
module internal Certify =

    /// Points up to this length get an exact Hessian, longer ones a Lanczos process.
    [<Literal>]
    let denseLimit = 32

    /// The number of Hessian products of a Lanczos process.
    [<Literal>]
    let private krylov = 16

    /// The Hessian products that `check` may need for a point of this length.
    let products (length: int) : int64 =
        int64 (if length <= denseLimit then length else krylov)

    /// The gradients that it needs besides.
    let gradients (length: int) : int64 = if length <= denseLimit then 0L else 1L

    /// The eigenvalues, in ascending order, of the tridiagonal matrix with this diagonal (k) and these links (k − 1).
    let private tridiagonal (diagonal: float list) (links: float list) : float[] =
        let k = diagonal.Length
        let matrix = Array.zeroCreate (k * k)
        List.iteri (fun i entry -> matrix[i * k + i] <- entry) diagonal
        List.iteri (fun i link -> matrix[(i + 1) * k + i] <- link) links
        let values = Array.zeroCreate k
        // Where it fails, the values are NaN.
        FactorEigen.symmetricValues k (struct (matrix, 0)) (struct (values, 0))
        |> ignore

        values

    /// The smallest curvature and the largest magnitude of one along the Krylov space of a random direction. The smallest is an
    /// upper bound of the smallest eigenvalue, up to rounding. Source: Lanczos 1950, three terms; that the extreme values can
    /// be trusted although the directions lose their orthogonality: Paige 1980.
    let private lanczos
        (key: Key)
        (product: Tensor -> Tensor)
        (point: Tensor)
        : struct (float * float) =
        // What is left of a product beside its size is rounding.
        let negligible = max 1e-10 (16.0 * point.DType.Epsilon)

        // The next direction, its link, and the entry of v. The step's memory is given back at once: memory that was never
        // touched is slow.
        let step (before: Tensor) (link: float) (v: Tensor) : struct (Tensor * float * float) =
            Memory.recycling
                point
                (fun (struct (next, _, _)) -> [ next ])
                (fun () ->
                    let image = product v
                    let aside = image - link * before
                    let entry = Vector.dot v aside
                    let rest = aside - entry * v
                    let size = Vector.norm rest
                    let link = if size > negligible * Vector.norm image then size else 0.0
                    struct (rest / size, link, entry)
                )

        let rec extend
            (before: Tensor)
            (link: float)
            (v: Tensor)
            (diagonal: float list)
            (links: float list)
            : float[] =
            let struct (next, size, entry) = step before link v
            let diagonal = entry :: diagonal

            if diagonal.Length < krylov && size > 0.0 then
                extend v size next diagonal (size :: links)
            else
                tridiagonal (List.rev diagonal) (List.rev links)

        let drawn = point.Engine.OfArray(point.Shape, Random.normal key point.Length)
        let start = Tensor.cast point.DType drawn
        let values = extend start 0.0 (start / Vector.norm start) [] []
        struct (values[0], max (abs values[0]) (abs values[values.Length - 1]))

    let private curvatures
        (objective: Objective)
        (key: Key)
        (point: Tensor)
        : struct (float * float) =
        if point.Length <= denseLimit then
            let struct (values, _) = Linalg.symmetricEigen (hessian objective.Function point)
            struct ((Tensor.min values).ToScalar(), (Tensor.max (Tensor.abs values)).ToScalar())
        else
            let _, product = gradAndHvp objective.Function point
            lanczos key product point

    /// Whether a smallest curvature is negative beyond rounding, given the largest magnitude of one.
    let isSaddle (smallest: float) (largest: float) : bool = smallest < -1e-6 * largest

    /// What the smallest curvature and the largest magnitude of one make of a certificate with a small gradient.
    let weigh (certificate: Certificate) (smallest: float) (largest: float) : Finding =
        if not (Double.IsFinite smallest && Double.IsFinite largest) then
            Finding.Confirmed certificate
        elif isSaddle smallest largest then
            Finding.Saddle(certificate.GradientNorm, smallest)
        else
            Finding.Confirmed { certificate with SmallestCurvature = ValueSome smallest }

    /// The smallest curvature of a Hessian (n, n) in memory where it shows a saddle; 0 where it does not, or is not finite.
    /// work: n² numbers, overwritten. Allocates nothing where the Hessian is positive definite.
    let descent (n: int) (hessian: float[]) (work: float[]) : float =
        InPlaceMatrix.symmetricPart n 0.0 hessian work

        if FactorCholesky.factor n work 0 < 0 then
            0.0
        else
            let values = Array.zeroCreate n
            InPlaceMatrix.symmetricPart n 0.0 hessian work

            // Where it fails, the values are NaN.
            FactorEigen.symmetricValues n (struct (work, 0)) (struct (values, 0)) |> ignore
            let smallest = values[0]

            if isSaddle smallest (FactorVector.largest (values.AsSpan())) then
                smallest
            else
                0.0

    /// A second look at a point whose gradient seemed to be at most the tolerance. mayLook: asked once the gradient is
    /// confirmed, whether the budget allows to look at the curvature; its cost is counted by then.
    let check
        (objective: Objective)
        (key: Key)
        (tolerance: float)
        (mayLook: unit -> bool)
        (point: Tensor)
        : Finding =
        let value, gradient = valueAndGrad objective.Function point
        let value, norm = value.ToScalar(), Vector.norm gradient

        if not (Double.IsFinite value && norm <= tolerance) then
            Finding.Refuted
        else
            let certificate = {
                Value = value
                GradientNorm = norm
                Tolerance = tolerance
                SmallestCurvature = ValueNone
            }

            if not (mayLook ()) then
                Finding.Confirmed certificate
            else
                let struct (smallest, largest) = curvatures objective key point
                weigh certificate smallest largest
