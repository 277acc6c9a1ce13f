using static Optim.Given;
using Fn = Optim.Core.Tensor;

namespace Optim;

/// <summary>Functions of tensors, meant for <c>using static Optim.TensorMath</c>. All can be differentiated and batched to any depth, except those that give truth values or indices.</summary>
public static partial class TensorMath
{
    /// <summary>The exponential, elementwise.</summary>
    /// <param name="x">The tensor.</param>
    /// <returns>The result, a new tensor.</returns>
    public static Tensor Exp(Tensor x) => Fn.exp(NotNull(x));

    /// <summary>exp x − 1, exact near 0, elementwise.</summary>
    /// <param name="x">The tensor.</param>
    /// <returns>The result, a new tensor.</returns>
    public static Tensor Expm1(Tensor x) => Fn.expm1(NotNull(x));

    /// <summary>The natural logarithm, elementwise.</summary>
    /// <param name="x">The tensor.</param>
    /// <returns>The result, a new tensor.</returns>
    public static Tensor Log(Tensor x) => Fn.log(NotNull(x));

    /// <summary>log(1 + x), exact near 0, elementwise.</summary>
    /// <param name="x">The tensor.</param>
    /// <returns>The result, a new tensor.</returns>
    public static Tensor Log1p(Tensor x) => Fn.log1p(NotNull(x));

    /// <summary>The square root, elementwise.</summary>
    /// <param name="x">The tensor.</param>
    /// <returns>The result, a new tensor.</returns>
    public static Tensor Sqrt(Tensor x) => Fn.sqrt(NotNull(x));

    /// <summary>x², elementwise.</summary>
    /// <param name="x">The tensor.</param>
    /// <returns>The result, a new tensor.</returns>
    public static Tensor Square(Tensor x) => Fn.square(NotNull(x));

    /// <summary>|x|, elementwise; its derivative at 0 is 0.</summary>
    /// <param name="x">The tensor.</param>
    /// <returns>The result, a new tensor.</returns>
    public static Tensor Abs(Tensor x) => Fn.abs(NotNull(x));

    /// <summary>−1, 0 or 1, elementwise; NaN for NaN.</summary>
    /// <param name="x">The tensor.</param>
    /// <returns>The result, a new tensor.</returns>
    public static Tensor Sign(Tensor x) => Fn.sign(NotNull(x));

    /// <summary>The sine, elementwise; radians.</summary>
    /// <param name="x">The tensor.</param>
    /// <returns>The result, a new tensor.</returns>
    public static Tensor Sin(Tensor x) => Fn.sin(NotNull(x));

    /// <summary>The cosine, elementwise; radians.</summary>
    /// <param name="x">The tensor.</param>
    /// <returns>The result, a new tensor.</returns>
    public static Tensor Cos(Tensor x) => Fn.cos(NotNull(x));

    /// <summary>The tangent, elementwise; radians.</summary>
    /// <param name="x">The tensor.</param>
    /// <returns>The result, a new tensor.</returns>
    public static Tensor Tan(Tensor x) => Fn.tan(NotNull(x));

    /// <summary>The inverse sine, elementwise; radians.</summary>
    /// <param name="x">The tensor.</param>
    /// <returns>The result, a new tensor.</returns>
    public static Tensor Asin(Tensor x) => Fn.asin(NotNull(x));

    /// <summary>The inverse cosine, elementwise; radians.</summary>
    /// <param name="x">The tensor.</param>
    /// <returns>The result, a new tensor.</returns>
    public static Tensor Acos(Tensor x) => Fn.acos(NotNull(x));

    /// <summary>The inverse tangent, elementwise; radians.</summary>
    /// <param name="x">The tensor.</param>
    /// <returns>The result, a new tensor.</returns>
    public static Tensor Atan(Tensor x) => Fn.atan(NotNull(x));

    /// <summary>The hyperbolic sine, elementwise.</summary>
    /// <param name="x">The tensor.</param>
    /// <returns>The result, a new tensor.</returns>
    public static Tensor Sinh(Tensor x) => Fn.sinh(NotNull(x));

