using Expecto;
using Expecto.CSharp;

namespace Optim.FacadeTests;

/// <summary>Tests of <see cref="About"/>.</summary>
public static class AboutTests
{
    /// <summary>All of them.</summary>
    [Tests]
    public static readonly Test All = Runner.TestList("About",
    [
        Runner.TestCase("name", () => Expect.equal(About.Name, "Optim", "the library's name")),
    ]);
}
