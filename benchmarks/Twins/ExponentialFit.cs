namespace Optim.Benchmarks.Twins;

/// <summary>
/// Least squares for y = a exp(−b t) + c by Levenberg and Marquardt, as a person writes it for these three numbers alone:
/// derivatives by hand, normal equations, the diagonal scaled by the damping.
/// </summary>
public static class ExponentialFit
{
    private const int MostTrials = 200;

    /// <summary>Values that differ by less, relative, are equal up to rounding.</summary>
    private const double Rounding = 1e-14;

    /// <summary>
    /// Fits until no component of the gradient of ½ Σ r² is above <paramref name="tolerance"/>; returns whether it got there.
    /// </summary>
    /// <param name="t">The places (m).</param>
    /// <param name="y">The measured values (m).</param>
    /// <param name="p">a, b, c: the start, then the fit.</param>
    /// <param name="tolerance">Above 0.</param>
    public static bool Fit(ReadOnlySpan<double> t, ReadOnlySpan<double> y, Span<double> p, double tolerance)
    {
        double damping = 1e-2;
        Normal at = Equations(t, y, p[0], p[1], p[2]);

        for (int trial = 0; trial < MostTrials; trial++)
        {
            if (at.IsFlat(tolerance))
            {
                return true;
            }

            if (at.TrySolve(damping, out double da, out double db, out double dc))
            {
                Normal next = Equations(t, y, p[0] + da, p[1] + db, p[2] + dc);

                if (next.Value <= at.Value + Rounding * at.Value)
                {
                    p[0] += da;
                    p[1] += db;
                    p[2] += dc;
                    at = next;
                    damping = Math.Max(0.1 * damping, 1e-12);
                    continue;
                }
            }

            damping *= 10;
        }

        return false;
    }

    /// <summary>½ Σ r², Jᵀr and JᵀJ in one pass.</summary>
    private static Normal Equations(ReadOnlySpan<double> t, ReadOnlySpan<double> y, double a, double b, double c)
    {
        var sum = new Normal();

        for (int i = 0; i < t.Length; i++)
        {
            double e = Math.Exp(-b * t[i]);
            double d = -a * t[i] * e;
            double r = a * e + c - y[i];
            sum.Value += 0.5 * r * r;
            sum.G0 += e * r;
            sum.G1 += d * r;
            sum.G2 += r;
            sum.H00 += e * e;
            sum.H01 += e * d;
            sum.H02 += e;
            sum.H11 += d * d;
            sum.H12 += d;
        }

        sum.H22 = t.Length;
        return sum;
    }

    private struct Normal
    {
        public double Value;
        public double G0, G1, G2;
        public double H00, H01, H02, H11, H12, H22;

        public readonly bool IsFlat(double tolerance) =>
            Math.Abs(G0) <= tolerance && Math.Abs(G1) <= tolerance && Math.Abs(G2) <= tolerance;

        /// <summary>The solution of (H + damping · diag H) s = −g by LDLᵀ; false when that is not positive definite.</summary>
        public readonly bool TrySolve(double damping, out double s0, out double s1, out double s2)
        {
            double grow = 1 + damping;
            double d0 = grow * H00;
            double l10 = H01 / d0;
            double l20 = H02 / d0;
            double d1 = grow * H11 - l10 * H01;
            double l21 = (H12 - l20 * H01) / d1;
            double d2 = grow * H22 - l20 * H02 - l21 * l21 * d1;
            double z1 = -G1 + l10 * G0;
            double z2 = -G2 + l20 * G0 - l21 * z1;
            s2 = z2 / d2;
            s1 = z1 / d1 - l21 * s2;
            s0 = -G0 / d0 - l10 * s1 - l20 * s2;
            return d0 > 0 && d1 > 0 && d2 > 0;
        }
    }
}
