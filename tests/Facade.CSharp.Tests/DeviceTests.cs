using Expecto;
using Expecto.CSharp;
using Optim.Methods;
using Optim.Testing;
using static Optim.TensorMath;

namespace Optim.FacadeTests;

/// <summary>Runs, tensors and data on other devices: an engine of the tests that gives the managed engine's numbers, and libtorch where it is found.</summary>
public static class DeviceTests
{
    private static readonly Engine Mirror = MirrorEngine.Instance;

    private static readonly Tensor Target = Tensors.Of(1, 2, 3);

    /// <summary>½ |x − target|², of any device.</summary>
    private static readonly Objective Bowl = Objective.From(x => 0.5 * Sum(Square(x - Target.Alongside(x))), "bowl");

    private static readonly Lazy<TrainTest> Digits = new(() => Dataset.Digits().Prepare(seed: 1));

    private static SupervisedObjective Task(Dataset data) =>
        Objective.Supervised(Model.Mlp(64, [8], 10, seed: 7), data, batchSize: 64, penalty: 1e-3);

    private static Core.SolveOptions Options(long steps) =>
        SolveOptions.ToCore(new SolveOptions { MaxSteps = steps, StopRules = [] }, null, default);

    private static Tensor There(Tensor x) => Optim.Core.Tensor.moveTo(Mirror, x);

    /// <summary>A test that is skipped by its name where libtorch is not found.</summary>
    private static Test WithTorch(string name, Action test) =>
        Runner.TestCase(name, () =>
        {
            var engine = Torch.Torch.tryEngine();

            if (engine.IsError)
            {
                throw new IgnoreException($"libtorch is not here: {engine.ErrorValue}");
            }

            test();
        });

