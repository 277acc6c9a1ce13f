using Expecto;

namespace Optim.FacadeTests;

/// <summary>Expectations that read naturally in C#.</summary>
internal static class Check
{
    /// <summary>The exception of the given type that the action throws; anything else fails the test.</summary>
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
}
