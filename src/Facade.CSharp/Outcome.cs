namespace Optim;

/// <summary>How a run ended.</summary>
public enum Outcome
{
    /// <summary>A stop rule's test holds at the point, confirmed by evaluating again.</summary>
    Converged,

    /// <summary>A hard limit was reached first.</summary>
    BudgetSpent,

    /// <summary>It ended for another reason than a test, with a usable point: a request, a target value, a saddle, no progress.</summary>
    Stopped,

    /// <summary>No usable answer: the start has no finite value, or the objective falls without bound.</summary>
    Failed,
}
