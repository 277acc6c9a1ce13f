using Fn = Optim.Core.Tensor;
using Linear = Optim.Core.Linalg;
using Moves = Optim.Core.Shaping;

namespace Optim;

/// <summary>Functions of tensors, meant for <c>using static Optim.TensorMath</c>. All can be differentiated and batched to any depth, except those that give truth values or indices.</summary>
public static class TensorMath
{
    /// <summary>The exponential, elementwise.</summary>
    /// <param name="x">The tensor.</param>
    /// <returns>The result, a new tensor.</returns>
    public static Tensor Exp(Tensor x) => Fn.exp(x);

    /// <summary>exp x − 1, exact near 0, elementwise.</summary>
    /// <param name="x">The tensor.</param>
    /// <returns>The result, a new tensor.</returns>
    public static Tensor Expm1(Tensor x) => Fn.expm1(x);

    /// <summary>The natural logarithm, elementwise.</summary>
    /// <param name="x">The tensor.</param>
    /// <returns>The result, a new tensor.</returns>
    public static Tensor Log(Tensor x) => Fn.log(x);

    /// <summary>log(1 + x), exact near 0, elementwise.</summary>
    /// <param name="x">The tensor.</param>
    /// <returns>The result, a new tensor.</returns>
    public static Tensor Log1p(Tensor x) => Fn.log1p(x);

    /// <summary>The square root, elementwise.</summary>
    /// <param name="x">The tensor.</param>
    /// <returns>The result, a new tensor.</returns>
    public static Tensor Sqrt(Tensor x) => Fn.sqrt(x);

    /// <summary>x², elementwise.</summary>
    /// <param name="x">The tensor.</param>
    /// <returns>The result, a new tensor.</returns>
    public static Tensor Square(Tensor x) => Fn.square(x);

    /// <summary>|x|, elementwise; its derivative at 0 is 0.</summary>
    /// <param name="x">The tensor.</param>
    /// <returns>The result, a new tensor.</returns>
    public static Tensor Abs(Tensor x) => Fn.abs(x);

    /// <summary>−1, 0 or 1, elementwise; NaN for NaN.</summary>
    /// <param name="x">The tensor.</param>
    /// <returns>The result, a new tensor.</returns>
    public static Tensor Sign(Tensor x) => Fn.sign(x);

    /// <summary>The sine, elementwise; radians.</summary>
    /// <param name="x">The tensor.</param>
    /// <returns>The result, a new tensor.</returns>
    public static Tensor Sin(Tensor x) => Fn.sin(x);

    /// <summary>The cosine, elementwise; radians.</summary>
    /// <param name="x">The tensor.</param>
    /// <returns>The result, a new tensor.</returns>
    public static Tensor Cos(Tensor x) => Fn.cos(x);

    /// <summary>The tangent, elementwise; radians.</summary>
    /// <param name="x">The tensor.</param>
    /// <returns>The result, a new tensor.</returns>
    public static Tensor Tan(Tensor x) => Fn.tan(x);

    /// <summary>The inverse sine, elementwise; radians.</summary>
    /// <param name="x">The tensor.</param>
    /// <returns>The result, a new tensor.</returns>
    public static Tensor Asin(Tensor x) => Fn.asin(x);

    /// <summary>The inverse cosine, elementwise; radians.</summary>
    /// <param name="x">The tensor.</param>
    /// <returns>The result, a new tensor.</returns>
    public static Tensor Acos(Tensor x) => Fn.acos(x);

    /// <summary>The inverse tangent, elementwise; radians.</summary>
    /// <param name="x">The tensor.</param>
    /// <returns>The result, a new tensor.</returns>
    public static Tensor Atan(Tensor x) => Fn.atan(x);

    /// <summary>The hyperbolic sine, elementwise.</summary>
    /// <param name="x">The tensor.</param>
    /// <returns>The result, a new tensor.</returns>
    public static Tensor Sinh(Tensor x) => Fn.sinh(x);

    /// <summary>The hyperbolic cosine, elementwise.</summary>
    /// <param name="x">The tensor.</param>
    /// <returns>The result, a new tensor.</returns>
    public static Tensor Cosh(Tensor x) => Fn.cosh(x);

    /// <summary>The hyperbolic tangent, elementwise.</summary>
    /// <param name="x">The tensor.</param>
    /// <returns>The result, a new tensor.</returns>
    public static Tensor Tanh(Tensor x) => Fn.tanh(x);

