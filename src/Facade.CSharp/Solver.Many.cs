namespace Optim;

public static partial class Solver
{
    /// <summary>Minimizes one function for many members side by side, each from its own start, with its own data and its own outcome: as single runs, up to rounding, but computed by one compiled program for a block of members at a time, on all processors. Limits and stop rules hold for each member, but the time for all together; nothing is traced.</summary>
    /// <param name="objective">What to minimize.</param>
    /// <param name="starts">Where to begin (members, n).</param>
    /// <param name="method">How: Lbfgs, Bfgs, Newton or another one that can work in place.</param>
    /// <param name="data">Tensors (members, …) of which each member sees its own part; null for a function without data.</param>
    /// <param name="options">Limits, stop rules and the seed; null means defaults.</param>
    /// <param name="cancellationToken">Abandons all runs at the next evaluation.</param>
    /// <returns>The results.</returns>
    /// <exception cref="ArgumentException">The starts, the data, the options or the method's options are not legal, or the method cannot work in place.</exception>
    /// <exception cref="InvalidOperationException">The function cannot be computed for many members at once, as one that branches on a number, or it differs from its program, as one that captures what has changed.</exception>
    /// <exception cref="OperationCanceledException">The token abandoned the runs.</exception>
    public static ManyResult MinimizeMany(
        ManyObjective objective,
        Tensor starts,
        Method method,
        IReadOnlyList<Tensor>? data = null,
        SolveOptions? options = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(objective);
        ArgumentNullException.ThrowIfNull(starts);
        ArgumentNullException.ThrowIfNull(method);
        var core = SolveOptions.ToCore(options, null, cancellationToken);

        if (options is not null && !options.Device.Equals(Device.Cpu))
        {
            throw new ArgumentException(
                $"{nameof(SolveOptions.Device)} is {options.Device}, but many members at once are computed on {Device.Cpu} only; solve them one by one with {nameof(Minimize)}",
                nameof(options));
        }

        var parts = Given.AllNotNull(data?.ToArray() ?? [], nameof(data));
        return new ManyResult(Core.Solver.minimizeManyWith(core, method.ToCore(), objective.Core, parts, starts));
    }

    /// <summary>Fits one model to many data sets: for each member the parameters that minimize half the sum of its squared residuals, by BFGS. To fit again with the same function, keep a <see cref="ManyObjective.LeastSquares"/> and use <see cref="MinimizeMany"/>: then nothing is compiled twice.</summary>
    /// <param name="residuals">From the parameters (n) and the member's part of each data tensor to residuals. What the function captures is common to all members.</param>
    /// <param name="data">Tensors (members, …).</param>
    /// <param name="starts">Where to begin (members, n).</param>
    /// <returns>The results.</returns>
    /// <exception cref="ArgumentException">The starts or the data are not legal.</exception>
    /// <exception cref="InvalidOperationException">The function cannot be computed for many members at once, as one that branches on a number, or it differs from its program, as one that captures what has changed.</exception>
    public static ManyResult FitMany(
        Func<Tensor, IReadOnlyList<Tensor>, Tensor> residuals,
        IReadOnlyList<Tensor> data,
        Tensor starts)
    {
        ArgumentNullException.ThrowIfNull(data);
        return MinimizeMany(ManyObjective.LeastSquares(residuals, "fit"), starts, new Methods.Bfgs(), data);
    }
}
