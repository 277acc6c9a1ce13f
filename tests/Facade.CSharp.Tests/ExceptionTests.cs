using System.Text.RegularExpressions;
using System.Xml.Linq;
using Expecto;
using Expecto.CSharp;
using Optim.Methods;
using static Optim.TensorMath;

namespace Optim.FacadeTests;

/// <summary>Every <c>exception</c> tag of the documentation is true: the call beside it throws just that.</summary>
public static class ExceptionTests
{
    private static readonly Tensor Two = Tensors.Of(1, 2);

    private static readonly Tensor Wide = Tensors.Ones(2, 3);

    private static readonly Tensor Bad = Tensors.Of((long[])[9], 1);

    private static readonly Method Any = new Lbfgs();

    private static readonly CancellationToken Over = new(canceled: true);

    private static SupervisedObjective Digits() => Objective.Supervised(Model.Mlp(64, [], 10), Dataset.Digits());

    private static ManyResult Many(Method method, CancellationToken token = default) =>
        Solver.MinimizeMany(ManyObjective.From(x => Sum(Square(x))), Wide, method, cancellationToken: token);

    /// <summary>With libtorch or without, no machine has so many graphics processors.</summary>
    private static readonly Device Missing = Device.Cuda(1000);

    private static readonly SolveOptions There = new() { Device = Missing };

    private static readonly Device Strange = Optim.Core.Tensor.moveTo(Optim.Testing.MirrorEngine.Instance, Two).Device;

    private static void ResumeThere(bool onPool) => Samples.WithFile(path =>
    {
        Solver.Minimize(Samples.Rosenbrock, Samples.RosenbrockStart, Any, new SolveOptions { MaxSteps = 1, Checkpoint = CheckpointPlan.To(path, 1) });

        if (onPool)
        {
            Wait(Solver.ResumeAsync(path, Samples.Rosenbrock, Any, There));
        }
        else
        {
            Solver.Resume(path, Samples.Rosenbrock, Any, There);
        }
    });

    private static void Wait(Task task) => task.GetAwaiter().GetResult();

    private static void Resumed(byte[] file, CancellationToken token, bool onPool) => Samples.WithFile(path =>
    {
        if (file.Length > 0)
        {
            File.WriteAllBytes(path, file);
        }
        else if (token.IsCancellationRequested)
        {
            Solver.Minimize(Samples.Rosenbrock, Samples.RosenbrockStart, Any, new SolveOptions { MaxSteps = 1, Checkpoint = CheckpointPlan.To(path, 1) });
        }

        if (onPool)
        {
            Wait(Solver.ResumeAsync(path, Samples.Rosenbrock, Any, cancellationToken: token));
        }
        else
        {
            Solver.Resume(path, Samples.Rosenbrock, Any, cancellationToken: token);
        }
    });

