namespace Optim.FacadeTests;

/// <summary>Progress that is told at once, on the caller's thread.</summary>
internal sealed class Immediate(Action<StepReport> tell) : IProgress<StepReport>
{
    /// <inheritdoc/>
    public void Report(StepReport value) => tell(value);
}
