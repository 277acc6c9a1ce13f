using System.Runtime.Intrinsics;

namespace Optim.Benchmarks.Twins;

/// <summary>
/// Value and gradient of chained Rosenbrock for AVX-512, by hand: one pass, eight numbers at a time, two blocks under way.
/// With tᵢ = xᵢ₊₁ − xᵢ² and eᵢ = 2xᵢ − 2 the value is 100 Σtᵢ² + ¼ Σeᵢ² and the gradient 200 (tᵢ₋₁ − 2xᵢtᵢ) + eᵢ.
/// </summary>
public static class VectorRosenbrock
{
    /// <summary>Shorter points take the plain loop: the first and the last block would overlap.</summary>
    internal const int Shortest = 24;

    /// <summary>Whether this machine has what it takes.</summary>
    public static bool IsSupported => Vector512.IsHardwareAccelerated && Lanes.IsSupported;

    /// <summary>The value; the gradient is written to <paramref name="gradient"/>.</summary>
    /// <param name="x">The point (n), n of 2 or more.</param>
    /// <param name="gradient">Receives the gradient (n).</param>
    public static double ValueAndGradient(double[] x, double[] gradient) =>
        x.Length < Shortest ? PlainRosenbrock.ValueAndGradient(x, gradient) : Blocks(x, gradient);

    private static unsafe double Blocks(double[] x, double[] gradient)
    {
        fixed (double* from = x, into = gradient)
        {
            var sums = new Sums();
            int pairs = x.Length - 1;
            int start = Lanes.Head(into);
            var none = Vector512<double>.Zero;
            Block(from, into, 0, Lanes.Shift(Square(from, 0), none), Lanes.Below(start), ref sums);
            int i = Pairs(from, into, start, pairs, ref sums);

            while (i < pairs)
            {
                int at = Math.Min(i, pairs - 8);
                Block(from, into, at, Square(from, at - 1), Lanes.From(i - at), ref sums);
                i = at + 8;
            }

            into[pairs] = 200 * (from[pairs] - from[pairs - 1] * from[pairs - 1]);
            return 100 * Vector512.Sum(sums.T) + 0.25 * Vector512.Sum(sums.E);
        }
    }

    /// <summary>Two blocks a turn, with stores to whole cache lines; returns where it stopped.</summary>
    private static unsafe int Pairs(double* x, double* g, int start, int pairs, ref Sums sums)
    {
        var two = Vector512.Create(2.0);
        var scale = Vector512.Create(200.0);
        var st0 = sums.T;
        var se0 = sums.E;
        var st1 = Vector512<double>.Zero;
        var se1 = Vector512<double>.Zero;
        var before = Vector512.Create(x[start] - x[start - 1] * x[start - 1]);
        int i = start;

        for (; i <= pairs - 16; i += 16)
        {
            var x0 = Vector512.Load(x + i);
            var x1 = Vector512.Load(x + i + 8);
            var t0 = Vector512.FusedMultiplyAdd(-x0, x0, Vector512.Load(x + i + 1));
            var t1 = Vector512.FusedMultiplyAdd(-x1, x1, Vector512.Load(x + i + 9));
            var d0 = x0 + x0;
            var d1 = x1 + x1;
            var e0 = d0 - two;
            var e1 = d1 - two;
            st0 = Vector512.FusedMultiplyAdd(t0, t0, st0);
            st1 = Vector512.FusedMultiplyAdd(t1, t1, st1);
            se0 = Vector512.FusedMultiplyAdd(e0, e0, se0);
            se1 = Vector512.FusedMultiplyAdd(e1, e1, se1);
            var c0 = Vector512.FusedMultiplyAdd(-d0, t0, Lanes.Shift(t0, before));
            var c1 = Vector512.FusedMultiplyAdd(-d1, t1, Lanes.Shift(t1, t0));
            Vector512.FusedMultiplyAdd(scale, c0, e0).Store(g + i);
            Vector512.FusedMultiplyAdd(scale, c1, e1).Store(g + i + 8);
            before = t1;
        }

        sums.T = st0 + st1;
        sums.E = se0 + se1;
        return i;
    }

    /// <summary>One block at the rim; only the lanes of the mask are counted, the others are another block's.</summary>
    private static unsafe void Block(
        double* x, double* g, int at, Vector512<double> before, Vector512<double> mask, ref Sums sums)
    {
        var t = Square(x, at);
        var d = Vector512.Load(x + at) * 2.0;
        var e = d - Vector512.Create(2.0);
        var c = Vector512.FusedMultiplyAdd(-d, t, before);
        Vector512.FusedMultiplyAdd(Vector512.Create(200.0), c, e).Store(g + at);
        sums.T += (t * t) & mask;
        sums.E += (e * e) & mask;
    }

    /// <summary>tᵢ from the given place on.</summary>
    private static unsafe Vector512<double> Square(double* x, int at)
    {
        var x0 = Vector512.Load(x + at);
        return Vector512.FusedMultiplyAdd(-x0, x0, Vector512.Load(x + at + 1));
    }

    private struct Sums
    {
        /// <summary>Σtᵢ², by lane.</summary>
        public Vector512<double> T;

        /// <summary>Σeᵢ², by lane.</summary>
        public Vector512<double> E;
    }
}
