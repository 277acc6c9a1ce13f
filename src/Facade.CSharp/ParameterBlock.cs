namespace Optim;

/// <summary>A part of a model's parameters.</summary>
/// <param name="Name">Its name, as "layer1.weight".</param>
/// <param name="Offset">Where it begins in the flat vector.</param>
/// <param name="Shape">Its shape.</param>
public sealed record ParameterBlock(string Name, int Offset, Shape Shape);
