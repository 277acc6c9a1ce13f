using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;

namespace Optim;

/// <summary>Checks of arguments in the middle of an expression.</summary>
internal static class Given
{
    /// <summary>The argument itself, which is not null.</summary>
    public static T NotNull<T>([NotNull] T? value, [CallerArgumentExpression(nameof(value))] string? name = null)
    {
        if (value is null)
        {
            throw new ArgumentNullException(name);
        }

        return value;
    }

    /// <summary>The argument itself, of which no item is null.</summary>
    public static T[] AllNotNull<T>([NotNull] T[]? values, [CallerArgumentExpression(nameof(values))] string? name = null)
        where T : class
    {
        ArgumentNullException.ThrowIfNull(values, name);

        if (Array.IndexOf(values, null) >= 0)
        {
            throw new ArgumentNullException(name, $"an item of {name} is null, expected none");
        }

        return values;
    }
}
