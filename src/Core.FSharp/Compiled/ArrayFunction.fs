namespace Optim.Compiled

/// A function of n numbers and its derivatives at arrays, without garbage. Arrays hold exactly n numbers (n² for the
/// Hessian, row by row). For one thread at a time.
type internal ArrayFunction =
    /// n.
    abstract Length: int
    /// f(x).
    abstract Value: x: float[] -> float
    /// f(x); ∇f(x) goes to `gradient`.
    abstract ValueAndGradient: x: float[] * gradient: float[] -> float
    /// H(x) v goes to `product`.
    abstract HessianProduct: x: float[] * v: float[] * product: float[] -> unit
    /// H(x) goes to `hessian`.
    abstract Hessian: x: float[] * hessian: float[] -> unit
