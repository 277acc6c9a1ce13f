using static Optim.TensorMath;

namespace Optim.FacadeTests;

/// <summary>What several tests minimize.</summary>
internal static class Samples
{
    /// <summary>(1 − x₀)² + 100 (x₁ − x₀²)², least at (1, 1).</summary>
    public static Objective Rosenbrock { get; } =
        Objective.From(x => Square(1 - x[0]) + 100 * Square(x[1] - Square(x[0])), "rosenbrock");

    /// <summary>Where runs on it usually start.</summary>
    public static double[] RosenbrockStart => [-1.2, 1.0];

    /// <summary>½ Σ c (x − target)² with curvatures 1, 2 and 4 and the target (1, 2, 3).</summary>
    public static Objective Quadratic { get; } =
        Objective.From(
            x => 0.5 * Sum(Tensors.Of(1, 2, 4) * Square(x - Tensors.Of(1, 2, 3))),
            "quadratic");

    /// <summary>A file of its own in the system's temporary folder, deleted in the end.</summary>
    public static void WithFile(Action<string> use)
    {
        var folder = Directory.CreateTempSubdirectory("optim-test-");

        try
        {
            use(Path.Combine(folder.FullName, "file"));
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }
}
