namespace Optim.Core

open Optim

/// How often the objective was asked, by kind.
[<Struct>]
type Evaluations = {
    /// Values of f, alone or with a gradient.
    Values: int64
    /// Gradients of f.
    Gradients: int64
    /// Products of the Hessian or Gauss-Newton matrix with a vector; a whole Hessian counts n.
    Products: int64
    /// The cost of all in gradients of the whole data: a gradient 1, a value alone ⅓, a product 2, each times the part of
    /// the data that it used.
    GradientEquivalents: float
}

/// Counts of evaluations.
[<RequireQualifiedAccess>]
module Evaluations =

    /// Nothing asked yet.
    let none: Evaluations = {
        Values = 0L
        Gradients = 0L
        Products = 0L
        GradientEquivalents = 0.0
    }

/// Hard limits of a run: none is ever exceeded.
type Budget = {
    /// Steps of the method. A rejected trial of a line search is a step.
    Steps: int64
    /// Values of f.
    Values: int64
    /// Gradients of f.
    Gradients: int64
    /// Products with curvature matrices.
    Products: int64
    /// The cost of all evaluations, in gradients of the whole data.
    GradientEquivalents: float
    /// Wall-clock time, checked before every evaluation.
    Time: System.TimeSpan
}

/// Budgets.
[<RequireQualifiedAccess>]
module Budget =

    /// No limit of any kind.
    let unlimited: Budget = {
        Steps = System.Int64.MaxValue
        Values = System.Int64.MaxValue
        Gradients = System.Int64.MaxValue
        Products = System.Int64.MaxValue
        GradientEquivalents = infinity
        Time = System.TimeSpan.MaxValue
    }

    /// At most this many steps: 0 or more.
    let steps (count: int64) : Budget =
        if count < 0L then
            raise (
                System.ArgumentOutOfRangeException(nameof count, count, "expected 0 steps or more")
            )

        { unlimited with Steps = count }

    /// 10,000 steps.
    let standard: Budget = steps 10_000L
