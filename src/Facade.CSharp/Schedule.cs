namespace Optim;

/// <summary>The learning rate as a function of the step k, counted from 0. Choose one of the static members.</summary>
public sealed record Schedule
{
    private Schedule(Core.Schedule core) => Core = core;

    internal Core.Schedule Core { get; }

    /// <summary>The same rate for all steps.</summary>
    /// <param name="rate">The rate, finite and above 0.</param>
    /// <returns>The schedule.</returns>
    public static Schedule Constant(double rate) => new(Optim.Core.Schedule.NewConstant(rate));

    /// <summary>rate · factor^⌊k / every⌋.</summary>
    /// <param name="rate">The first rate, finite and above 0.</param>
    /// <param name="factor">The factor, finite and above 0.</param>
    /// <param name="every">The steps between two changes, 1 or more.</param>
    /// <returns>The schedule.</returns>
    public static Schedule StepDecay(double rate, double factor, long every) =>
        new(Optim.Core.Schedule.NewStepDecay(rate, factor, every));

    /// <summary>rate · factor^k.</summary>
    /// <param name="rate">The first rate, finite and above 0.</param>
    /// <param name="factor">The factor, finite and above 0.</param>
    /// <returns>The schedule.</returns>
    public static Schedule Exponential(double rate, double factor) =>
        new(Optim.Core.Schedule.NewExponential(rate, factor));

    /// <summary>rate / (1 + decay · k).</summary>
    /// <param name="rate">The first rate, finite and above 0.</param>
    /// <param name="decay">The decay, 0 or more.</param>
    /// <returns>The schedule.</returns>
    public static Schedule Inverse(double rate, double decay) => new(Optim.Core.Schedule.NewInverse(rate, decay));

    /// <summary>From one rate down to another along half a cosine, then constant.</summary>
    /// <param name="rate">The first rate, finite and above 0.</param>
    /// <param name="last">The last rate, from 0 to the first.</param>
    /// <param name="steps">The steps in between, 1 or more.</param>
    /// <returns>The schedule.</returns>
    public static Schedule Cosine(double rate, double last, long steps) =>
        new(Optim.Core.Schedule.NewCosine(rate, last, steps));

    /// <summary>Linearly from 0 up to this schedule's first rate, then this schedule from its start.</summary>
    /// <param name="steps">The steps of the rise, 1 or more.</param>
    /// <returns>The schedule.</returns>
    public Schedule WithWarmUp(long steps) => new(Optim.Core.Schedule.NewWarmUp(steps, Core));

    /// <summary>The rate of a step.</summary>
    /// <param name="step">The step, 0 or more.</param>
    /// <returns>The rate.</returns>
    public double Rate(long step) => Optim.Core.ScheduleModule.rate(step, Core);

    /// <summary>The kind of schedule with its numbers.</summary>
    /// <returns>The text.</returns>
    public override string ToString() => Core.ToString();

    internal static Core.Schedule ToCore(Schedule rate)
    {
        ArgumentNullException.ThrowIfNull(rate);
        return rate.Core;
    }

    /// <summary>A constant schedule.</summary>
    /// <param name="rate">The rate, finite and above 0.</param>
    public static implicit operator Schedule(double rate) => Constant(rate);

    /// <summary>A constant schedule; the named twin of the conversion from a number.</summary>
    /// <param name="rate">The rate, finite and above 0.</param>
    /// <returns>The schedule.</returns>
    public static Schedule FromDouble(double rate) => Constant(rate);
}
