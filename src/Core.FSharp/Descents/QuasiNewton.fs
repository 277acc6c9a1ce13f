namespace Optim.Core

open System
open Optim

/// A move and the change of the gradient along it.
[<NoComparison; NoEquality>]
type CurvaturePair = {
    /// s, the move, in its unit (n).
    Move: Tensor
    /// y, the change of the gradient, in its unit (n).
    Change: Tensor
    /// 1 / (yᵀ s), in these units.
    Rho: float
    /// The unit of the move over that of the change. Units are powers of two, by which single precision never leaves its
    /// range; 1 for both in double precision.
    Ratio: float
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

    /// The pair's vector in the precision of another.
    let private alike (part: Tensor) (other: Tensor) : Tensor = Tensor.cast other.DType part

    /// The exponent of the unit in which a vector of about this length is kept in single precision: so that no element
    /// overflows, and those down to 1e-55 of the length keep their digits.
    let internal exponent (length: float) : int =
        Math.Clamp(Math.ILogB length, -500, 500) - 60

    /// The pair of a move and a change of the gradient as it is kept in this precision; none of too little curvature.
    let private remember (pairType: DType) (move: Tensor) (change: Tensor) : CurvaturePair voption =
        let isRounded = pairType = DType.Float32 && move.DType = DType.Float64

        let unit (x: Tensor) =
            if isRounded then exponent (Vector.norm x) else 0

        let moveUnit, changeUnit = unit move, unit change

        let kept (x: Tensor) (exponent: int) =
            if isRounded then
                Tensor.cast DType.Float32 (Math.ScaleB(1.0, -exponent) * x)
            else
                x

        let s, y = kept move moveUnit, kept change changeUnit
        let wideS, wideY = alike s move, alike y move
        let ys = Vector.dot wideY wideS

        if isCurved ys (Vector.norm wideS) (Vector.norm wideY) then
            ValueSome {
                Move = s
                Change = y
                Rho = 1.0 / ys
                Ratio = Math.ScaleB(1.0, moveUnit - changeUnit)
            }
        else
            ValueNone

    /// The product of the L-BFGS inverse Hessian with a vector. Cost: 4 m n for m pairs.
    /// Source: Nocedal & Wright 2006, Algorithm 7.4.
    let twoLoop (pairs: CurvaturePair list) (gradient: Tensor) : Tensor =
        let down (q: Tensor, alphas: float list) (pair: CurvaturePair) =
            let alpha = pair.Rho * Vector.dot (alike pair.Move q) q
            q - alpha * alike pair.Change q, alpha :: alphas

        let q, alphas = List.fold down (gradient, []) pairs

        let gamma =
            match pairs with
            | [] -> 1.0
            | newest :: _ ->
                let change = alike newest.Change gradient
                newest.Ratio / (newest.Rho * Vector.dot change change)

        let up (r: Tensor) (pair: CurvaturePair, alpha: float) =
            let beta = pair.Rho * Vector.dot (alike pair.Change r) r
            r + (pair.Ratio * alpha - beta) * alike pair.Move r

        List.fold up (gamma * q) (List.zip (List.rev pairs) alphas)

    /// L-BFGS with the last `history` pairs, kept in the precision of pairType: Float32 or Float64, but never in more than the
    /// point's own. Before the first pair: −g, tried first with a move of length 1, so that the
    /// path does not depend on the scale of the objective.
    let limitedMemory (pairType: DType) (history: int) : Descent<LbfgsMemory> = {
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
                let move, change = after.Point - before.Point, after.Gradient - before.Gradient

                match remember pairType move change with
                | ValueSome pair -> { Pairs = List.truncate history (pair :: memory.Pairs) }
                | ValueNone -> memory
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
