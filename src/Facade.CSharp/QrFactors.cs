namespace Optim;

/// <summary>The factors of matrices (…, m, n) with m ≥ n: Q R.</summary>
/// <param name="Q">Orthonormal columns (…, m, n).</param>
/// <param name="R">Upper triangular (…, n, n), of non-negative diagonal.</param>
public sealed record QrFactors(Tensor Q, Tensor R);
