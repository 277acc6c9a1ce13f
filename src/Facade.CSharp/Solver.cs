namespace Optim;

/// <summary>Runs methods on objectives.</summary>
public static partial class Solver
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
    /// <exception cref="EngineException">The library of the options' device is missing or failed.</exception>
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
        var core = SolveOptions.ToCore(options, progress, cancellationToken);
        return MinimizeOn(SolveOptions.EngineOf(options), objective, start, method, core);
    }

    /// <inheritdoc cref="Minimize(Objective, Tensor, Method, SolveOptions?, IProgress{StepReport}?, CancellationToken)"/>
    public static SolveResult Minimize(
        Objective objective,
        double[] start,
        Method method,
        SolveOptions? options = null,
        IProgress<StepReport>? progress = null,
        CancellationToken cancellationToken = default) =>
        Minimize(objective, FromArray(start), method, options, progress, cancellationToken);

    /// <summary>Minimizes an objective from its own start: that of a model, or of a classical problem.</summary>
    /// <param name="objective">What to minimize.</param>
    /// <param name="method">How.</param>
    /// <param name="options">Limits, stop rules and the seed; null means defaults.</param>
    /// <param name="progress">Told of every step. <see cref="Progress{T}"/> posts, so order and lateness are not promised; <see cref="SolveResult.Trace"/> is the record of truth.</param>
    /// <param name="cancellationToken">Abandons the run at the next evaluation. To end it with a result instead, use <see cref="StopRule.WhenRequested"/>.</param>
    /// <returns>The result.</returns>
    /// <exception cref="ArgumentException">The objective has no start of its own, or the method's options or the run's options are not legal.</exception>
    /// <exception cref="EngineException">The library of the options' device is missing or failed.</exception>
    /// <exception cref="OperationCanceledException">The token abandoned the run.</exception>
    public static SolveResult Minimize(
        Objective objective,
        Method method,
        SolveOptions? options = null,
        IProgress<StepReport>? progress = null,
        CancellationToken cancellationToken = default) =>
        Minimize(objective, StartOf(objective), method, options, progress, cancellationToken);

    /// <summary>As <see cref="Minimize(Objective, Tensor, Method, SolveOptions?, IProgress{StepReport}?, CancellationToken)"/>, on the thread pool.</summary>
    /// <param name="objective">What to minimize.</param>
    /// <param name="start">Where to begin (n).</param>
    /// <param name="method">How.</param>
    /// <param name="options">Limits, stop rules and the seed; null means defaults.</param>
    /// <param name="progress">Told of every step. <see cref="Progress{T}"/> posts, so order and lateness are not promised; <see cref="SolveResult.Trace"/> is the record of truth.</param>
    /// <param name="cancellationToken">Abandons the run at the next evaluation. To end it with a result instead, use <see cref="StopRule.WhenRequested"/>.</param>
    /// <returns>The result.</returns>
    /// <exception cref="ArgumentException">The start, the method's options or the run's options are not legal.</exception>
    /// <exception cref="EngineException">The library of the options' device is missing or failed.</exception>
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
        Task.Run(() => Minimize(objective, start, method, options, progress, cancellationToken), cancellationToken);

    /// <summary>As <see cref="Minimize(Objective, Method, SolveOptions?, IProgress{StepReport}?, CancellationToken)"/>, on the thread pool.</summary>
    /// <param name="objective">What to minimize.</param>
    /// <param name="method">How.</param>
    /// <param name="options">Limits, stop rules and the seed; null means defaults.</param>
    /// <param name="progress">Told of every step. <see cref="Progress{T}"/> posts, so order and lateness are not promised; <see cref="SolveResult.Trace"/> is the record of truth.</param>
    /// <param name="cancellationToken">Abandons the run at the next evaluation. To end it with a result instead, use <see cref="StopRule.WhenRequested"/>.</param>
    /// <returns>The result.</returns>
    /// <exception cref="ArgumentException">The objective has no start of its own, or the method's options or the run's options are not legal.</exception>
    /// <exception cref="EngineException">The library of the options' device is missing or failed.</exception>
    /// <exception cref="OperationCanceledException">The token abandoned the run.</exception>
    public static Task<SolveResult> MinimizeAsync(
        Objective objective,
        Method method,
        SolveOptions? options = null,
        IProgress<StepReport>? progress = null,
        CancellationToken cancellationToken = default) =>
        Task.Run(() => Minimize(objective, method, options, progress, cancellationToken), cancellationToken);

    /// <summary>Goes on with a run that <see cref="SolveOptions.Checkpoint"/> saved. Both parts together are, bit by bit, what one uninterrupted run does, given the same objective, method and options. It goes on where the options say, which need not be the device on which it was saved.</summary>
    /// <param name="path">The file.</param>
    /// <param name="objective">What to minimize.</param>
    /// <param name="method">How; a method of the same name as the one that was saved.</param>
    /// <param name="options">Limits, stop rules and the seed; null means defaults.</param>
    /// <param name="progress">Told of every step. <see cref="Progress{T}"/> posts, so order and lateness are not promised; <see cref="SolveResult.Trace"/> is the record of truth.</param>
    /// <param name="cancellationToken">Abandons the run at the next evaluation. To end it with a result instead, use <see cref="StopRule.WhenRequested"/>.</param>
    /// <returns>The result.</returns>
    /// <exception cref="CheckpointException">The file is damaged, cut short, of a newer format, of another method, or no checkpoint at all.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    /// <exception cref="ArgumentException">The path is empty, or the method's options or the run's options are not legal.</exception>
    /// <exception cref="EngineException">The library of the options' device is missing or failed.</exception>
    /// <exception cref="OperationCanceledException">The token abandoned the run.</exception>
    public static SolveResult Resume(
        string path,
        Objective objective,
        Method method,
        SolveOptions? options = null,
        IProgress<StepReport>? progress = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        ArgumentNullException.ThrowIfNull(objective);
        ArgumentNullException.ThrowIfNull(method);
        var core = SolveOptions.ToCore(options, progress, cancellationToken);
        return ResumeOn(SolveOptions.EngineOf(options), path, objective, method, core);
    }

    /// <summary>As <see cref="Resume"/>, on the thread pool.</summary>
    /// <param name="path">The file.</param>
    /// <param name="objective">What to minimize.</param>
    /// <param name="method">How; a method of the same name as the one that was saved.</param>
    /// <param name="options">Limits, stop rules and the seed; null means defaults.</param>
    /// <param name="progress">Told of every step. <see cref="Progress{T}"/> posts, so order and lateness are not promised; <see cref="SolveResult.Trace"/> is the record of truth.</param>
    /// <param name="cancellationToken">Abandons the run at the next evaluation. To end it with a result instead, use <see cref="StopRule.WhenRequested"/>.</param>
    /// <returns>The result.</returns>
    /// <exception cref="CheckpointException">The file is damaged, cut short, of a newer format, of another method, or no checkpoint at all.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    /// <exception cref="ArgumentException">The path is empty, or the method's options or the run's options are not legal.</exception>
    /// <exception cref="EngineException">The library of the options' device is missing or failed.</exception>
    /// <exception cref="OperationCanceledException">The token abandoned the run.</exception>
    public static Task<SolveResult> ResumeAsync(
        string path,
        Objective objective,
        Method method,
        SolveOptions? options = null,
        IProgress<StepReport>? progress = null,
        CancellationToken cancellationToken = default) =>
        Task.Run(() => Resume(path, objective, method, options, progress, cancellationToken), cancellationToken);

    internal static SolveResult MinimizeOn(Engine engine, Objective objective, Tensor start, Method method, Core.SolveOptions options) =>
        new(Core.Solver.minimizeWith(options, method.ToCore(), objective.On(engine), Core.Tensor.moveTo(engine, start)));

    internal static SolveResult ResumeOn(Engine engine, string path, Objective objective, Method method, Core.SolveOptions options)
    {
        var core = method.ToCore();
        var run = Core.RunModule.moveTo(engine, core, Core.Checkpoint.load(path, core));
        return new SolveResult(Core.Solver.resume(options, core, objective.On(engine), run));
    }

    private static Tensor FromArray(double[] start)
    {
        ArgumentNullException.ThrowIfNull(start);
        return Tensors.Of(start);
    }

    private static Tensor StartOf(Objective objective)
    {
        ArgumentNullException.ThrowIfNull(objective);
        return objective.TryGetStart(out var start)
            ? start
            : throw new ArgumentException($"the objective {objective.Name} has no start of its own, expected one after it", nameof(objective));
    }
}
