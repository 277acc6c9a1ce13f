namespace Optim;

/// <summary>What is reported of a step.</summary>
/// <param name="Step">The step's number, from 1.</param>
/// <param name="Value">The last value that was evaluated with its gradient; on mini-batches, that of the batch.</param>
/// <param name="GradientNorm">The Euclidean norm of that gradient.</param>
/// <param name="StepSize">How far the step went, in the method's own units.</param>
/// <param name="IsAccepted">False when the step only tried a point and rejected it.</param>
/// <param name="Evaluations">Everything asked of the objective so far.</param>
/// <param name="Elapsed">Time so far, without the time of observers.</param>
public readonly record struct StepReport(
    long Step,
    double Value,
    double GradientNorm,
    double StepSize,
    bool IsAccepted,
    Evaluations Evaluations,
    TimeSpan Elapsed)
{
    internal static StepReport FromCore(Core.StepReport r) =>
        new(r.Step, r.Value, r.GradientNorm, r.StepSize, r.Accepted, Optim.Evaluations.FromCore(r.Evaluations), r.Elapsed);
}