    /// <summary>1 / (1 + exp(−x)), without overflow, elementwise.</summary>
    /// <param name="x">The tensor.</param>
    /// <returns>The result, a new tensor.</returns>
    public static Tensor Sigmoid(Tensor x) => Fn.sigmoid(x);

    /// <summary>log(1 + exp x), without overflow, elementwise.</summary>
    /// <param name="x">The tensor.</param>
    /// <returns>The result, a new tensor.</returns>
    public static Tensor Softplus(Tensor x) => Fn.softplus(x);

    /// <summary>max(x, 0), elementwise; its derivative at 0 is 0.</summary>
    /// <param name="x">The tensor.</param>
    /// <returns>The result, a new tensor.</returns>
    public static Tensor Relu(Tensor x) => Fn.relu(x);

    /// <summary>x Φ(x) with the standard normal distribution function Φ, elementwise.</summary>
    /// <param name="x">The tensor.</param>
    /// <returns>The result, a new tensor.</returns>
    public static Tensor Gelu(Tensor x) => Fn.gelu(x);

    /// <summary>The error function, elementwise.</summary>
    /// <param name="x">The tensor.</param>
    /// <returns>The result, a new tensor.</returns>
    public static Tensor Erf(Tensor x) => Fn.erf(x);

    /// <summary>log |Γ(x)|, elementwise.</summary>
    /// <param name="x">The tensor.</param>
    /// <returns>The result, a new tensor.</returns>
    public static Tensor LogGamma(Tensor x) => Fn.logGamma(x);

    /// <summary>The derivative of log Γ, elementwise.</summary>
    /// <param name="x">The tensor.</param>
    /// <returns>The result, a new tensor.</returns>
    public static Tensor Digamma(Tensor x) => Fn.digamma(x);

    /// <summary>The sum of all elements.</summary>
    /// <param name="x">The tensor.</param>
    /// <returns>The result, a new tensor.</returns>
    public static Tensor Sum(Tensor x) => Fn.sum(x);

    /// <summary>The mean of all elements; NaN of none.</summary>
    /// <param name="x">The tensor.</param>
    /// <returns>The result, a new tensor.</returns>
    public static Tensor Mean(Tensor x) => Fn.mean(x);

    /// <summary>The product of all elements.</summary>
    /// <param name="x">The tensor.</param>
    /// <returns>The result, a new tensor.</returns>
    public static Tensor Product(Tensor x) => Fn.prod(x);

    /// <summary>The largest element; NaN if any is.</summary>
    /// <param name="x">The tensor.</param>
    /// <returns>The result, a new tensor.</returns>
    public static Tensor Max(Tensor x) => Fn.max(x);

    /// <summary>The smallest element; NaN if any is.</summary>
    /// <param name="x">The tensor.</param>
    /// <returns>The result, a new tensor.</returns>
    public static Tensor Min(Tensor x) => Fn.min(x);

    /// <summary>log Σ exp x over all elements, without overflow.</summary>
    /// <param name="x">The tensor.</param>
    /// <returns>The result, a new tensor.</returns>
    public static Tensor LogSumExp(Tensor x) => Fn.logSumExp(x);

    /// <summary>The Euclidean norm of all elements; its derivative at 0 is 0.</summary>
    /// <param name="x">The tensor.</param>
    /// <returns>The result, a new tensor.</returns>
    public static Tensor Norm(Tensor x) => Fn.norm(x);

    /// <summary>Sums over axes, which are dropped; −1 is the last.</summary>
    /// <param name="x">The tensor.</param>
    /// <param name="axes">The axes.</param>
    /// <returns>The result, a new tensor.</returns>
    public static Tensor Sum(Tensor x, params int[] axes) => Fn.sumOver(axes, x);

    /// <summary>Means over axes, which are dropped; −1 is the last.</summary>
    /// <param name="x">The tensor.</param>
    /// <param name="axes">The axes.</param>
    /// <returns>The result, a new tensor.</returns>
    public static Tensor Mean(Tensor x, params int[] axes) => Fn.meanOver(axes, x);

    /// <summary>The largest over axes, which are dropped; −1 is the last.</summary>
    /// <param name="x">The tensor.</param>
    /// <param name="axes">The axes.</param>
    /// <returns>The result, a new tensor.</returns>
    public static Tensor Max(Tensor x, params int[] axes) => Fn.maxOver(axes, x);

    /// <summary>The smallest over axes, which are dropped; −1 is the last.</summary>
    /// <param name="x">The tensor.</param>
    /// <param name="axes">The axes.</param>
    /// <returns>The result, a new tensor.</returns>
    public static Tensor Min(Tensor x, params int[] axes) => Fn.minOver(axes, x);

