namespace Optim;

/// <summary>How a run computed the objective.</summary>
public enum EvaluationPath
{
    /// <summary>Operation by operation on tensors.</summary>
    Eager,

    /// <summary>By compiled programs (see <see cref="Objective.Compile"/>). Methods that can do their own algebra in place do so then.</summary>
    Compiled,
}