    private static readonly Dictionary<string, Action> Calls = new()
    {
        ["CheckpointPlan.To ArgumentException"] = () => CheckpointPlan.To("", 1),
        ["Dataset.Csv ArgumentException"] = () => Samples.WithFile(path =>
        {
            File.WriteAllText(path, "1,2\n");
            Dataset.Csv(path, targetColumn: 7);
        }),
        ["Dataset.Csv IOException"] = () => Dataset.Csv("no such file"),
        ["Dataset.Csv InvalidDataException"] = () => Samples.WithFile(path =>
        {
            File.WriteAllText(path, "1,2\n3\n");
            Dataset.Csv(path);
        }),
        ["Dataset.FromClasses ArgumentException"] = () => Dataset.FromClasses(Tensors.Zeros(1, 1), [3], ["a"]),
        ["Dataset.FromNumbers ShapeException"] = () => Dataset.FromNumbers(Tensors.Zeros(1, 1), Two),
        ["Dataset.MoveTo ArgumentException"] = () => Dataset.Digits().MoveTo(Strange),
        ["Dataset.MoveTo EngineException"] = () => Dataset.Digits().MoveTo(Missing),
        ["Dataset.Split ArgumentOutOfRangeException"] = () => Dataset.Digits().Split(0),
        ["Derivatives.Along ShapeException"] = () => Derivatives.Along(Sin, Two, Tensors.Of(1)),
        ["Derivatives.Batch ShapeException"] = () => Derivatives.Batch(Sin, Tensors.Scalar(1)),
        ["Derivatives.Gradient ShapeException"] = () => Derivatives.Gradient(Sin, Two),
        ["Derivatives.Hessian ShapeException"] = () => Derivatives.Hessian(Sin, Two),
        ["Derivatives.HessianProduct ShapeException"] = () => Derivatives.HessianProduct(Sin, Two, Two),
        ["Derivatives.Jacobian ShapeException"] = () => Derivatives.Jacobian(Sin, Wide),
        ["Derivatives.ValueAndGradient ShapeException"] = () => Derivatives.ValueAndGradient(Sin, Two),
        ["GradientCheck.Gradient ArgumentException"] = () => GradientCheck.Gradient(Sin, Two),
        ["GradientCheck.HessianProduct ArgumentException"] = () => GradientCheck.HessianProduct(x => Sum(x), Two, Tensors.Zeros(2)),
        ["Model.Apply ShapeException"] = () => Digits().Model.Apply(Two, Two),
        ["Model.Classify ShapeException"] = () => Digits().Model.Classify(Two, Two),
        ["Model.Mlp ArgumentException"] = () => Model.Mlp(1, [-1], 1),
        ["Objective.Compile ArgumentException"] = () => Objective.Supervised(Model.Mlp(64, [], 10), Dataset.Digits(), batchSize: 8).Compile(),
        ["Objective.Supervised ArgumentException"] = () => Objective.Supervised(Model.Mlp(3, [], 10), Dataset.Digits()),
        ["Oracle.GaussNewtonProducts InvalidOperationException"] = () =>
            Solver.Minimize(Samples.Rosenbrock, Samples.RosenbrockStart, new NewtonCg { Matrix = CurvatureMatrix.GaussNewton }),
        ["Problems.Find ArgumentException"] = () => Problems.Find("?"),
        ["SolveResult.EnsureConverged NotConvergedException"] = () =>
            Solver.Minimize(Samples.Rosenbrock, Samples.RosenbrockStart, Any, new SolveOptions { MaxSteps = 1 }).EnsureConverged(),
        ["Solver.Minimize ArgumentException"] = () => Solver.Minimize(Samples.Rosenbrock, Samples.RosenbrockStart, new Lbfgs { History = 0 }),
        ["Solver.Minimize EngineException"] = () => Solver.Minimize(Samples.Rosenbrock, Samples.RosenbrockStart, Any, There),
        ["Solver.Minimize OperationCanceledException"] = () =>
            Solver.Minimize(Samples.Rosenbrock, Samples.RosenbrockStart, Any, cancellationToken: Over),
        ["Solver.MinimizeAsync ArgumentException"] = () =>
            Wait(Solver.MinimizeAsync(Samples.Rosenbrock, Samples.RosenbrockStart, new Lbfgs { History = 0 })),
        ["Solver.MinimizeAsync EngineException"] = () =>
            Wait(Solver.MinimizeAsync(Samples.Rosenbrock, Samples.RosenbrockStart, Any, There)),
        ["Solver.MinimizeAsync OperationCanceledException"] = () =>
            Wait(Solver.MinimizeAsync(Samples.Rosenbrock, Samples.RosenbrockStart, Any, cancellationToken: Over)),
        ["ManyResult.Item ArgumentOutOfRangeException"] = () => _ = Many(Any)[7],
        ["Solver.FitMany ArgumentException"] = () => Solver.FitMany((x, data) => x - data[0], [Two], Tensors.Ones(3, 1)),
        ["Solver.FitMany InvalidOperationException"] = () => Solver.FitMany((x, data) => x[0].ToScalar() > 0 ? x : -x, [], Tensors.Ones(3, 1)),
        ["Solver.MinimizeMany ArgumentException"] = () => Many(new Adam()),
        ["Solver.MinimizeMany InvalidOperationException"] = () => Solver.MinimizeMany(ManyObjective.From(x => x[0].ToScalar() > 0 ? Sum(x) : -Sum(x)), Tensors.Ones(3, 1), Any),
        ["Solver.MinimizeMany OperationCanceledException"] = () => Many(Any, Over),
        ["Solver.Resume ArgumentException"] = () => Solver.Resume("", Samples.Rosenbrock, Any),
        ["Solver.Resume CheckpointException"] = () => Resumed([1, 2, 3], default, onPool: false),
        ["Solver.Resume EngineException"] = () => ResumeThere(onPool: false),
        ["Solver.Resume IOException"] = () => Resumed([], default, onPool: false),
        ["Solver.Resume OperationCanceledException"] = () => Resumed([], Over, onPool: false),
        ["Solver.ResumeAsync ArgumentException"] = () => Wait(Solver.ResumeAsync("", Samples.Rosenbrock, Any)),
        ["Solver.ResumeAsync CheckpointException"] = () => Resumed([1, 2, 3], default, onPool: true),
        ["Solver.ResumeAsync EngineException"] = () => ResumeThere(onPool: true),
        ["Solver.ResumeAsync IOException"] = () => Resumed([], default, onPool: true),
        ["Solver.ResumeAsync OperationCanceledException"] = () => Resumed([], Over, onPool: true),
        ["SupervisedObjective.Assess ShapeException"] = () => Digits().Assess(Two),
        ["TensorMath.ArgMax ShapeException"] = () => ArgMax(Two, 3),
        ["TensorMath.ArgMin ShapeException"] = () => ArgMin(Two, 3),
        ["TensorMath.Cholesky ShapeException"] = () => Cholesky(Wide),
        ["TensorMath.Concat ShapeException"] = () => Concat(0, Two, Wide),
        ["TensorMath.CumulativeSum ShapeException"] = () => CumulativeSum(Two, 3),
        ["TensorMath.Determinant ShapeException"] = () => Determinant(Wide),
        ["TensorMath.Dot ShapeException"] = () => Dot(Two, Wide),
        ["TensorMath.Eigen ShapeException"] = () => Eigen(Wide),
        ["TensorMath.Expand ShapeException"] = () => Expand(Two, 3),
        ["TensorMath.Flip ShapeException"] = () => Flip(Two, 3),
        ["TensorMath.Gather EngineException"] = () => Gather(Two, 0, Bad),
        ["TensorMath.Inverse ShapeException"] = () => Inverse(Wide),
        ["TensorMath.LogDeterminant ShapeException"] = () => LogDeterminant(Wide),
        ["TensorMath.LogSoftmax ShapeException"] = () => LogSoftmax(Two, 3),
        ["TensorMath.LogSumExp ShapeException"] = () => LogSumExp(Two, 3),
        ["TensorMath.MatMul ShapeException"] = () => MatMul(Wide, Wide),
        ["TensorMath.Max ShapeException"] = () => Max(Two, 3),
        ["TensorMath.Mean ShapeException"] = () => Mean(Two, 3),
        ["TensorMath.Min ShapeException"] = () => Min(Two, 3),
        ["TensorMath.Norm ShapeException"] = () => Norm(Two, 3),
        ["TensorMath.Outer ShapeException"] = () => Outer(Two, Wide),
        ["TensorMath.Pad ArgumentException"] = () => Pad(Two, 0, -1, 0),
        ["TensorMath.Permute ShapeException"] = () => Permute(Wide, 1, 1),
        ["TensorMath.Product ShapeException"] = () => Product(Two, 3),
        ["TensorMath.Qr ShapeException"] = () => Qr(Wide),
        ["TensorMath.Reshape ShapeException"] = () => Reshape(Two, 3),
        ["TensorMath.ScatterAdd EngineException"] = () => ScatterAdd(Tensors.Of(1), 0, 2, Bad),
        ["TensorMath.Select EngineException"] = () => Select(Two, 0, Bad),
        ["TensorMath.Slice ArgumentException"] = () => Slice(Two, 0, 0, 3),
        ["TensorMath.Softmax ShapeException"] = () => Softmax(Two, 3),
        ["TensorMath.Solve ShapeException"] = () => TensorMath.Solve(Wide, Two),
        ["TensorMath.Split ShapeException"] = () => Split(Two, 0, 1),
        ["TensorMath.Squeeze ShapeException"] = () => Squeeze(Two, 0),
        ["TensorMath.Stack ShapeException"] = () => Stack(0, Two, Wide),
        ["TensorMath.Sum ShapeException"] = () => Sum(Two, 3),
        ["TensorMath.Transpose ShapeException"] = () => Transpose(Two),
        ["TensorMath.Unsqueeze ShapeException"] = () => Unsqueeze(Two, 3),
        ["Tensors.MoveTo ArgumentException"] = () => Two.MoveTo(Strange),
        ["Tensors.MoveTo EngineException"] = () => Two.MoveTo(Missing),
        ["Tensors.Of ShapeException"] = () => Tensors.Of((double[])[1, 2], 3),
    };

