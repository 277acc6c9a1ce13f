namespace Optim;

/// <summary>What the target column of a table holds.</summary>
public enum CsvTarget
{
    /// <summary>Labels of classes, any text.</summary>
    Classes,

    /// <summary>Numbers.</summary>
    Numbers,
}
