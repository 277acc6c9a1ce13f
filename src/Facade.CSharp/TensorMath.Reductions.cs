using static Optim.Given;
using Fn = Optim.Core.Tensor;

namespace Optim;

/// <content>Numbers for whole tensors, or for axes of them.</content>
public static partial class TensorMath
{
    /// <summary>The sum of all elements.</summary>
    /// <param name="x">The tensor.</param>
    /// <returns>The result, a new tensor.</returns>
    public static Tensor Sum(Tensor x) => Fn.sum(NotNull(x));

    /// <summary>The mean of all elements; NaN of none.</summary>
    /// <param name="x">The tensor.</param>
    /// <returns>The result, a new tensor.</returns>
    public static Tensor Mean(Tensor x) => Fn.mean(NotNull(x));

    /// <summary>The product of all elements.</summary>
    /// <param name="x">The tensor.</param>
    /// <returns>The result, a new tensor.</returns>
    public static Tensor Product(Tensor x) => Fn.prod(NotNull(x));

    /// <summary>The largest element; NaN if any is.</summary>
    /// <param name="x">The tensor.</param>
    /// <returns>The result, a new tensor.</returns>
    public static Tensor Max(Tensor x) => Fn.max(NotNull(x));

    /// <summary>The smallest element; NaN if any is.</summary>
    /// <param name="x">The tensor.</param>
    /// <returns>The result, a new tensor.</returns>
    public static Tensor Min(Tensor x) => Fn.min(NotNull(x));

    /// <summary>log Σ exp x over all elements, without overflow.</summary>
    /// <param name="x">The tensor.</param>
    /// <returns>The result, a new tensor.</returns>
    public static Tensor LogSumExp(Tensor x) => Fn.logSumExp(NotNull(x));

    /// <summary>The Euclidean norm of all elements; its derivative at 0 is 0.</summary>
    /// <param name="x">The tensor.</param>
    /// <returns>The result, a new tensor.</returns>
    public static Tensor Norm(Tensor x) => Fn.norm(NotNull(x));

    /// <summary>Sums over axes, which are dropped; −1 is the last.</summary>
    /// <param name="x">The tensor.</param>
    /// <param name="axes">The axes.</param>
    /// <returns>The result, a new tensor.</returns>
    /// <exception cref="ShapeException">There is no such axis, or one is named twice.</exception>
    public static Tensor Sum(Tensor x, params int[] axes) => Fn.sumOver(NotNull(axes), NotNull(x));

    /// <summary>Means over axes, which are dropped; −1 is the last.</summary>
    /// <param name="x">The tensor.</param>
    /// <param name="axes">The axes.</param>
    /// <returns>The result, a new tensor.</returns>
    /// <exception cref="ShapeException">There is no such axis, or one is named twice.</exception>
    public static Tensor Mean(Tensor x, params int[] axes) => Fn.meanOver(NotNull(axes), NotNull(x));

    /// <summary>The largest over axes, which are dropped; −1 is the last.</summary>
    /// <param name="x">The tensor.</param>
    /// <param name="axes">The axes.</param>
    /// <returns>The result, a new tensor.</returns>
    /// <exception cref="ShapeException">There is no such axis, or one is named twice.</exception>
    public static Tensor Max(Tensor x, params int[] axes) => Fn.maxOver(NotNull(axes), NotNull(x));

    /// <summary>The smallest over axes, which are dropped; −1 is the last.</summary>
    /// <param name="x">The tensor.</param>
    /// <param name="axes">The axes.</param>
    /// <returns>The result, a new tensor.</returns>
    /// <exception cref="ShapeException">There is no such axis, or one is named twice.</exception>
    public static Tensor Min(Tensor x, params int[] axes) => Fn.minOver(NotNull(axes), NotNull(x));

    /// <summary>log Σ exp x over axes, which are dropped; −1 is the last.</summary>
    /// <param name="x">The tensor.</param>
    /// <param name="axes">The axes.</param>
    /// <returns>The result, a new tensor.</returns>
    /// <exception cref="ShapeException">There is no such axis, or one is named twice.</exception>
    public static Tensor LogSumExp(Tensor x, params int[] axes) => Fn.logSumExpOver(NotNull(axes), NotNull(x));

    /// <summary>Euclidean norms over axes, which are dropped; −1 is the last.</summary>
    /// <param name="x">The tensor.</param>
    /// <param name="axes">The axes.</param>
    /// <returns>The result, a new tensor.</returns>
    /// <exception cref="ShapeException">There is no such axis, or one is named twice.</exception>
    public static Tensor Norm(Tensor x, params int[] axes) => Fn.normOver(NotNull(axes), NotNull(x));

    /// <summary>exp x / Σ exp x along an axis.</summary>
    /// <param name="x">The tensor.</param>
    /// <param name="axis">The axis; −1 is the last.</param>
    /// <returns>The result, a new tensor.</returns>
    /// <exception cref="ShapeException">There is no such axis.</exception>
    public static Tensor Softmax(Tensor x, int axis = -1) => Fn.softmax(axis, NotNull(x));

    /// <summary>x − log Σ exp x along an axis.</summary>
    /// <param name="x">The tensor.</param>
    /// <param name="axis">The axis; −1 is the last.</param>
    /// <returns>The result, a new tensor.</returns>
    /// <exception cref="ShapeException">There is no such axis.</exception>
    public static Tensor LogSoftmax(Tensor x, int axis = -1) => Fn.logSoftmax(axis, NotNull(x));

    /// <summary>The position of the first largest element along an axis, which is dropped.</summary>
    /// <param name="x">The tensor.</param>
    /// <param name="axis">The axis; −1 is the last.</param>
    /// <returns>Int64 indices.</returns>
    /// <exception cref="ShapeException">There is no such axis.</exception>
    public static Tensor ArgMax(Tensor x, int axis = -1) => Fn.argMax(axis, NotNull(x));

    /// <summary>Running sums along an axis.</summary>
    /// <param name="x">The tensor.</param>
    /// <param name="axis">The axis; −1 is the last.</param>
    /// <returns>The result, a new tensor.</returns>
    /// <exception cref="ShapeException">There is no such axis.</exception>
    public static Tensor CumulativeSum(Tensor x, int axis = -1) => Fn.cumsum(axis, NotNull(x));

    /// <summary>The positions of the first smallest elements along an axis, which is dropped.</summary>
    /// <param name="x">The tensor.</param>
    /// <param name="axis">The axis; −1 is the last.</param>
    /// <returns>The result, a new tensor.</returns>
    /// <exception cref="ShapeException">There is no such axis.</exception>
    public static Tensor ArgMin(Tensor x, int axis = -1) => Fn.argMin(axis, NotNull(x));

    /// <summary>The product over axes.</summary>
    /// <param name="x">The tensor.</param>
    /// <param name="axes">The axes; −1 is the last, none means all.</param>
    /// <returns>The result, a new tensor.</returns>
    /// <exception cref="ShapeException">There is no such axis, or one is named twice.</exception>
    public static Tensor Product(Tensor x, params int[] axes) => Fn.prodOver(NotNull(axes), NotNull(x));
}