    /// <summary>log Σ exp x over axes, which are dropped; −1 is the last.</summary>
    /// <param name="x">The tensor.</param>
    /// <param name="axes">The axes.</param>
    /// <returns>The result, a new tensor.</returns>
    public static Tensor LogSumExp(Tensor x, params int[] axes) => Fn.logSumExpOver(axes, x);

    /// <summary>Euclidean norms over axes, which are dropped; −1 is the last.</summary>
    /// <param name="x">The tensor.</param>
    /// <param name="axes">The axes.</param>
    /// <returns>The result, a new tensor.</returns>
    public static Tensor Norm(Tensor x, params int[] axes) => Fn.normOver(axes, x);

    /// <summary>The larger of both, elementwise; NaN if either is.</summary>
    /// <param name="a">The first tensor.</param>
    /// <param name="b">The second tensor.</param>
    /// <returns>The result, a new tensor.</returns>
    public static Tensor Maximum(Tensor a, Tensor b) => Fn.maximum(a, b);

    /// <summary>The smaller of both, elementwise; NaN if either is.</summary>
    /// <param name="a">The first tensor.</param>
    /// <param name="b">The second tensor.</param>
    /// <returns>The result, a new tensor.</returns>
    public static Tensor Minimum(Tensor a, Tensor b) => Fn.minimum(a, b);

    /// <summary>Σ aᵢ bᵢ over all elements of two tensors of one shape.</summary>
    /// <param name="a">The first tensor.</param>
    /// <param name="b">The second tensor.</param>
    /// <returns>The result, a new tensor.</returns>
    public static Tensor Dot(Tensor a, Tensor b) => Fn.dot(a, b);

    /// <summary>The matrix aᵢ bⱼ of two vectors (m) and (n): (m, n).</summary>
    /// <param name="a">The first tensor.</param>
    /// <param name="b">The second tensor.</param>
    /// <returns>The result, a new tensor.</returns>
    public static Tensor Outer(Tensor a, Tensor b) => Fn.outer(a, b);

    /// <summary>The matrix product over the last two axes; leading axes broadcast; a vector is a row on the left and a column on the right.</summary>
    /// <param name="a">The first tensor.</param>
    /// <param name="b">The second tensor.</param>
    /// <returns>The result, a new tensor.</returns>
    public static Tensor MatMul(Tensor a, Tensor b) => Fn.matmul(a, b);

    /// <summary>Truth values: a &lt; b, elementwise.</summary>
    /// <param name="a">The first tensor.</param>
    /// <param name="b">The second tensor.</param>
    /// <returns>The result, a new tensor.</returns>
    public static Tensor Less(Tensor a, Tensor b) => Fn.less(a, b);

    /// <summary>Truth values: a ≤ b, elementwise.</summary>
    /// <param name="a">The first tensor.</param>
    /// <param name="b">The second tensor.</param>
    /// <returns>The result, a new tensor.</returns>
    public static Tensor LessEqual(Tensor a, Tensor b) => Fn.lessEqual(a, b);

    /// <summary>Truth values: a &gt; b, elementwise.</summary>
    /// <param name="a">The first tensor.</param>
    /// <param name="b">The second tensor.</param>
    /// <returns>The result, a new tensor.</returns>
    public static Tensor Greater(Tensor a, Tensor b) => Fn.greater(a, b);

    /// <summary>Truth values: a ≥ b, elementwise.</summary>
    /// <param name="a">The first tensor.</param>
    /// <param name="b">The second tensor.</param>
    /// <returns>The result, a new tensor.</returns>
    public static Tensor GreaterEqual(Tensor a, Tensor b) => Fn.greaterEqual(a, b);

    /// <summary>Truth values: a = b, elementwise.</summary>
    /// <param name="a">The first tensor.</param>
    /// <param name="b">The second tensor.</param>
    /// <returns>The result, a new tensor.</returns>
    public static Tensor EqualTo(Tensor a, Tensor b) => Fn.equal(a, b);

    /// <summary>x to a constant power, elementwise.</summary>
    /// <param name="x">The base.</param>
    /// <param name="exponent">The exponent.</param>
    /// <returns>The result, a new tensor.</returns>
    public static Tensor Power(Tensor x, double exponent) => Fn.power(exponent, x);

    /// <summary>x to a power, elementwise.</summary>
    /// <param name="x">The base.</param>
    /// <param name="exponent">The exponents.</param>
    /// <returns>The result, a new tensor.</returns>
    public static Tensor Power(Tensor x, Tensor exponent) => Fn.pow(x, exponent);

