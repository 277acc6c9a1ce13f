using Fn = Optim.Core.Tensor;

namespace Optim;

/// <summary>Makes tensors. All are of element type Float64 on the managed engine unless a method says otherwise.</summary>
public static class Tensors
{
    /// <summary>A tensor of one axis.</summary>
    /// <param name="values">Its elements, copied.</param>
    /// <returns>A tensor of shape (n).</returns>
    public static Tensor Of(params double[] values)
    {
        ArgumentNullException.ThrowIfNull(values);
        return Fn.ofArray(values);
    }

    /// <summary>A tensor of a given shape.</summary>
    /// <param name="values">Its elements, row by row: an array of double, float, long or bool, which decides the element type.</param>
    /// <param name="shape">The lengths of its axes.</param>
    /// <returns>The tensor.</returns>
    /// <exception cref="ShapeException">The count of elements is not the shape's.</exception>
    public static Tensor Of(Array values, params int[] shape)
    {
        ArgumentNullException.ThrowIfNull(values);
        ArgumentNullException.ThrowIfNull(shape);
        return Fn.create(shape, values);
    }

    /// <summary>A scalar.</summary>
    /// <param name="value">The number.</param>
    /// <returns>A tensor of shape ().</returns>
    public static Tensor Scalar(double value) => Fn.scalar(value);

    /// <summary>Zeros.</summary>
    /// <param name="shape">The lengths of its axes.</param>
    /// <returns>The tensor.</returns>
    public static Tensor Zeros(params int[] shape) => Fn.zeros(Given.NotNull(shape));

    /// <summary>Ones.</summary>
    /// <param name="shape">The lengths of its axes.</param>
    /// <returns>The tensor.</returns>
    public static Tensor Ones(params int[] shape) => Fn.ones(Given.NotNull(shape));

    /// <summary>The identity matrix.</summary>
    /// <param name="order">Its order n, 0 or more.</param>
    /// <returns>A tensor of shape (n, n).</returns>
    public static Tensor Identity(int order) => Fn.identity(order);

    /// <summary>Independent draws from the standard normal distribution.</summary>
    /// <param name="seed">Fixes all draws.</param>
    /// <param name="shape">The lengths of its axes.</param>
    /// <returns>The tensor.</returns>
    public static Tensor Normal(long seed, params int[] shape) => Fn.normal(Key.FromSeed(seed), Given.NotNull(shape));

    /// <summary>Independent draws from the uniform distribution on [0, 1).</summary>
    /// <param name="seed">Fixes all draws.</param>
    /// <param name="shape">The lengths of its axes.</param>
    /// <returns>The tensor.</returns>
    public static Tensor Uniform(long seed, params int[] shape) => Fn.uniform(Key.FromSeed(seed), Given.NotNull(shape));
}
