namespace Optim;

/// <summary>Eigenvalues and eigenvectors of symmetric matrices.</summary>
/// <param name="Values">The eigenvalues (…, n), ascending.</param>
/// <param name="Vectors">The orthonormal eigenvectors, as columns (…, n, n).</param>
public sealed record SymmetricEigen(Tensor Values, Tensor Vectors);
