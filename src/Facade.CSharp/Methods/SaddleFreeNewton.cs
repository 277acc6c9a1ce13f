using Microsoft.FSharp.Collections;

namespace Optim.Methods;

/// <summary>Saddle-free Newton with the exact Hessian H = V Λ Vᵀ: x ← x − V (|Λ| + λ I)⁻¹ Vᵀ g. It leaves saddles along directions of negative curvature as fast as Newton's method approaches minima.</summary>
public sealed record SaddleFreeNewton : Method
{
    /// <summary>The dampings λ to choose from at every step, as multiples of the largest |eigenvalue|: the one that gives the lowest value is taken.</summary>
    /// <value>Default: 0, 1e-3, 1e-2, 0.1, 1, 10. Range: one or more numbers, each 0 or more.</value>
    public IReadOnlyList<double> Dampings { get; init; } = [0, 1e-3, 1e-2, 0.1, 1, 10];

    /// <summary>Whether the step with the first damping is taken whatever the value.</summary>
    /// <value>Default: false.</value>
    public bool IsFixed { get; init; }

    internal override Core.Method ToCore()
    {
        ArgumentNullException.ThrowIfNull(Dampings);
        var damping = IsFixed && Dampings.Count > 0
            ? Core.SaddleFreeDamping.NewFixed(Dampings[0])
            : Core.SaddleFreeDamping.NewBest(ListModule.OfSeq(Dampings));
        return Core.SaddleFreeNewton.create(new Core.SaddleFreeNewtonOptions(damping));
    }
}
