namespace Optim;

/// <summary>A component whose derivative does not agree with differences of the function's values.</summary>
/// <param name="Index">Its position in the flat gradient or product, from 0.</param>
/// <param name="Expected">The derivative by extrapolated central differences.</param>
/// <param name="Actual">The derivative by the rules.</param>
/// <param name="Error">|actual − expected|; NaN when the actual is no number.</param>
/// <param name="Uncertainty">How far the differences themselves may be off.</param>
/// <param name="Explanation">All of this in words, with what the numbers suggest.</param>
public sealed record DerivativeMistake(
    int Index,
    double Expected,
    double Actual,
    double Error,
    double Uncertainty,
    string Explanation);
