namespace Optim;

/// <summary>Two data sets that share no example.</summary>
/// <param name="Train">The examples to learn from.</param>
/// <param name="Test">The examples to judge by.</param>
public sealed record TrainTest(Dataset Train, Dataset Test);
