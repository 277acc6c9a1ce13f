namespace Optim;

/// <summary>A run whose convergence was required did not converge.</summary>
/// <param name="result">The result as it is.</param>
#pragma warning disable CA1032 // The exception means nothing without its result, so the usual constructors would lie.
public sealed class NotConvergedException(SolveResult result) : Exception(result.ToString())
#pragma warning restore CA1032
{
    /// <summary>The result as it is, with the best point.</summary>
    public SolveResult Result { get; } = result;
}
