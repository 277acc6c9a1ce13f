using Make = Optim.Core.Step;

namespace Optim;

/// <summary>The result of one step of your own method.</summary>
/// <typeparam name="TState">The method's state.</typeparam>
public sealed class Step<TState>
    where TState : notnull
{
    private Step(Core.Step<TState> core) => Core = core;

    internal Core.Step<TState> Core { get; }

    /// <summary>The method went to a point.</summary>
    /// <param name="point">The point (n) from which the next step continues.</param>
    /// <param name="state">The state for the next step.</param>
    /// <param name="stepSize">How far it went, in the method's own units; for reports only.</param>
    /// <returns>The step.</returns>
#pragma warning disable CA1000 // The type argument is the state's, which the compiler cannot infer from a non-generic class as shortly.
    public static Step<TState> Moved(Tensor point, TState state, double stepSize = 1) => new(Make.moved(Given.NotNull(point), stepSize, Given.NotNull(state)));

    /// <summary>The method tried something and stays at the point.</summary>
    /// <param name="point">The point (n) from which the next step continues.</param>
    /// <param name="state">The state for the next step.</param>
    /// <param name="stepSize">How far it tried to go, in the method's own units; for reports only.</param>
    /// <returns>The step.</returns>
    public static Step<TState> Rejected(Tensor point, TState state, double stepSize = 0) => new(Make.rejected(Given.NotNull(point), stepSize, Given.NotNull(state)));

    /// <summary>The method cannot go on from the point; the run ends.</summary>
    /// <param name="point">The point (n).</param>
    /// <param name="state">The state.</param>
    /// <param name="detail">Why, in words.</param>
    /// <returns>The step.</returns>
    public static Step<TState> Stuck(Tensor point, TState state, string detail) => new(Make.stuck(Given.NotNull(point), Given.NotNull(detail), Given.NotNull(state)));
#pragma warning restore CA1000
}
