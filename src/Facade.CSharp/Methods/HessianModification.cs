namespace Optim.Methods;

/// <summary>How a Hessian that is not positive definite is made so.</summary>
public enum HessianModification
{
    /// <summary>Multiples of the identity are added until a Cholesky factorization succeeds.</summary>
    Cholesky,

    /// <summary>Every eigenvalue is replaced by the larger of its absolute value and a floor.</summary>
    Absolute,

    /// <summary>Eigenvalues below the floor are replaced by the floor.</summary>
    Floor,
}
