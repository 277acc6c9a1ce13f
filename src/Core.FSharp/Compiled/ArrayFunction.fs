namespace Optim.Core

/// A function of n numbers and its derivatives, computed at arrays without garbage. Each array holds exactly n numbers; that
/// of the Hessian n², row by row. An instance serves one thread at a time.
type ArrayFunction =
    /// n.
    abstract Length: int
    /// f(x).
    abstract Value: x: float[] -> float
    /// f(x); ∇f(x) is written to `gradient`.
    abstract ValueAndGradient: x: float[] * gradient: float[] -> float
    /// H(x) v is written to `product`.
    abstract HessianProduct: x: float[] * v: float[] * product: float[] -> unit
    /// H(x) is written to `hessian`.
    abstract Hessian: x: float[] * hessian: float[] -> unit
