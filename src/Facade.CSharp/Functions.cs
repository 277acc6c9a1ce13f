using Microsoft.FSharp.Core;

namespace Optim;

/// <summary>Conversions of delegates at the border to the core.</summary>
internal static class Functions
{
    public static FSharpFunc<Tensor, Tensor> ToCore(Func<Tensor, Tensor> f) => FuncConvert.FromFunc(f);

    public static FSharpFunc<Tensor[], Tensor[]> ToCore(Func<Tensor[], Tensor[]> f) => FuncConvert.FromFunc(f);
}
