namespace Optim.Core

open System
open Optim

/// Convex quadratics whose eigenvalues are chosen.
[<RequireQualifiedAccess>]
module Quadratics =

    /// An orthonormal matrix (n, n) fixed by the key.
    let private rotation (key: Key) (n: int) : Tensor =
        let struct (q, _) = Linalg.qr (Tensor.normal key [ n; n ])
        q

    /// The symmetric matrix (n, n) with these eigenvalues and random eigenvectors.
    let matrixOf (key: Key) (eigenvalues: float[]) : Tensor =
        let q = rotation key eigenvalues.Length
        let a = Tensor.matmul (q * Tensor.ofArray eigenvalues) (Shaping.transpose q)
        0.5 * (a + Shaping.transpose a)

    /// offset + ½ (x − 1)ᵀ A (x − 1), started at 0, with these eigenvalues of A and eigenvectors fixed by the key.
    /// Errors: ArgumentException without eigenvalues or with one that is not above 0.
    let ofSpectrum (name: string) (key: Key) (offset: float) (eigenvalues: float[]) : Problem =
        ArgumentNullException.ThrowIfNull eigenvalues

        if eigenvalues.Length = 0 then
            raise (
                ArgumentException(
                    "eigenvalues has no elements, expected one or more",
                    nameof eigenvalues
                )
            )

        Array.iter (Check.positive (nameof eigenvalues)) eigenvalues
        let n = eigenvalues.Length
        let a = matrixOf key eigenvalues

        let f (x: Tensor) =
            let z = x - 1.0
            offset + 0.5 * Tensor.dot z (Tensor.matmul (Tensor.alongside x a) z)

        Problem.create name f (List.replicate n 0.0) offset (List.replicate n 1.0)

    /// n numbers from 1 to `condition` in equal ratios.
    let logarithmicSpectrum (condition: float) (n: int) : float[] =
        Array.init
            n
            (fun i ->
                if n = 1 then
                    1.0
                else
                    Math.Pow(condition, float i / float (n - 1))
            )

    let private ofCondition (name: string) (title: string) (condition: float) : ProblemFamily =
        let create n =
            ofSpectrum name (Key.ofSeed 1L) 0.0 (logarithmicSpectrum condition n)

        Problem.family
            title
            $"eigenvalues from 1 to {condition}, random eigenvectors"
            (ProblemDimensions.AtLeast 1)
            10
            create

    /// Eigenvalues from 1 to 100.
    let mild: ProblemFamily = ofCondition "quadratic" "Quadratic" 100.0

    /// Eigenvalues from 1 to 10⁶.
    let ill: ProblemFamily =
        ofCondition "ill-conditioned-quadratic" "Ill-conditioned quadratic" 1e6

    /// Eigenvalues from 1 to 1000 above a constant of 10⁸, in whose rounding the last decreases drown.
    let offset: ProblemFamily =
        let create n =
            let eigenvalues =
                Array.init n (fun i -> if n = 1 then 1.0 else 1.0 + 999.0 * float i / float (n - 1))

            ofSpectrum "offset-quadratic" (Key.ofSeed 2L) 1e8 eigenvalues

        Problem.family
            "Quadratic above a large constant"
            "Hager & Zhang 2005, section 4"
            (ProblemDimensions.AtLeast 1)
            10
            create
