namespace Optim;

/// <summary>How good a model is on a data set.</summary>
public sealed record Assessment
{
    private readonly double? _accuracy;

    internal Assessment(double loss, double? accuracy)
    {
        Loss = loss;
        _accuracy = accuracy;
    }

    /// <summary>The mean loss over the examples, without penalty.</summary>
    public double Loss { get; }

    /// <summary>The part of the examples whose class is named right.</summary>
    /// <param name="accuracy">The part, from 0 to 1.</param>
    /// <returns>False where the targets are numbers, of which none is named right.</returns>
    public bool TryGetAccuracy(out double accuracy)
    {
        accuracy = _accuracy.GetValueOrDefault();
        return _accuracy.HasValue;
    }

    /// <summary>The numbers in words.</summary>
    /// <returns>One line.</returns>
    public override string ToString() =>
        string.Create(
            System.Globalization.CultureInfo.InvariantCulture,
            $"loss {Loss:g6}{(_accuracy is { } part ? string.Create(System.Globalization.CultureInfo.InvariantCulture, $", accuracy {part:p2}") : "")}");
}
