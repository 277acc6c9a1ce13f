using static Optim.Given;
using C = Optim.Core.Compile;

namespace Optim;

/// <summary>
/// Functions of tensors, compiled. A function is recorded when it is first called with arguments of given shapes and types, and runs from
/// then on as one program of fused loops. Results differ by rounding only. Cost: milliseconds for each combination of shapes, tens of them
/// in a process that compiles for the first time.
/// </summary>
/// <remarks>
/// The function must do the same operations for all arguments of the same shapes. What it captures is read once and kept. When a compiled
/// function is called with arguments at which it reads a number of a value that depends on them, it throws
/// <see cref="InvalidOperationException"/>: choose between tensors with <see cref="TensorMath.Where"/> instead of branching on a number.
/// Inside <see cref="Derivatives"/> the function itself is called, so derivatives are right but not compiled: compile the derivative, as in
/// <c>Compile.Function(x => Derivatives.Gradient(f, x))</c>. Any number of threads may call a compiled function.
/// </remarks>
public static class Compile
{
    /// <summary>The function, compiled.</summary>
    /// <param name="f">Any function of one tensor, such as a value, a gradient, or a Hessian.</param>
    /// <returns>A function with the same results.</returns>
    public static Func<Tensor, Tensor> Function(Func<Tensor, Tensor> f)
    {
        ArgumentNullException.ThrowIfNull(f);
        var compiled = C.compile(Functions.ToCore(f));
        return x => compiled.Invoke(NotNull(x));
    }

    /// <summary>The function, compiled.</summary>
    /// <param name="f">Any function of two tensors, such as a Hessian product of point and vector.</param>
    /// <returns>A function with the same results.</returns>
    public static Func<Tensor, Tensor, Tensor> Function(Func<Tensor, Tensor, Tensor> f)
    {
        ArgumentNullException.ThrowIfNull(f);
        var compiled = C.compileMany(Functions.ToCore(inputs => [f(inputs[0], inputs[1])]));
        return (x, y) => compiled.Invoke([NotNull(x), NotNull(y)])[0];
    }

    /// <summary>Value and gradient of the function, compiled as one program.</summary>
    /// <param name="f">A function of one tensor that gives one number.</param>
    /// <returns>From a point to both.</returns>
    public static Func<Tensor, ValueAndGradient> ValueAndGradient(Func<Tensor, Tensor> f)
    {
        ArgumentNullException.ThrowIfNull(f);

        var compiled = C.compileMany(Functions.ToCore(inputs =>
        {
            var both = Derivatives.ValueAndGradient(f, inputs[0]);
            return [both.Value, both.Gradient];
        }));

        return x =>
        {
            var results = compiled.Invoke([NotNull(x)]);
            return new ValueAndGradient(results[0], results[1]);
        };
    }
}
