using Microsoft.FSharp.Core;

using CoreMany = Optim.Core.ManyObjective;
using Make = Optim.Core.ManyObjectiveModule;

namespace Optim;

/// <summary>A function of a vector (n) and a member's data that is to be minimized for many members at once: one problem shape, many data sets or starts. What is compiled for it is kept, so use the same one again.</summary>
public sealed class ManyObjective
{
    private ManyObjective(CoreMany core) => Core = core;

    internal CoreMany Core { get; }

    /// <summary>The name in reports.</summary>
    public string Name => Core.Name;

    /// <summary>One function for all members, which differ in their starts.</summary>
    /// <param name="function">From a vector (n) to one number, written with tensor operations. It must not branch on numbers.</param>
    /// <returns>The objective.</returns>
    public static ManyObjective From(Func<Tensor, Tensor> function)
    {
        ArgumentNullException.ThrowIfNull(function);
        return new ManyObjective(Make.ofFunction(Functions.ToCore(function)));
    }

    /// <summary>A function of a vector and the member's own data.</summary>
    /// <param name="function">From a vector (n) and the member's part of each data tensor to one number. It must not branch on numbers.</param>
    /// <param name="name">The name in reports.</param>
    /// <returns>The objective.</returns>
    public static ManyObjective From(Func<Tensor, IReadOnlyList<Tensor>, Tensor> function, string name = "function")
    {
        ArgumentNullException.ThrowIfNull(function);
        ArgumentNullException.ThrowIfNull(name);
        return new ManyObjective(Make.withData(name, ToCore(function)));
    }

    /// <summary>Half the sum of squared residuals.</summary>
    /// <param name="residuals">From a vector (n) and the member's part of each data tensor to residuals. It must not branch on numbers.</param>
    /// <param name="name">The name in reports.</param>
    /// <returns>The objective.</returns>
    public static ManyObjective LeastSquares(Func<Tensor, IReadOnlyList<Tensor>, Tensor> residuals, string name = "least squares")
    {
        ArgumentNullException.ThrowIfNull(residuals);
        ArgumentNullException.ThrowIfNull(name);
        return new ManyObjective(Make.leastSquares(name, ToCore(residuals)));
    }

    /// <summary>The name.</summary>
    /// <returns>The name.</returns>
    public override string ToString() => Name;

    private static FSharpFunc<Tensor, FSharpFunc<Tensor[], Tensor>> ToCore(Func<Tensor, IReadOnlyList<Tensor>, Tensor> function) =>
        FuncConvert.FromFunc<Tensor, Tensor[], Tensor>((x, data) => function(x, data));
}
