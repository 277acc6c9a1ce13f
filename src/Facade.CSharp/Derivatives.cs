using static Optim.Given;
using D = Optim.Core.Derivatives;

namespace Optim;

/// <summary>Exact derivatives of functions of tensors. They nest: the function may itself take derivatives.</summary>
public static class Derivatives
{
    /// <summary>The gradient ∇f(x). Cost: 3 to 4 values of f.</summary>
    /// <param name="f">A function that gives one number.</param>
    /// <param name="x">The point, of any shape.</param>
    /// <returns>A tensor of the shape of x.</returns>
    /// <exception cref="ShapeException">f gives more than one number.</exception>
    public static Tensor Gradient(Func<Tensor, Tensor> f, Tensor x) => D.grad(Checked(f), NotNull(x));

    /// <summary>f(x) and its gradient.</summary>
    /// <param name="f">A function that gives one number.</param>
    /// <param name="x">The point, of any shape.</param>
    /// <returns>The value and the gradient.</returns>
    /// <exception cref="ShapeException">f gives more than one number.</exception>
    public static ValueAndGradient ValueAndGradient(Func<Tensor, Tensor> f, Tensor x)
    {
        var (value, gradient) = D.valueAndGrad(Checked(f), NotNull(x));
        return new ValueAndGradient(value, gradient);
    }

    /// <summary>The directional derivative J v of f at x. Cost: about 2 values of f.</summary>
    /// <param name="f">Any function.</param>
    /// <param name="x">The point.</param>
    /// <param name="direction">v, of the shape of x.</param>
    /// <returns>A tensor of the shape of f(x).</returns>
    /// <exception cref="ShapeException">The direction has another shape than x.</exception>
    public static Tensor Along(Func<Tensor, Tensor> f, Tensor x, Tensor direction) => D.jvp(Checked(f), NotNull(x), NotNull(direction)).Item2;

    /// <summary>The matrix of first derivatives at a vector.</summary>
    /// <param name="f">Any function of a vector.</param>
    /// <param name="x">The point (n).</param>
    /// <returns>A tensor of the shape of f(x) with an axis n added.</returns>
    /// <exception cref="ShapeException">x has more than one axis.</exception>
    public static Tensor Jacobian(Func<Tensor, Tensor> f, Tensor x) => D.jacobian(Checked(f), NotNull(x));

    /// <summary>The matrix of second derivatives at a vector, exactly. Cost: n Hessian products in batches.</summary>
    /// <param name="f">A function of a vector that gives one number.</param>
    /// <param name="x">The point (n).</param>
    /// <returns>A tensor (n, n).</returns>
    /// <exception cref="ShapeException">x has more than one axis, or f gives more than one number.</exception>
    public static Tensor Hessian(Func<Tensor, Tensor> f, Tensor x) => D.hessian(Checked(f), NotNull(x));

    /// <summary>The product H v of the Hessian with a vector, without building H. Cost: about 2 gradients.</summary>
    /// <param name="f">A function that gives one number.</param>
    /// <param name="x">The point.</param>
    /// <param name="vector">v, of the shape of x.</param>
    /// <returns>A tensor of the shape of x.</returns>
    /// <exception cref="ShapeException">The vector has another shape than x, or f gives more than one number.</exception>
    public static Tensor HessianProduct(Func<Tensor, Tensor> f, Tensor x, Tensor vector) => D.hvp(Checked(f), NotNull(x), NotNull(vector));

    /// <summary>f applied to each part along the first axis in one pass, results stacked.</summary>
    /// <param name="f">A function of one part; it cannot read numbers.</param>
    /// <param name="parts">The parts, along the first axis.</param>
    /// <returns>The results, along the first axis.</returns>
    /// <exception cref="ShapeException">parts is a scalar.</exception>
    public static Tensor Batch(Func<Tensor, Tensor> f, Tensor parts) => D.vmap(Checked(f), NotNull(parts));

    private static Microsoft.FSharp.Core.FSharpFunc<Tensor, Tensor> Checked(Func<Tensor, Tensor> f)
    {
        ArgumentNullException.ThrowIfNull(f);
        return Functions.ToCore(f);
    }
}
