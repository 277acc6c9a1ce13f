using Microsoft.FSharp.Core;

namespace Optim;

/// <summary>Classical problems by name.</summary>
public static class Problems
{
    /// <summary>The names that <see cref="Find"/> knows.</summary>
    public static IReadOnlyList<string> Names { get; } = [.. Core.Problems.names];

    /// <summary>The problem with this name.</summary>
    /// <param name="name">One of <see cref="Names"/>.</param>
    /// <param name="dimension">The length of its points; null means the usual one.</param>
    /// <returns>The problem.</returns>
    /// <exception cref="ArgumentException">No problem has this name (the message lists those there are), or it has no points of this length.</exception>
    public static Problem Find(string name, int? dimension = null)
    {
        ArgumentNullException.ThrowIfNull(name);
        var length = dimension is { } n ? FSharpValueOption<int>.NewValueSome(n) : FSharpValueOption<int>.ValueNone;
        return new Problem(Core.Problems.find(name, length));
    }
}