    /// <summary>The hyperbolic cosine, elementwise.</summary>
    /// <param name="x">The tensor.</param>
    /// <returns>The result, a new tensor.</returns>
    public static Tensor Cosh(Tensor x) => Fn.cosh(NotNull(x));

    /// <summary>The hyperbolic tangent, elementwise.</summary>
    /// <param name="x">The tensor.</param>
    /// <returns>The result, a new tensor.</returns>
    public static Tensor Tanh(Tensor x) => Fn.tanh(NotNull(x));

    /// <summary>1 / (1 + exp(−x)), without overflow, elementwise.</summary>
    /// <param name="x">The tensor.</param>
    /// <returns>The result, a new tensor.</returns>
    public static Tensor Sigmoid(Tensor x) => Fn.sigmoid(NotNull(x));

    /// <summary>log(1 + exp x), without overflow, elementwise.</summary>
    /// <param name="x">The tensor.</param>
    /// <returns>The result, a new tensor.</returns>
    public static Tensor Softplus(Tensor x) => Fn.softplus(NotNull(x));

    /// <summary>max(x, 0), elementwise; its derivative at 0 is 0.</summary>
    /// <param name="x">The tensor.</param>
    /// <returns>The result, a new tensor.</returns>
    public static Tensor Relu(Tensor x) => Fn.relu(NotNull(x));

    /// <summary>x Φ(x) with the standard normal distribution function Φ, elementwise.</summary>
    /// <param name="x">The tensor.</param>
    /// <returns>The result, a new tensor.</returns>
    public static Tensor Gelu(Tensor x) => Fn.gelu(NotNull(x));

    /// <summary>The error function, elementwise.</summary>
    /// <param name="x">The tensor.</param>
    /// <returns>The result, a new tensor.</returns>
    public static Tensor Erf(Tensor x) => Fn.erf(NotNull(x));

    /// <summary>log |Γ(x)|, elementwise.</summary>
    /// <param name="x">The tensor.</param>
    /// <returns>The result, a new tensor.</returns>
    public static Tensor LogGamma(Tensor x) => Fn.logGamma(NotNull(x));

    /// <summary>The derivative of log Γ, elementwise.</summary>
    /// <param name="x">The tensor.</param>
    /// <returns>The result, a new tensor.</returns>
    public static Tensor Digamma(Tensor x) => Fn.digamma(NotNull(x));

    /// <summary>The larger of both, elementwise; NaN if either is.</summary>
    /// <param name="a">The first tensor.</param>
    /// <param name="b">The second tensor.</param>
    /// <returns>The result, a new tensor.</returns>
    public static Tensor Maximum(Tensor a, Tensor b) => Fn.maximum(NotNull(a), NotNull(b));

    /// <summary>The smaller of both, elementwise; NaN if either is.</summary>
    /// <param name="a">The first tensor.</param>
    /// <param name="b">The second tensor.</param>
    /// <returns>The result, a new tensor.</returns>
    public static Tensor Minimum(Tensor a, Tensor b) => Fn.minimum(NotNull(a), NotNull(b));

    /// <summary>Σ aᵢ bᵢ over all elements of two tensors of one shape.</summary>
    /// <param name="a">The first tensor.</param>
    /// <param name="b">The second tensor.</param>
    /// <returns>The result, a new tensor.</returns>
    /// <exception cref="ShapeException">They are no vectors of one length.</exception>
    public static Tensor Dot(Tensor a, Tensor b) => Fn.dot(NotNull(a), NotNull(b));

    /// <summary>The matrix aᵢ bⱼ of two vectors (m) and (n): (m, n).</summary>
    /// <param name="a">The first tensor.</param>
    /// <param name="b">The second tensor.</param>
    /// <returns>The result, a new tensor.</returns>
    /// <exception cref="ShapeException">They are no vectors.</exception>
    public static Tensor Outer(Tensor a, Tensor b) => Fn.outer(NotNull(a), NotNull(b));

