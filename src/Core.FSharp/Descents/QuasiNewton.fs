namespace Optim.Core

open Optim

/// A move and the change of the gradient along it.
[<NoComparison; NoEquality>]
type CurvaturePair = {
    /// s, the move (n).
    Move: Tensor
    /// y, the change of the gradient (n).
    Change: Tensor
    /// 1 / (yᵀ s).
    Rho: float
}

/// What L-BFGS remembers.
[<NoComparison; NoEquality>]
type LbfgsMemory = {
    /// The last pairs, newest first.
    Pairs: CurvaturePair list
}

/// What BFGS remembers.
[<NoComparison; NoEquality>]
type BfgsMemory = {
    /// The approximation of the inverse Hessian (n, n); none, for the identity, before the first update.
    Inverse: Tensor voption
}

/// Directions of quasi-Newton methods. s: the move, y: the change of the gradient, rho = 1 / (yᵀ s).
[<RequireQualifiedAccess>]
module QuasiNewton =

    /// Whether yᵀ s is so far above 0 that the pair can be trusted, given |s| and |y|.
    let internal isCurved (ys: float) (s: float) (y: float) : bool = ys > 1e-10 * s * y

    /// The product of the L-BFGS inverse Hessian with a vector. Cost: 4 m n for m pairs.
    /// Source: Nocedal & Wright 2006, Algorithm 7.4.
    let twoLoop (pairs: CurvaturePair list) (gradient: Tensor) : Tensor =
        let down (q: Tensor, alphas: float list) (pair: CurvaturePair) =
            let alpha = pair.Rho * Vector.dot pair.Move q
            q - alpha * pair.Change, alpha :: alphas

        let q, alphas = List.fold down (gradient, []) pairs

        let gamma =
            match pairs with
            | [] -> 1.0
            | newest :: _ -> 1.0 / (newest.Rho * Vector.dot newest.Change newest.Change)

        let up (r: Tensor) (pair: CurvaturePair, alpha: float) =
            let beta = pair.Rho * Vector.dot pair.Change r
            r + (alpha - beta) * pair.Move

        List.fold up (gamma * q) (List.zip (List.rev pairs) alphas)

    /// L-BFGS with the last `history` pairs. Before the first pair: −g, tried first with a move of length 1, so that the
    /// path does not depend on the scale of the objective.
    let limitedMemory (history: int) : Descent<LbfgsMemory> = {
        Name = "L-BFGS"
        Start = fun _ _ -> { Pairs = [] }
        Direct =
            fun _ at memory -> {
                Along = -(twoLoop memory.Pairs at.Gradient)
                FirstSize = if memory.Pairs.IsEmpty then 1.0 / at.GradientNorm else 1.0
                Memory = memory
            }
        Learn =
            fun memory before after ->
                let s, y = after.Point - before.Point, after.Gradient - before.Gradient
                let ys = Vector.dot y s

                if isCurved ys (Vector.norm s) (Vector.norm y) then
                    let pair = { Move = s; Change = y; Rho = 1.0 / ys }
                    { Pairs = List.truncate history (pair :: memory.Pairs) }
                else
                    memory
    }

    /// H₊ = (I − rho s yᵀ) H (I − rho y sᵀ) + rho s sᵀ. Cost: of order n².
    let updateInverse (h: Tensor) (s: Tensor) (y: Tensor) : Tensor =
        let rho = 1.0 / Vector.dot y s
        let hy = Tensor.matmul h y
        let weight = rho * (1.0 + rho * Vector.dot y hy)
        let cross = Tensor.outer s hy
        h - rho * (cross + Shaping.transpose cross) + weight * Tensor.outer s s

    /// BFGS with a dense inverse Hessian. Before the first update the identity is scaled by yᵀ s / yᵀ y.
    /// Source: Nocedal & Wright 2006, (6.17) and (6.20).
    let dense: Descent<BfgsMemory> = {
        Name = "BFGS"
        Start = fun _ _ -> { Inverse = ValueNone }
        Direct =
            fun _ at memory ->
                match memory.Inverse with
                | ValueNone -> {
                    Along = -at.Gradient
                    FirstSize = 1.0 / at.GradientNorm
                    Memory = memory
                  }
                | ValueSome h -> {
                    Along = -(Tensor.matmul h at.Gradient)
                    FirstSize = 1.0
                    Memory = memory
                  }
        Learn =
            fun memory before after ->
                let s, y = after.Point - before.Point, after.Gradient - before.Gradient
                let ys = Vector.dot y s

                if isCurved ys (Vector.norm s) (Vector.norm y) then
                    let first () =
                        Linalg.ofDiagonal (Tensor.fullLike s (ys / Vector.dot y y))

                    let h = memory.Inverse |> ValueOption.defaultWith first
                    { Inverse = ValueSome(updateInverse h s y) }
                else
                    memory
    }
