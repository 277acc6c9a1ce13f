namespace Optim;

/// <summary>A problem from the literature whose answer is known. Made by <see cref="Problems.Find"/>.</summary>
public sealed class Problem
{
    internal Problem(Core.Problem core)
    {
        Name = core.Name;
        Title = core.Title;
        Source = core.Source;
        Objective = Objective.FromCore(core.Objective, core.Start);
        Start = core.Start;
        Minimum = core.Minimum;
        Minimizers = [.. core.Minimizers];
        LocalMinimizers = [.. core.LocalMinimizers];
    }

    /// <summary>The name by which it is found, as "helical-valley".</summary>
    public string Name { get; }

    /// <summary>The name for people.</summary>
    public string Title { get; }

    /// <summary>Where it comes from.</summary>
    public string Source { get; }

    /// <summary>What is to be minimized; it knows the usual start.</summary>
    public Objective Objective { get; }

    /// <summary>The usual start (n).</summary>
    public Tensor Start { get; }

    /// <summary>The lowest value.</summary>
    public double Minimum { get; }

    /// <summary>Points with the lowest value, to about ten digits; one or more, not always all.</summary>
    public IReadOnlyList<Tensor> Minimizers { get; }

    /// <summary>Other strict local minimizers, in which a method may end without being wrong.</summary>
    public IReadOnlyList<Tensor> LocalMinimizers { get; }

    /// <summary>The title.</summary>
    /// <returns>The title.</returns>
    public override string ToString() => Title;
}
