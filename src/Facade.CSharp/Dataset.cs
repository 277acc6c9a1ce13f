using System.Runtime.CompilerServices;
using Make = Optim.Core.DataSetModule;

namespace Optim;

/// <summary>Examples with what a model should answer.</summary>
public sealed class Dataset
{
    private readonly ConditionalWeakTable<Engine, Core.DataSet> _elsewhere = [];

    private Dataset(Core.DataSet core)
    {
        Core = core;
        Classes = [.. core.Classes];
        InputNames = [.. core.InputNames];
    }

    internal Core.DataSet Core { get; }

    /// <summary>The name in reports.</summary>
    public string Name => Core.Name;

    /// <summary>What is given: (examples, inputs).</summary>
    public Tensor Inputs => Core.Inputs;

    /// <summary>What is wanted: the numbers of classes (examples), or numbers (examples, targets).</summary>
    public Tensor Targets => Core.Targets;

    /// <summary>The names of the classes in the order of their numbers; empty where the targets are numbers.</summary>
    public IReadOnlyList<string> Classes { get; }

    /// <summary>The names of the inputs; empty where they have none.</summary>
    public IReadOnlyList<string> InputNames { get; }

    /// <summary>Where the data come from.</summary>
    public string Source => Core.Source;

    /// <summary>How many examples there are.</summary>
    public int Count => Make.count(Core);

    /// <summary>How many outputs a model of these data has: one for each class, or one for each target number.</summary>
    public int Outputs => Make.outputs(Core);

    /// <summary>1,797 handwritten digits in 10 classes: images of 8 × 8 pixels from 0 to 1 (Alpaydin and Kaynak 1998).</summary>
    /// <returns>The data set, which travels inside the library.</returns>
    public static Dataset Digits() => new(Optim.Core.Datasets.digits());

    /// <summary>569 biopsies in the classes malignant and benign, 30 measures each (Wolberg, Street and Mangasarian 1995).</summary>
    /// <returns>The data set, which travels inside the library.</returns>
    public static Dataset BreastCancer() => new(Optim.Core.Datasets.breastCancer());

    /// <summary>442 patients, 10 measures each; the target is the disease's progression after a year (Efron et al. 2004).</summary>
    /// <returns>The data set, which travels inside the library.</returns>
    public static Dataset Diabetes() => new(Optim.Core.Datasets.diabetes());

    /// <summary>The data set of a table of numbers in a file: one example a line, one column of which is the target.</summary>
    /// <param name="path">The file; one whose name ends in .gz is decompressed.</param>
    /// <param name="target">What the target column holds.</param>
    /// <param name="targetColumn">The column of the target, from 0; −1 is the last.</param>
    /// <param name="delimiter">What separates fields; ' ' stands for any run of blanks and tabs.</param>
    /// <param name="header">Whether the first line names the columns.</param>
    /// <returns>The data set.</returns>
    /// <exception cref="InvalidDataException">The file is no such table; the message names line, column and text.</exception>
    /// <exception cref="ArgumentException">The table has no such column, or a choice is not a named one.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static Dataset Csv(
        string path,
        CsvTarget target = CsvTarget.Classes,
        int targetColumn = -1,
        char delimiter = ',',
        CsvHeader header = CsvHeader.Detect)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        return new Dataset(
            Optim.Core.Csv.read(new Core.CsvOptions(delimiter, ToCore(header), ToCore(target), targetColumn), path));
    }

    /// <summary>Examples of classes.</summary>
    /// <param name="inputs">What is given: (examples, inputs).</param>
    /// <param name="classes">The number of each example's class, from 0.</param>
    /// <param name="names">The name of each class.</param>
    /// <returns>The data set.</returns>
    /// <exception cref="ArgumentException">The counts differ, or a class has no name.</exception>
    public static Dataset FromClasses(Tensor inputs, IReadOnlyList<int> classes, IReadOnlyList<string> names)
    {
        ArgumentNullException.ThrowIfNull(inputs);
        ArgumentNullException.ThrowIfNull(classes);
        ArgumentNullException.ThrowIfNull(names);
        return new Dataset(Make.ofClasses(names, inputs, classes));
    }

    /// <summary>Examples with numbers as targets.</summary>
    /// <param name="inputs">What is given: (examples, inputs).</param>
    /// <param name="targets">What is wanted: (examples) or (examples, targets).</param>
    /// <returns>The data set.</returns>
    /// <exception cref="ShapeException">The counts differ.</exception>
    public static Dataset FromNumbers(Tensor inputs, Tensor targets)
    {
        ArgumentNullException.ThrowIfNull(inputs);
        ArgumentNullException.ThrowIfNull(targets);
        return new Dataset(Make.ofNumbers(inputs, targets));
    }

    /// <summary>A training and a test part, class by class in the same mixture, as they are.</summary>
    /// <param name="testPart">The part of the examples that is for tests: above 0, below 1.</param>
    /// <param name="seed">Decides which examples go where.</param>
    /// <returns>Both parts.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The part is not between 0 and 1.</exception>
    public TrainTest Split(double testPart = 0.2, long seed = 0)
    {
        var (train, test) = Make.split(testPart, Key.FromSeed(seed), Core);
        return new TrainTest(new Dataset(train), new Dataset(test));
    }

    /// <summary>A training and a test part, ready for a network: one example of five is for tests; data in units of their own are standardized by means and deviations of the training part.</summary>
    /// <param name="seed">Decides which examples go where.</param>
    /// <returns>Both parts.</returns>
    public TrainTest Prepare(long seed = 0)
    {
        var (train, test) = Optim.Core.Datasets.trainAndTest(Key.FromSeed(seed), Core);
        return new TrainTest(new Dataset(train), new Dataset(test));
    }

    /// <summary>The same examples on another device, for use with tensors that lie there. Solvers need no such help: they move the examples of an objective by themselves.</summary>
    /// <param name="device">Where they are to be: <see cref="Device.Cpu"/>, <see cref="Device.Torch"/> or <see cref="Device.Cuda"/>.</param>
    /// <returns>The data set there.</returns>
    /// <exception cref="ArgumentException">There is no engine for such a device.</exception>
    /// <exception cref="EngineException">The device's library is missing or failed.</exception>
    public Dataset MoveTo(Device device) => new(On(Engines.Checked(device)));

    /// <summary>The examples for points of an engine, moved once.</summary>
    internal Core.DataSet On(Engine engine) =>
        ReferenceEquals(engine, Engines.Of(Core.Inputs)) ? Core : _elsewhere.GetValue(engine, there => Make.moveTo(there, Core));

    /// <summary>The name.</summary>
    /// <returns>The name.</returns>
    public override string ToString() => Name;

    private static Core.CsvHeader ToCore(CsvHeader header) => header switch
    {
        CsvHeader.Detect => Optim.Core.CsvHeader.Detect,
        CsvHeader.Present => Optim.Core.CsvHeader.Present,
        CsvHeader.Absent => Optim.Core.CsvHeader.Absent,
        _ => throw new ArgumentOutOfRangeException(nameof(header), header, "expected a named choice"),
    };

    private static Core.CsvTarget ToCore(CsvTarget target) => target switch
    {
        CsvTarget.Classes => Optim.Core.CsvTarget.Classes,
        CsvTarget.Numbers => Optim.Core.CsvTarget.Numbers,
        _ => throw new ArgumentOutOfRangeException(nameof(target), target, "expected a named choice"),
    };
}