    /// <summary>The angle of the point (x, y), elementwise; radians.</summary>
    /// <param name="y">The ordinate.</param>
    /// <param name="x">The abscissa.</param>
    /// <returns>The result, a new tensor.</returns>
    public static Tensor Atan2(Tensor y, Tensor x) => Fn.atan2(y, x);

    /// <summary>a where the condition holds, else b; a NaN on the other side does not get through.</summary>
    /// <param name="condition">Truth values.</param>
    /// <param name="a">Where true.</param>
    /// <param name="b">Where false.</param>
    /// <returns>The result, a new tensor.</returns>
    public static Tensor Where(Tensor condition, Tensor a, Tensor b) => Fn.where(condition, a, b);

    /// <summary>x moved into a closed range, elementwise.</summary>
    /// <param name="x">The tensor.</param>
    /// <param name="low">The lower end.</param>
    /// <param name="high">The upper end.</param>
    /// <returns>The result, a new tensor.</returns>
    public static Tensor Clamp(Tensor x, double low, double high) => Fn.clamp(low, high, x);

    /// <summary>exp x / Σ exp x along an axis.</summary>
    /// <param name="x">The tensor.</param>
    /// <param name="axis">The axis; −1 is the last.</param>
    /// <returns>The result, a new tensor.</returns>
    public static Tensor Softmax(Tensor x, int axis = -1) => Fn.softmax(axis, x);

    /// <summary>x − log Σ exp x along an axis.</summary>
    /// <param name="x">The tensor.</param>
    /// <param name="axis">The axis; −1 is the last.</param>
    /// <returns>The result, a new tensor.</returns>
    public static Tensor LogSoftmax(Tensor x, int axis = -1) => Fn.logSoftmax(axis, x);

    /// <summary>The position of the first largest element along an axis, which is dropped.</summary>
    /// <param name="x">The tensor.</param>
    /// <param name="axis">The axis; −1 is the last.</param>
    /// <returns>Int64 indices.</returns>
    public static Tensor ArgMax(Tensor x, int axis = -1) => Fn.argMax(axis, x);

    /// <summary>The same elements, row by row, in another shape; one length may be −1 and is then worked out.</summary>
    /// <param name="x">The tensor.</param>
    /// <param name="shape">The lengths.</param>
    /// <returns>The result, a new tensor.</returns>
    public static Tensor Reshape(Tensor x, params int[] shape) => Moves.reshape(shape, x);

    /// <summary>The last two axes exchanged.</summary>
    /// <param name="x">The tensor.</param>
    /// <returns>The result, a new tensor.</returns>
    public static Tensor Transpose(Tensor x) => Moves.transpose(x);

    /// <summary>Tensors joined along an axis.</summary>
    /// <param name="axis">The axis; −1 is the last.</param>
    /// <param name="parts">The tensors, one or more.</param>
    /// <returns>The result, a new tensor.</returns>
    public static Tensor Concat(int axis, params Tensor[] parts) => Moves.concat(axis, parts);

    /// <summary>Tensors of one shape joined along a new axis.</summary>
    /// <param name="axis">The place of the new axis.</param>
    /// <param name="parts">The tensors, one or more.</param>
    /// <returns>The result, a new tensor.</returns>
    public static Tensor Stack(int axis, params Tensor[] parts) => Moves.stack(axis, parts);

    /// <summary>The x with a x = b; NaN or infinite where a is singular.</summary>
    /// <param name="a">Square matrices (…, n, n).</param>
    /// <param name="b">Right-hand sides (n) or (…, n, r).</param>
    /// <returns>The result, a new tensor.</returns>
    public static Tensor Solve(Tensor a, Tensor b) => Linear.solve(a, b);

    /// <summary>The inverse; NaN or infinite where a is singular.</summary>
    /// <param name="a">Square matrices (…, n, n).</param>
    /// <returns>The result, a new tensor.</returns>
    public static Tensor Inverse(Tensor a) => Linear.inverse(a);

    /// <summary>The lower L with L Lᵀ = a; all NaN where a is not positive definite.</summary>
    /// <param name="a">Symmetric matrices (…, n, n).</param>
    /// <returns>The result, a new tensor.</returns>
    public static Tensor Cholesky(Tensor a) => Linear.cholesky(a);

    /// <summary>The determinant.</summary>
    /// <param name="a">Square matrices (…, n, n).</param>
    /// <returns>The result, a new tensor.</returns>
    public static Tensor Determinant(Tensor a) => Linear.determinant(a);
}
