using Fn = Optim.Core.Tensor;

namespace Optim;

/// <summary>Makes and moves tensors. All are of element type Float64 on <see cref="Device.Cpu"/> unless a method says otherwise.</summary>
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

    /// <summary>The same numbers on another device; the tensor itself if it is there. Operations want all their operands on one device, and none moves a tensor by itself. The derivative moves with the numbers.</summary>
    /// <param name="x">A tensor.</param>
    /// <param name="device">Where it is to be: <see cref="Device.Cpu"/>, <see cref="Device.Torch"/> or <see cref="Device.Cuda"/>.</param>
    /// <returns>The tensor there.</returns>
    /// <exception cref="ArgumentException">There is no engine for such a device.</exception>
    /// <exception cref="EngineException">The device's library is missing or failed.</exception>
    public static Tensor MoveTo(this Tensor x, Device device)
    {
        ArgumentNullException.ThrowIfNull(x);
        return Fn.moveTo(Engines.Checked(device), x);
    }

    /// <summary>A constant on the device of a point, for functions that hold a tensor and are given points of any device. The copy is made at the first call and remembered while the constant lives; use it for tensors that are made once, and <see cref="MoveTo"/> for others.</summary>
    /// <param name="constant">A tensor.</param>
    /// <param name="point">What it is to be used with.</param>
    /// <returns>The constant there; itself if it is there already.</returns>
    public static Tensor Alongside(this Tensor constant, Tensor point)
    {
        ArgumentNullException.ThrowIfNull(constant);
        ArgumentNullException.ThrowIfNull(point);
        return Fn.alongside(point, constant);
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
