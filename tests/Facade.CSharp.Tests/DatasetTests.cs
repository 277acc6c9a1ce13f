using Expecto;
using Expecto.CSharp;

namespace Optim.FacadeTests;

/// <summary>Data sets.</summary>
public static class DatasetTests
{
    private static void WithText(string text, Action<string> use) => Samples.WithFile(path =>
    {
        File.WriteAllText(path, text);
        use(path);
    });

    /// <summary>All tests of this file.</summary>
    [Tests]
    public static readonly Test All = Runner.TestList("Dataset",
    [
        Runner.TestCase("those that ship", () =>
        {
            var (digits, cancer, diabetes) = (Dataset.Digits(), Dataset.BreastCancer(), Dataset.Diabetes());
            Expect.equal((digits.Count, digits.Inputs.Shape[1], digits.Outputs), (1797, 64, 10), "digits");
            Expect.equal((cancer.Count, cancer.Inputs.Shape[1], cancer.Outputs), (569, 30, 2), "breast cancer");
            Expect.equal((diabetes.Count, diabetes.Inputs.Shape[1], diabetes.Outputs), (442, 10, 1), "diabetes");
            Expect.equal(cancer.Classes.ToArray(), ["malignant", "benign"], "classes");
            Expect.equal(diabetes.Classes.Count, 0, "numbers have no classes");
            Expect.equal(diabetes.InputNames[2], "bmi", "input names");
            Check.Mentions(digits.Source, "Alpaydin");
            Expect.equal(digits.ToString(), "digits", "text");
        }),
        Runner.TestCase("parts share no example and keep the mixture", () =>
        {
            var parts = Dataset.Digits().Split(testPart: 0.25, seed: 3);
            Expect.equal(parts.Train.Count + parts.Test.Count, 1797, "all examples");
            Check.Close(parts.Test.Count / 1797.0, 0.25, 0.01, "the part");
            var again = Dataset.Digits().Split(testPart: 0.25, seed: 3);
            Check.SameBits(again.Test.Targets, parts.Test.Targets, "one seed");
            Expect.notEqual(Dataset.Digits().Split(0.25, 4).Test.Inputs.ToArray(), parts.Test.Inputs.ToArray(), "another seed");
            Check.Throws<ArgumentOutOfRangeException>(() => Dataset.Digits().Split(testPart: 1));
        }),
        Runner.TestCase("prepared data are standardized", () =>
        {
            var train = Dataset.BreastCancer().Prepare().Train;
            Check.Close(TensorMath.Mean(train.Inputs, 0).ToArray(), new double[30], 1e-12, "means");
            Check.Close(TensorMath.Mean(TensorMath.Square(train.Inputs), 0).ToArray(), [.. Enumerable.Repeat(1.0, 30)], 1e-9, "variances");
        }),
        Runner.TestCase("one's own", () =>
        {
            var classes = Dataset.FromClasses(Tensors.Zeros(3, 2), [0, 1, 1], ["no", "yes"]);
            Expect.equal((classes.Count, classes.Outputs), (3, 2), "classes");
            Expect.equal(classes.Targets.ToArray(), [0.0, 1, 1], "targets");
            Expect.equal(Dataset.FromNumbers(Tensors.Zeros(3, 2), Tensors.Of(1, 2, 3)).Outputs, 1, "numbers");
            Check.Mentions(Check.Throws<ArgumentException>(() => Dataset.FromClasses(Tensors.Zeros(1, 2), [2], ["no", "yes"])).Message, "2");
            Check.Throws<ArgumentException>(() => Dataset.FromClasses(Tensors.Zeros(3, 2), [0, 1], ["no", "yes"]));
            Check.Throws<ShapeException>(() => Dataset.FromNumbers(Tensors.Zeros(3, 2), Tensors.Of(1, 2)));
        }),
        Runner.TestCase("tables of classes", () => WithText("height,width,kind\n1,2,cat\n3,4,dog\n5,6,cat\n", path =>
        {
            var data = Dataset.Csv(path);
            Expect.equal(data.Inputs.ToArray(), [1.0, 2, 3, 4, 5, 6], "inputs");
            Expect.equal(data.Classes.ToArray(), ["cat", "dog"], "classes");
            Expect.equal(data.Targets.ToArray(), [0.0, 1, 0], "targets");
            Expect.equal(data.InputNames.ToArray(), ["height", "width"], "names");
        })),
        Runner.TestCase("tables of numbers", () => WithText("7 1 2\n8 3 4\n", path =>
        {
            var data = Dataset.Csv(path, CsvTarget.Numbers, targetColumn: 0, delimiter: ' ', header: CsvHeader.Absent);
            Expect.equal(data.Inputs.ToArray(), [1.0, 2, 3, 4], "inputs");
            Expect.equal(data.Targets.ToArray(), [7.0, 8], "targets");
        })),
        Runner.TestCase("broken tables are refused by line and text", () => WithText("1,2,a\n3,x,b\n", path =>
        {
            var thrown = Check.Throws<InvalidDataException>(() => Dataset.Csv(path, header: CsvHeader.Absent));
            Check.Mentions(thrown.Message, "line 2", "\"x\"");
            Check.Throws<ArgumentException>(() => Dataset.Csv(path, targetColumn: 9));
            Check.Throws<ArgumentException>(() => Dataset.Csv(path, (CsvTarget)9));
            Check.Throws<ArgumentException>(() => Dataset.Csv(path, header: (CsvHeader)9));
            Check.Throws<ArgumentException>(() => Dataset.Csv(""));
            Check.Throws<IOException>(() => Dataset.Csv(path + ".missing"));
        })),
    ]);
}