    /// <summary>Pairs "Type.Member Exception" of the documentation.</summary>
    private static string[] Tags()
    {
        var document = XDocument.Load(Path.ChangeExtension(typeof(Objective).Assembly.Location, ".xml"));

        return
        [
            .. from member in document.Descendants("member")
               from tag in member.Elements("exception")
               let name = Regex.Match(member.Attribute("name")?.Value ?? "", @"^\w:Optim\.(?:Methods\.)?([\w`]+\.\w+)").Groups[1].Value
               let thrown = (tag.Attribute("cref")?.Value ?? "").Split('.')[^1]
               select $"{name} {thrown}",
        ];
    }

    /// <summary>All tests of this file.</summary>
    [Tests]
    public static readonly Test All = Runner.TestList("Exceptions",
    [
        Runner.TestCase("every tag has a call here, and every call a tag", () =>
        {
            var tags = Tags().Distinct().ToArray();
            Expect.isTrue(tags.Length > 40, $"{tags.Length} tags");
            Expect.equal(tags.Except(Calls.Keys).Order().ToArray(), [], "tags without a call");
            Expect.equal(Calls.Keys.Except(tags).Order().ToArray(), [], "calls without a tag");
        }),
        Runner.TestList("tags are true", Calls.Select(call => Runner.TestCase(call.Key, () =>
        {
            var thrown = Check.Throws<Exception>(call.Value);
            var bases = new List<string>();

            for (var type = thrown.GetType(); type is not null; type = type.BaseType)
            {
                bases.Add(type.Name);
            }

            Expect.isTrue(bases.Contains(call.Key.Split(' ')[1]), $"{thrown.GetType().Name}: {thrown.Message}");
        }))),
    ]);
}
