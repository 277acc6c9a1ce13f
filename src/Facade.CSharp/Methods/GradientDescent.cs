namespace Optim.Methods;

/// <summary>Gradient descent: x ← x − t g, with t from a line search or a schedule. Cost a step: 1 gradient, and a value for each trial.</summary>
public sealed record GradientDescent : Method
{
    /// <summary>How far to go along −g.</summary>
    /// <value>Default: Armijo backtracking.</value>
    public LineSearch Search { get; init; } = LineSearch.Armijo();

    internal override Core.Method ToCore() =>
        Core.GradientDescent.create(new Core.GradientDescentOptions(LineSearch.ToCore(Search)));
}