    /// <summary>All tests of this file.</summary>
    [Tests]
    public static readonly Test All = Runner.TestList("Devices",
    [
        Runner.TestCase("the start is moved, and the result lies there", () =>
        {
            var here = Solver.MinimizeOn(Engines.Of(Device.Cpu), Bowl, Tensors.Zeros(3), new Lbfgs(), Options(5));
            var there = Solver.MinimizeOn(Mirror, Bowl, Tensors.Zeros(3), new Lbfgs(), Options(5));
            Expect.equal((here.Point.Device, there.Point.Device.Name), (Device.Cpu, "mirror"), "devices");
            Check.SameBits(there.Point, here.Point, "point");
            var back = Solver.Minimize(Bowl, there.Point, new Lbfgs());
            Expect.equal(back.Point.Device, Device.Cpu, "a start elsewhere comes to the options' device");
            Check.Close(Bowl.Value(there.Point), Bowl.Value(here.Point), 0, "the value where the point lies");
        }),
        Runner.TestList("a supervised objective's examples are moved", ((Method[])[new Adam(), new Lbfgs(), new NewtonCg { Matrix = CurvatureMatrix.GaussNewton }]).Select(
            method => Runner.TestCase(method.GetType().Name, () =>
            {
                var task = Task(Digits.Value.Train);
                var here = Solver.MinimizeOn(Engines.Of(Device.Cpu), task, task.Model.Start, method, Options(3));
                var there = Solver.MinimizeOn(Mirror, task, task.Model.Start, method, Options(3));
                Expect.equal(there.Point.Device.Name, "mirror", "device");
                Check.SameBits(there.Point, here.Point, "point");
                Expect.equal(task.Assess(there.Point, Digits.Value.Test), task.Assess(here.Point, Digits.Value.Test), "assessment");
                Expect.equal(task.Value(there.Point), task.Value(here.Point), "value");
                Expect.equal(task.Dataset.Inputs.Device, Device.Cpu, "the data set itself stays");
            }))),
        Runner.TestCase("examples are moved once for each data set and device", () =>
        {
            var task = Task(Digits.Value.Train);
            Expect.isTrue(ReferenceEquals(task.On(Mirror), task.On(Mirror)), "objective");
            Expect.isTrue(ReferenceEquals(task.Dataset.On(Mirror), Task(Digits.Value.Train).Dataset.On(Mirror)), "examples");
            Expect.isTrue(ReferenceEquals(task.On(Engines.Of(Device.Cpu)), task.Core), "at home");
        }),
        Runner.TestCase("a compiled objective is computed uncompiled elsewhere", () =>
        {
            var compiled = Bowl.Compile();
            var there = Solver.MinimizeOn(Mirror, compiled, Tensors.Zeros(3), new Lbfgs(), Options(5));
            Expect.equal(there.Path, EvaluationPath.Eager, "path");
            var here = Solver.MinimizeOn(Engines.Of(Device.Cpu), compiled, Tensors.Zeros(3), new Lbfgs(), Options(5));
            Expect.equal(here.Path, EvaluationPath.Compiled, "path here");
        }),
        Runner.TestCase("a run goes on where the options say", () => Samples.WithFile(path =>
        {
            var task = Task(Digits.Value.Train);
            var whole = Solver.MinimizeOn(Engines.Of(Device.Cpu), task, task.Model.Start, new Adam(), Options(6));
            var saving = SolveOptions.ToCore(
                new SolveOptions { MaxSteps = 3, StopRules = [], Checkpoint = CheckpointPlan.To(path, every: 3) }, null, default);
            Solver.MinimizeOn(Mirror, task, task.Model.Start, new Adam(), saving);
            var back = Solver.Resume(path, task, new Adam(), new SolveOptions { MaxSteps = 6, StopRules = [] });
            Expect.equal(back.Point.Device, Device.Cpu, "device");
            Check.SameBits(back.Point, whole.Point, "from the mirror");
            Solver.MinimizeOn(Engines.Of(Device.Cpu), task, task.Model.Start, new Adam(), saving);
            var there = Solver.ResumeOn(Mirror, path, task, new Adam(), Options(6));
            Expect.equal(there.Point.Device.Name, "mirror", "device");
            Check.SameBits(there.Point, whole.Point, "to the mirror");
        })),
        Runner.TestCase("constants come alongside, and derivatives move with the numbers", () =>
        {
            var point = There(Target);
            var copy = Target.Alongside(point);
            Expect.isTrue(ReferenceEquals(copy, Target.Alongside(point)), "one copy");
            Check.SameBits(copy, Target, "the copy");
            Expect.isTrue(ReferenceEquals(Target.MoveTo(Device.Cpu), Target), "already there");
            Check.SameBits(point.MoveTo(Device.Cpu), Target, "back");
            var gradient = Derivatives.Gradient(x => Sum(Exp(x.MoveTo(Device.Cpu))), point);
            Expect.equal(gradient.Device.Name, "mirror", "the gradient's device");
            Check.SameBits(gradient, Exp(Target), "gradient");
        }),
        Runner.TestCase("devices that do not meet are named, with the way out", () =>
        {
            var thrown = Check.Throws<ArgumentException>(() => _ = Target + There(Target));
            Check.Mentions(thrown.Message, "Add", "(3) on cpu", "(3) on mirror", "MoveTo");
            var unaware = Objective.From(x => Sum(Square(x - Target)));
            thrown = Check.Throws<ArgumentException>(() => Solver.MinimizeOn(Mirror, unaware, Target, new Lbfgs(), Options(1)));
            Check.Mentions(thrown.Message, "Subtract", "mirror", "cpu", "MoveTo");
        }),
        Runner.TestCase("a device without engine is refused", () =>
        {
            var elsewhere = There(Target).Device;
            Check.Mentions(Check.Throws<ArgumentException>(() => Target.MoveTo(elsewhere)).Message, "device", "mirror", "torch", "cuda:0");
            Check.Mentions(Check.Throws<ArgumentException>(() => Digits.Value.Test.MoveTo(elsewhere)).Message, "device", "mirror");
            var options = new SolveOptions { Device = elsewhere };
            var thrown = Check.Throws<ArgumentException>(() => Solver.Minimize(Bowl, Target, new Lbfgs(), options));
            Check.Mentions(thrown.Message, "Device", "mirror", "torch", "cuda:0");
            Expect.equal(thrown.ParamName, "options", "the parameter");
        }),
        Runner.TestCase("many members at once stay on the processor", () =>
        {
            var many = ManyObjective.From(x => Sum(Square(x)));
            var options = new SolveOptions { Device = Device.Torch };
            var thrown = Check.Throws<ArgumentException>(() => Solver.MinimizeMany(many, Tensors.Ones(2, 2), new Bfgs(), options: options));
            Check.Mentions(thrown.Message, "torch", "cpu", "Minimize");
        }),
        Runner.TestCase("the first graphics processor needs no number", () => Expect.equal(Device.Cuda(), Device.Cuda(0), "device")),
        WithTorch("libtorch on the processor: functions, models, and a run that changes devices", () => Samples.WithFile(path =>
        {
            var options = new SolveOptions { Device = Device.Torch, Checkpoint = CheckpointPlan.To(path, every: 1), MaxSteps = 8 };
            var run = Solver.Minimize(Bowl, [0, 0, 0], new Lbfgs(), options);
            Expect.isTrue(run.IsConverged, run.ToString());
            Expect.equal(run.Point.Device, Device.Torch, "device");
            Check.Close(run.Point.ToArray(), [1, 2, 3], 1e-9, "point");
            var task = Task(Digits.Value.Train.MoveTo(Device.Torch));
            var there = Solver.Minimize(task, new Adam(), options);
            var here = Solver.Minimize(task, new Adam(), options with { Device = Device.Cpu, Checkpoint = CheckpointPlan.None });
            Expect.equal((there.Point.Device, here.Point.Device), (Device.Torch, Device.Cpu), "devices");
            Check.Close(there.Value, here.Value, 1e-6, "the loss on both");
            var resumed = Solver.Resume(path, task, new Adam(), new SolveOptions { MaxSteps = 10 });
            Expect.equal((resumed.Steps, resumed.Point.Device), (10, Device.Cpu), "gone on here");
            Expect.isTrue(task.Assess(there.Point).TryGetAccuracy(out _), "assessed there");
        })),
    ]);
}