    /// <summary>The matrix product over the last two axes; leading axes broadcast; a vector is a row on the left and a column on the right.</summary>
    /// <param name="a">The first tensor.</param>
    /// <param name="b">The second tensor.</param>
    /// <returns>The result, a new tensor.</returns>
    /// <exception cref="ShapeException">The inner lengths differ.</exception>
    public static Tensor MatMul(Tensor a, Tensor b) => Fn.matmul(NotNull(a), NotNull(b));

    /// <summary>Truth values: a &lt; b, elementwise.</summary>
    /// <param name="a">The first tensor.</param>
    /// <param name="b">The second tensor.</param>
    /// <returns>The result, a new tensor.</returns>
    public static Tensor Less(Tensor a, Tensor b) => Fn.less(NotNull(a), NotNull(b));

    /// <summary>Truth values: a ≤ b, elementwise.</summary>
    /// <param name="a">The first tensor.</param>
    /// <param name="b">The second tensor.</param>
    /// <returns>The result, a new tensor.</returns>
    public static Tensor LessEqual(Tensor a, Tensor b) => Fn.lessEqual(NotNull(a), NotNull(b));

    /// <summary>Truth values: a &gt; b, elementwise.</summary>
    /// <param name="a">The first tensor.</param>
    /// <param name="b">The second tensor.</param>
    /// <returns>The result, a new tensor.</returns>
    public static Tensor Greater(Tensor a, Tensor b) => Fn.greater(NotNull(a), NotNull(b));

    /// <summary>Truth values: a ≥ b, elementwise.</summary>
    /// <param name="a">The first tensor.</param>
    /// <param name="b">The second tensor.</param>
    /// <returns>The result, a new tensor.</returns>
    public static Tensor GreaterEqual(Tensor a, Tensor b) => Fn.greaterEqual(NotNull(a), NotNull(b));

    /// <summary>Truth values: a = b, elementwise.</summary>
    /// <param name="a">The first tensor.</param>
    /// <param name="b">The second tensor.</param>
    /// <returns>The result, a new tensor.</returns>
    public static Tensor EqualTo(Tensor a, Tensor b) => Fn.equal(NotNull(a), NotNull(b));

    /// <summary>x to a constant power, elementwise.</summary>
    /// <param name="x">The base.</param>
    /// <param name="exponent">The exponent.</param>
    /// <returns>The result, a new tensor.</returns>
    public static Tensor Power(Tensor x, double exponent) => Fn.power(exponent, NotNull(x));

    /// <summary>x to a power, elementwise.</summary>
    /// <param name="x">The base.</param>
    /// <param name="exponent">The exponents.</param>
    /// <returns>The result, a new tensor.</returns>
    public static Tensor Power(Tensor x, Tensor exponent) => Fn.pow(NotNull(x), NotNull(exponent));

    /// <summary>The angle of the point (x, y), elementwise; radians.</summary>
    /// <param name="y">The ordinate.</param>
    /// <param name="x">The abscissa.</param>
    /// <returns>The result, a new tensor.</returns>
    public static Tensor Atan2(Tensor y, Tensor x) => Fn.atan2(NotNull(y), NotNull(x));

    /// <summary>a where the condition holds, else b; a NaN on the other side does not get through.</summary>
    /// <param name="condition">Truth values.</param>
    /// <param name="a">Where true.</param>
    /// <param name="b">Where false.</param>
    /// <returns>The result, a new tensor.</returns>
    public static Tensor Where(Tensor condition, Tensor a, Tensor b) => Fn.where(NotNull(condition), NotNull(a), NotNull(b));

    /// <summary>x moved into a closed range, elementwise.</summary>
    /// <param name="x">The tensor.</param>
    /// <param name="low">The lower end.</param>
    /// <param name="high">The upper end.</param>
    /// <returns>The result, a new tensor.</returns>
    public static Tensor Clamp(Tensor x, double low, double high) => Fn.clamp(low, high, NotNull(x));

    /// <summary>The largest whole number not above x, elementwise; its derivative is 0.</summary>
    /// <param name="x">The tensor.</param>
    /// <returns>The result, a new tensor.</returns>
    public static Tensor Floor(Tensor x) => Fn.floor(NotNull(x));

