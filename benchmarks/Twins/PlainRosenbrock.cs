namespace Optim.Benchmarks.Twins;

/// <summary>Chained Rosenbrock, Σ 100 (xᵢ₊₁ − xᵢ²)² + (1 − xᵢ)², as a person writes it: one loop, one number at a time.</summary>
public static class PlainRosenbrock
{
    /// <summary>The value.</summary>
    /// <param name="x">The point (n), n of 2 or more.</param>
    public static double Value(double[] x)
    {
        double sum = 0;

        for (int i = 0; i < x.Length - 1; i++)
        {
            double t = x[i + 1] - x[i] * x[i];
            double e = 1 - x[i];
            sum += 100 * t * t + e * e;
        }

        return sum;
    }

    /// <summary>The value; the gradient is written to <paramref name="gradient"/>.</summary>
    /// <param name="x">The point (n), n of 2 or more.</param>
    /// <param name="gradient">Receives the gradient (n).</param>
    public static double ValueAndGradient(double[] x, double[] gradient)
    {
        double sum = 0;
        gradient[0] = 0;

        for (int i = 0; i < x.Length - 1; i++)
        {
            double t = x[i + 1] - x[i] * x[i];
            double e = 1 - x[i];
            sum += 100 * t * t + e * e;
            gradient[i] -= 400 * t * x[i] + 2 * e;
            gradient[i + 1] = 200 * t;
        }

        return sum;
    }

    /// <summary>The Hessian times <paramref name="v"/> is written to <paramref name="product"/>.</summary>
    /// <param name="x">The point (n), n of 2 or more.</param>
    /// <param name="v">The direction (n).</param>
    /// <param name="product">Receives H v (n).</param>
    public static void HessianProduct(double[] x, double[] v, double[] product)
    {
        product[0] = 0;

        for (int i = 0; i < x.Length - 1; i++)
        {
            double diagonal = 1200 * x[i] * x[i] - 400 * x[i + 1] + 2;
            double beside = -400 * x[i];
            product[i] += diagonal * v[i] + beside * v[i + 1];
            product[i + 1] = beside * v[i] + 200 * v[i + 1];
        }
    }
}
