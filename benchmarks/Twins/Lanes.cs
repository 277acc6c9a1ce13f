using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Optim.Benchmarks.Twins;

/// <summary>Lanes of a register of eight numbers.</summary>
internal static class Lanes
{
    /// <summary>Whether this machine can shift lanes between registers.</summary>
    public static bool IsSupported => Avx512F.IsSupported;

    /// <summary>The last lane of <paramref name="before"/>, then the first seven of <paramref name="block"/>.</summary>
    public static Vector512<double> Shift(Vector512<double> block, Vector512<double> before) =>
        Avx512F.AlignRight64(block.AsInt64(), before.AsInt64(), 7).AsDouble();

    /// <summary>How many numbers to do first, 1 to 8, so that the rest begins with a cache line.</summary>
    public static unsafe int Head(double* into)
    {
        int left = (int)(((64 - ((long)into & 63)) & 63) / 8);
        return left == 0 ? 8 : left;
    }

    /// <summary>All bits in the first lanes, so many.</summary>
    public static Vector512<double> Below(int count) =>
        Vector512.LessThan(Vector512.CreateSequence(0.0, 1.0), Vector512.Create((double)count));

    /// <summary>All bits in the lanes from this one on.</summary>
    public static Vector512<double> From(int lane) => ~Below(lane);
}
