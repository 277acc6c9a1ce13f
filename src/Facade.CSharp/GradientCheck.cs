using static Optim.Given;

namespace Optim;

/// <summary>Compares derivatives with differences of values, to find mistakes in functions that are put together by hand.</summary>
public static class GradientCheck
{
    /// <summary>Compares the gradient of f at x with extrapolated central differences. Cost: 10 values of f for each component. Choose a point without kinks nearby.</summary>
    /// <param name="f">A function that gives one number.</param>
    /// <param name="x">The point, of any shape.</param>
    /// <returns>Which components are wrong, and how.</returns>
    /// <exception cref="ArgumentException">x holds no floating-point numbers, or f gives more than one number.</exception>
    public static DerivativeReport Gradient(Func<Tensor, Tensor> f, Tensor x) =>
        DerivativeReport.FromCore(Core.GradientCheck.checkGradients(Functions.ToCore(NotNull(f)), NotNull(x)));

    /// <summary>Compares the product H v of the Hessian of f at x with differences of the gradient along v. Cost: 10 gradients. A wrong gradient gives differences that are consistently wrong, so check that first.</summary>
    /// <param name="f">A function that gives one number.</param>
    /// <param name="x">The point, of any shape.</param>
    /// <param name="vector">v, of the shape of x, not 0.</param>
    /// <returns>Which components are wrong, and how.</returns>
    /// <exception cref="ArgumentException">x holds no floating-point numbers, v has another shape or is 0, or f gives more than one number.</exception>
    public static DerivativeReport HessianProduct(Func<Tensor, Tensor> f, Tensor x, Tensor vector) =>
        DerivativeReport.FromCore(Core.GradientCheck.checkHessianProduct(Functions.ToCore(NotNull(f)), NotNull(x), NotNull(vector)));
}
