namespace Optim;

/// <summary>An optimization method with its options. The methods are in <see cref="Optim.Methods"/>; your own come from <see cref="Custom"/>.</summary>
public abstract record Method
{
    private protected Method()
    {
    }

    internal abstract Core.Method ToCore();

    /// <summary>Your own method: a first state, and a step from state to state. Both must be pure: whatever a step remembers is in the state.</summary>
    /// <typeparam name="TState">Tensors and numbers, or positional records, tuples, arrays of them, so that runs can be saved.</typeparam>
    /// <param name="name">The name in reports.</param>
    /// <param name="initialize">The state before the first step, from the objective and the start (n).</param>
    /// <param name="step">One step, from the objective, the point (n) and the state.</param>
    /// <returns>The method.</returns>
    public static Method Custom<TState>(
        string name,
        Func<Oracle, Tensor, TState> initialize,
        Func<Oracle, Tensor, TState, Step<TState>> step)
        where TState : notnull
    {
        ArgumentNullException.ThrowIfNull(name);
        ArgumentNullException.ThrowIfNull(initialize);
        ArgumentNullException.ThrowIfNull(step);
        return new CustomMethod<TState>(name, initialize, step);
    }

    private sealed record CustomMethod<TState>(
        string Name,
        Func<Oracle, Tensor, TState> Initialize,
        Func<Oracle, Tensor, TState, Step<TState>> Step) : Method
        where TState : notnull
    {
        public override string ToString() => Name;

        internal override Core.Method ToCore() =>
            Core.MethodModule.create(
                Name,
                Microsoft.FSharp.Core.FuncConvert.FromFunc<Core.Oracle, Tensor, TState>(
                    (oracle, point) => Initialize(new Oracle(oracle), point)),
                Microsoft.FSharp.Core.FuncConvert.FromFunc<Core.Oracle, Tensor, TState, Core.Step<TState>>(
                    (oracle, point, state) => Step(new Oracle(oracle), point, state).Core));
    }
}
