namespace Optim;

/// <summary>When a run may end before its limits. Choose one of the static members.</summary>
public abstract record StopRule
{
    private protected StopRule()
    {
    }

    /// <summary>|∇f(x)| ≤ max(absolute, relative · |∇f(start)|), Euclidean norms. Ends as <see cref="Outcome.Converged"/>, once value and gradient are evaluated again and nothing shows a saddle.</summary>
    /// <param name="absolute">0 or more.</param>
    /// <param name="relative">0 to 1. This part does not depend on the scale of the objective.</param>
    /// <returns>The rule.</returns>
    public static StopRule GradientBelow(double absolute, double relative = 0) =>
        new CoreRule(Core.StopRule.NewGradientBelow(absolute, relative));

    /// <summary>f(x) ≤ target. Ends as <see cref="Outcome.Stopped"/>.</summary>
    /// <param name="target">The target.</param>
    /// <returns>The rule.</returns>
    public static StopRule ValueBelow(double target) => new CoreRule(Core.StopRule.NewValueBelow(target));

    /// <summary>Some moves in a row change the value by no more than a part of it. Ends as <see cref="Outcome.Stopped"/>: a small change is no proof.</summary>
    /// <param name="relative">The part, 0 to 1.</param>
    /// <param name="moves">How many moves, 1 or more.</param>
    /// <returns>The rule.</returns>
    public static StopRule ValueSettled(double relative, int moves) =>
        new CoreRule(Core.StopRule.NewValueSettled(relative, moves));

    /// <summary>Wall-clock time is up. A hard limit: ends as <see cref="Outcome.BudgetSpent"/>.</summary>
    /// <param name="time">The time, 0 or more.</param>
    /// <returns>The rule.</returns>
    public static StopRule After(TimeSpan time) => new TimeLimit(time);

    /// <summary>The token asks for an end: the step is finished and the best point returned as <see cref="Outcome.Stopped"/>. Compare the token of <see cref="Solver.Minimize(Objective, Tensor, Method, SolveOptions?, IProgress{StepReport}?, CancellationToken)"/>, which abandons the run with an exception.</summary>
    /// <param name="token">The token.</param>
    /// <returns>The rule.</returns>
    public static StopRule WhenRequested(CancellationToken token) => new CoreRule(Core.StopRule.NewWhenRequested(token));

    internal sealed record CoreRule(Core.StopRule Rule) : StopRule;

    internal sealed record TimeLimit(TimeSpan Time) : StopRule;
}
