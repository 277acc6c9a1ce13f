namespace Optim;

/// <summary>Whether the first line of a table names its columns.</summary>
public enum CsvHeader
{
    /// <summary>It does when one of its fields, the target's aside, is no number.</summary>
    Detect,

    /// <summary>It does.</summary>
    Present,

    /// <summary>It does not.</summary>
    Absent,
}
