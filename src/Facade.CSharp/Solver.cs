namespace Optim;

/// <summary>Runs methods on objectives.</summary>
public static class Solver
{
    /// <summary>Minimizes an objective. Not converging is an outcome, not an exception.</summary>
    /// <param name="objective">What to minimize.</param>
    /// <param name="start">Where to begin (n).</param>
    /// <param name="method">How.</param>
    /// <param name="options">Limits, stop rules and the seed; null means defaults.</param>
    /// <param name="progress">Told of every step. <see cref="Progress{T}"/> posts, so order and lateness are not promised; <see cref="SolveResult.Trace"/> is the record of truth.</param>
    /// <param name="cancellationToken">Abandons the run at the next evaluation. To end it with a result instead, use <see cref="StopRule.WhenRequested"/>.</param>
    /// <returns>The result.</returns>
    /// <exception cref="ArgumentException">The start, the method's options or the run's options are not legal.</exception>
    /// <exception cref="OperationCanceledException">The token abandoned the run.</exception>
    public static SolveResult Minimize(
        Objective objective,
        Tensor start,
        Method method,
        SolveOptions? options = null,
        IProgress<StepReport>? progress = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(objective);
        ArgumentNullException.ThrowIfNull(start);
        ArgumentNullException.ThrowIfNull(method);
        var core = (options ?? new SolveOptions()).ToCore(progress, cancellationToken);
        return new SolveResult(Core.Solver.minimizeWith(core, method.ToCore(), objective.Core, start));
    }

    /// <inheritdoc cref="Minimize(Objective, Tensor, Method, SolveOptions?, IProgress{StepReport}?, CancellationToken)"/>
    public static SolveResult Minimize(
        Objective objective,
        double[] start,
        Method method,
        SolveOptions? options = null,
        IProgress<StepReport>? progress = null,
        CancellationToken cancellationToken = default) =>
        Minimize(objective, Tensors.Of(start), method, options, progress, cancellationToken);

    /// <summary>As <see cref="Minimize(Objective, Tensor, Method, SolveOptions?, IProgress{StepReport}?, CancellationToken)"/>, on the thread pool.</summary>
    /// <param name="objective">What to minimize.</param>
    /// <param name="start">Where to begin (n).</param>
    /// <param name="method">How.</param>
    /// <param name="options">Limits, stop rules and the seed; null means defaults.</param>
    /// <param name="progress">Told of every step.</param>
    /// <param name="cancellationToken">Abandons the run at the next evaluation.</param>
    /// <returns>The result.</returns>
    /// <exception cref="ArgumentException">The start, the method's options or the run's options are not legal.</exception>
    /// <exception cref="OperationCanceledException">The token abandoned the run.</exception>
    public static Task<SolveResult> MinimizeAsync(
        Objective objective,
        Tensor start,
        Method method,
        SolveOptions? options = null,
        IProgress<StepReport>? progress = null,
        CancellationToken cancellationToken = default) =>
        Task.Run(() => Minimize(objective, start, method, options, progress, cancellationToken), cancellationToken);

    /// <inheritdoc cref="MinimizeAsync(Objective, Tensor, Method, SolveOptions?, IProgress{StepReport}?, CancellationToken)"/>
    public static Task<SolveResult> MinimizeAsync(
        Objective objective,
        double[] start,
        Method method,
        SolveOptions? options = null,
        IProgress<StepReport>? progress = null,
        CancellationToken cancellationToken = default) =>
        MinimizeAsync(objective, Tensors.Of(start), method, options, progress, cancellationToken);
}
