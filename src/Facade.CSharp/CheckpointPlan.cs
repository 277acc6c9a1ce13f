using Microsoft.FSharp.Core;

namespace Optim;

/// <summary>Where and how often a run is saved while it goes on. Choose one of the static members; <see cref="Solver.Resume"/> goes on from the file.</summary>
public sealed record CheckpointPlan
{
    private CheckpointPlan(string path, long every)
    {
        Path = path;
        Every = every;
    }

    /// <summary>Nothing is saved.</summary>
    public static CheckpointPlan None { get; } = new("", 0);

    /// <summary>The file; empty when nothing is saved.</summary>
    public string Path { get; }

    /// <summary>A save after every so many steps; 0 when nothing is saved.</summary>
    public long Every { get; }

    /// <summary>A file that each save replaces as a whole, so that it always holds one complete run.</summary>
    /// <param name="path">The file.</param>
    /// <param name="every">A save after every so many steps, 1 or more.</param>
    /// <returns>The plan.</returns>
    /// <exception cref="ArgumentException">The path is empty, or the count of steps below 1.</exception>
    public static CheckpointPlan To(string path, long every = 100)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);

        if (every < 1)
        {
            throw new ArgumentOutOfRangeException(nameof(every), every, $"every is {every}, expected 1 or more");
        }

        return new CheckpointPlan(path, every);
    }

    internal FSharpValueOption<Core.SavePlan> ToCore() =>
        Every == 0
            ? FSharpValueOption<Core.SavePlan>.ValueNone
            : FSharpValueOption<Core.SavePlan>.NewValueSome(new Core.SavePlan(Path, Every));
}
