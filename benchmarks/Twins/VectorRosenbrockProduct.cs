using System.Runtime.Intrinsics;

namespace Optim.Benchmarks.Twins;

/// <summary>
/// The Hessian product of chained Rosenbrock for AVX-512, by hand: one pass, eight numbers at a time, two blocks under way.
/// With tᵢ = xᵢ₊₁ − xᵢ² and wᵢ = vᵢ₊₁ − 2xᵢvᵢ it is 200 (wᵢ₋₁ − 2xᵢwᵢ − 2tᵢvᵢ) + 2vᵢ.
/// </summary>
public static class VectorRosenbrockProduct
{
    /// <summary>The Hessian times <paramref name="v"/> is written to <paramref name="product"/>.</summary>
    /// <param name="x">The point (n), n of 2 or more.</param>
    /// <param name="v">The direction (n).</param>
    /// <param name="product">Receives H v (n).</param>
    public static void HessianProduct(double[] x, double[] v, double[] product)
    {
        if (x.Length < VectorRosenbrock.Shortest)
        {
            PlainRosenbrock.HessianProduct(x, v, product);
        }
        else
        {
            Blocks(x, v, product);
        }
    }

    private static unsafe void Blocks(double[] x, double[] v, double[] product)
    {
        fixed (double* from = x, along = v, into = product)
        {
            int pairs = x.Length - 1;
            Block(from, along, into, 0, Lanes.Shift(Change(from, along, 0), Vector512<double>.Zero));
            int i = Pairs(from, along, into, Lanes.Head(into), pairs);

            while (i < pairs)
            {
                int at = Math.Min(i, pairs - 8);
                Block(from, along, into, at, Change(from, along, at - 1));
                i = at + 8;
            }

            into[pairs] = 200 * (along[pairs] - 2 * from[pairs - 1] * along[pairs - 1]);
        }
    }

    /// <summary>Two blocks a turn, with stores to whole cache lines; returns where it stopped.</summary>
    private static unsafe int Pairs(double* x, double* v, double* h, int start, int pairs)
    {
        var scale = Vector512.Create(200.0);
        var before = Vector512.Create(v[start] - 2 * x[start - 1] * v[start - 1]);
        int i = start;

        for (; i <= pairs - 16; i += 16)
        {
            var x0 = Vector512.Load(x + i);
            var x1 = Vector512.Load(x + i + 8);
            var v0 = Vector512.Load(v + i);
            var v1 = Vector512.Load(v + i + 8);
            var d0 = x0 + x0;
            var d1 = x1 + x1;
            var t0 = Vector512.FusedMultiplyAdd(-x0, x0, Vector512.Load(x + i + 1));
            var t1 = Vector512.FusedMultiplyAdd(-x1, x1, Vector512.Load(x + i + 9));
            var w0 = Vector512.FusedMultiplyAdd(-d0, v0, Vector512.Load(v + i + 1));
            var w1 = Vector512.FusedMultiplyAdd(-d1, v1, Vector512.Load(v + i + 9));
            var y0 = v0 + v0;
            var y1 = v1 + v1;
            var c0 = Vector512.FusedMultiplyAdd(-d0, w0, Lanes.Shift(w0, before));
            var c1 = Vector512.FusedMultiplyAdd(-d1, w1, Lanes.Shift(w1, w0));
            c0 = Vector512.FusedMultiplyAdd(-y0, t0, c0);
            c1 = Vector512.FusedMultiplyAdd(-y1, t1, c1);
            Vector512.FusedMultiplyAdd(scale, c0, y0).Store(h + i);
            Vector512.FusedMultiplyAdd(scale, c1, y1).Store(h + i + 8);
            before = w1;
        }

        return i;
    }

    /// <summary>One block at the rim.</summary>
    private static unsafe void Block(double* x, double* v, double* h, int at, Vector512<double> before)
    {
        var x0 = Vector512.Load(x + at);
        var t = Vector512.FusedMultiplyAdd(-x0, x0, Vector512.Load(x + at + 1));
        var y = Vector512.Load(v + at) * 2.0;
        var c = Vector512.FusedMultiplyAdd(x0 * -2.0, Change(x, v, at), before);
        c = Vector512.FusedMultiplyAdd(-y, t, c);
        Vector512.FusedMultiplyAdd(Vector512.Create(200.0), c, y).Store(h + at);
    }

    /// <summary>wᵢ from the given place on.</summary>
    private static unsafe Vector512<double> Change(double* x, double* v, int at) =>
        Vector512.FusedMultiplyAdd(
            Vector512.Load(x + at) * -2.0, Vector512.Load(v + at), Vector512.Load(v + at + 1));
}
