namespace Optim;

/// <summary>What this library calls itself.</summary>
public static class About
{
    /// <summary>The library's name.</summary>
    /// <value>Never empty.</value>
    public static string Name => "Optim";
}
