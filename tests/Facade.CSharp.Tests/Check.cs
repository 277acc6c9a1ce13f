using Expecto;

namespace Optim.FacadeTests;

/// <summary>Expectations that read naturally in C#.</summary>
internal static class Check
{
    /// <summary>The exception of the given type, or of one derived from it, that the action throws; anything else fails the test.</summary>
    public static T Throws<T>(Action action)
        where T : Exception
    {
        try
        {
            action();
        }
        catch (T expected)
        {
            return expected;
        }

        throw new AssertException($"expected {typeof(T).Name}, nothing was thrown");
    }

    /// <summary>As <see cref="Throws{T}(Action)"/>, of a task.</summary>
    public static async Task<T> ThrowsAsync<T>(Func<Task> action)
        where T : Exception
    {
        try
        {
            await action();
        }
        catch (T expected)
        {
            return expected;
        }

        throw new AssertException($"expected {typeof(T).Name}, nothing was thrown");
    }

    /// <summary>|actual − expected| ≤ tolerance · max(1, |expected|), or both NaN, or both the same infinity.</summary>
    public static void Close(double actual, double expected, double tolerance, string what)
    {
        var isClose = actual.Equals(expected) || Math.Abs(actual - expected) <= tolerance * Math.Max(1, Math.Abs(expected));

        if (!isClose)
        {
            throw new AssertException($"{what}: {actual:r}, expected {expected:r} to within {tolerance}");
        }
    }

    /// <summary>As <see cref="Close(double, double, double, string)"/>, number by number.</summary>
    public static void Close(IReadOnlyList<double> actual, IReadOnlyList<double> expected, double tolerance, string what)
    {
        Expect.equal(actual.Count, expected.Count, $"{what}: how many numbers");

        for (var i = 0; i < actual.Count; i++)
        {
            Close(actual[i], expected[i], tolerance, $"{what}, number {i}");
        }
    }

    /// <summary>The same bits, number by number.</summary>
    public static void SameBits(Tensor actual, Tensor expected, string what)
    {
        Expect.equal(actual.Shape, expected.Shape, $"{what}: shape");
        var (a, e) = (actual.ToArray(), expected.ToArray());

        for (var i = 0; i < a.Length; i++)
        {
            if (BitConverter.DoubleToInt64Bits(a[i]) != BitConverter.DoubleToInt64Bits(e[i]))
            {
                throw new AssertException($"{what}, number {i}: {a[i]:r}, expected {e[i]:r} to the last bit");
            }
        }
    }

    /// <summary>The text holds all the parts.</summary>
    public static void Mentions(string text, params string[] parts)
    {
        foreach (var part in parts.Where(part => !text.Contains(part, StringComparison.Ordinal)))
        {
            throw new AssertException($"\"{text}\" does not mention \"{part}\"");
        }
    }
}
