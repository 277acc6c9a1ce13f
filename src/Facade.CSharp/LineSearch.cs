namespace Optim;

/// <summary>How far to go along a direction. Choose one of the static members.</summary>
public abstract record LineSearch
{
    private protected LineSearch()
    {
    }

    internal static Core.Search ToCore(LineSearch search)
    {
        ArgumentNullException.ThrowIfNull(search);
        return search.ToCore();
    }

    internal abstract Core.Search ToCore();

    /// <summary>Always the same multiple of the direction, accepted without looking.</summary>
    /// <param name="size">The multiple, finite and above 0.</param>
    /// <returns>The search.</returns>
    public static LineSearch Fixed(double size) => new FixedSearch(Schedule.Constant(size));

    /// <summary>The multiple that a schedule gives, accepted without looking.</summary>
    /// <param name="schedule">The schedule.</param>
    /// <returns>The search.</returns>
    public static LineSearch Scheduled(Schedule schedule)
    {
        ArgumentNullException.ThrowIfNull(schedule);
        return new FixedSearch(schedule);
    }

    /// <summary>Backtracking until φ(t) ≤ φ(0) + decrease · t · φ′(0).</summary>
    /// <param name="decrease">Range: 0 &lt; decrease &lt; ½.</param>
    /// <param name="shrink">The largest factor from one trial to the next. Range: 0.1 to 0.999.</param>
    /// <param name="maxTrials">The most trials, 1 or more.</param>
    /// <returns>The search.</returns>
    public static LineSearch Armijo(double decrease = 1e-4, double shrink = 0.5, int maxTrials = 60) =>
        new ArmijoSearch(decrease, shrink, maxTrials);

    /// <summary>Both strong Wolfe conditions: enough decrease, and |φ′(t)| ≤ curvature · |φ′(0)|.</summary>
    /// <param name="decrease">Range: 0 &lt; decrease &lt; curvature.</param>
    /// <param name="curvature">Range: decrease &lt; curvature &lt; 1; 0.1 asks for nearly exact searches.</param>
    /// <param name="maxTrials">The most trials, 1 or more.</param>
    /// <returns>The search.</returns>
    public static LineSearch StrongWolfe(double decrease = 1e-4, double curvature = 0.9, int maxTrials = 40) =>
        new StrongWolfeSearch(decrease, curvature, maxTrials);

    private sealed record FixedSearch(Schedule Schedule) : LineSearch
    {
        internal override Core.Search ToCore() => Core.FixedSize.scheduled(Schedule.Core);
    }

    private sealed record ArmijoSearch(double Decrease, double Shrink, int MaxTrials) : LineSearch
    {
        internal override Core.Search ToCore() => Core.Armijo.create(new Core.ArmijoOptions(Decrease, Shrink, MaxTrials));
    }

    private sealed record StrongWolfeSearch(double Decrease, double Curvature, int MaxTrials) : LineSearch
    {
        internal override Core.Search ToCore() =>
            Core.StrongWolfe.create(new Core.StrongWolfeOptions(Decrease, Curvature, MaxTrials));
    }
}