    /// <summary>The smallest whole number not below x, elementwise; its derivative is 0.</summary>
    /// <param name="x">The tensor.</param>
    /// <returns>The result, a new tensor.</returns>
    public static Tensor Ceiling(Tensor x) => Fn.ceiling(NotNull(x));

    /// <summary>The nearest whole number, elementwise, even at halves; its derivative is 0.</summary>
    /// <param name="x">The tensor.</param>
    /// <returns>The result, a new tensor.</returns>
    public static Tensor Round(Tensor x) => Fn.round(NotNull(x));

    /// <summary>The inverse hyperbolic sine, elementwise.</summary>
    /// <param name="x">The tensor.</param>
    /// <returns>The result, a new tensor.</returns>
    public static Tensor Asinh(Tensor x) => Fn.asinh(NotNull(x));

    /// <summary>The inverse hyperbolic cosine, elementwise.</summary>
    /// <param name="x">The tensor.</param>
    /// <returns>The result, a new tensor.</returns>
    public static Tensor Acosh(Tensor x) => Fn.acosh(NotNull(x));

    /// <summary>The inverse hyperbolic tangent, elementwise.</summary>
    /// <param name="x">The tensor.</param>
    /// <returns>The result, a new tensor.</returns>
    public static Tensor Atanh(Tensor x) => Fn.atanh(NotNull(x));

    /// <summary>1 − erf x, exact where erf is near 1, elementwise.</summary>
    /// <param name="x">The tensor.</param>
    /// <returns>The result, a new tensor.</returns>
    public static Tensor Erfc(Tensor x) => Fn.erfc(NotNull(x));

    /// <summary>x · sigmoid x, elementwise.</summary>
    /// <param name="x">The tensor.</param>
    /// <returns>The result, a new tensor.</returns>
    public static Tensor Silu(Tensor x) => Fn.silu(NotNull(x));

    /// <summary>x where it is positive, else exp x − 1, elementwise.</summary>
    /// <param name="x">The tensor.</param>
    /// <returns>The result, a new tensor.</returns>
    public static Tensor Elu(Tensor x) => Fn.elu(NotNull(x));

    /// <summary>Whether each element is NaN: truth values.</summary>
    /// <param name="x">The tensor.</param>
    /// <returns>The result, a new tensor.</returns>
    public static Tensor IsNaN(Tensor x) => Fn.isNaN(NotNull(x));

    /// <summary>Whether each element is finite: truth values.</summary>
    /// <param name="x">The tensor.</param>
    /// <returns>The result, a new tensor.</returns>
    public static Tensor IsFinite(Tensor x) => Fn.isFinite(NotNull(x));

    /// <summary>The opposite of truth values, elementwise.</summary>
    /// <param name="x">The tensor.</param>
    /// <returns>The result, a new tensor.</returns>
    public static Tensor Not(Tensor x) => Fn.not(NotNull(x));

    /// <summary>Whether a ≠ b, elementwise: truth values.</summary>
    /// <param name="a">The first.</param>
    /// <param name="b">The second.</param>
    /// <returns>The result, a new tensor.</returns>
    public static Tensor NotEqualTo(Tensor a, Tensor b) => Fn.notEqual(NotNull(a), NotNull(b));

    /// <summary>The derivative of the digamma function of an order, elementwise: order 1 is the trigamma function.</summary>
    /// <param name="x">The tensor.</param>
    /// <param name="order">0 or more.</param>
    /// <returns>The result, a new tensor.</returns>
    public static Tensor Polygamma(Tensor x, int order) => Fn.polygamma(order, NotNull(x));

    /// <summary>x where it is positive, else slope · x, elementwise.</summary>
    /// <param name="x">The tensor.</param>
    /// <param name="slope">The slope.</param>
    /// <returns>The result, a new tensor.</returns>
    public static Tensor LeakyRelu(Tensor x, double slope = 0.01) => Fn.leakyRelu(slope, NotNull(x));
}
