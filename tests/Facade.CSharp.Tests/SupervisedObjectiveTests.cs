using Expecto;
using Expecto.CSharp;
using Optim.Methods;

namespace Optim.FacadeTests;

/// <summary>Models, data and training.</summary>
public static class SupervisedObjectiveTests
{
    private static readonly Lazy<TrainTest> DigitData = new(() => Dataset.Digits().Prepare(seed: 1));

    private static Model Small(long seed = 7) => Model.Mlp(inputs: 64, hidden: [8], outputs: 10, seed: seed);

    /// <summary>All tests of this file.</summary>
    [Tests]
    public static readonly Test All = Runner.TestList("Supervised",
    [
        Runner.TestCase("training on digits lowers the loss and names more of them right", () =>
        {
            var data = DigitData.Value;
            var task = Objective.Supervised(Small(), data.Train, batchSize: 128);
            var before = task.Assess(task.Model.Start, data.Test);
            var options = new SolveOptions { MaxSteps = 5L * task.StepsPerEpoch };
            var run = Solver.Minimize(task, new Adam { Rate = 0.02 }, options);
            Expect.equal(run.Outcome, Outcome.BudgetSpent, run.ToString());
            var after = task.Assess(run.Point, data.Test);
            Expect.isTrue(after.Loss < 0.5 * before.Loss, $"test loss {before.Loss} → {after.Loss}");
            Expect.isTrue(before.TryGetAccuracy(out var worse) && after.TryGetAccuracy(out var better) && better > worse + 0.3, $"{before} → {after}");
            var named = task.Model.Classify(run.Point, data.Test.Inputs);
            var right = named.Zip(data.Test.Targets.ToArray(), (mine, truth) => mine == (int)truth).Count(hit => hit);
            after.TryGetAccuracy(out var accuracy);
            Check.Close((double)right / data.Test.Count, accuracy, 1e-12, "Classify agrees with the accuracy");
        }),
        Runner.TestCase("L-BFGS on all examples", () =>
        {
            var task = Objective.Supervised(Small(), DigitData.Value.Train, penalty: 1e-3);
            Expect.isFalse(task.IsStochastic, "no chance");
            Expect.equal((task.BatchSize, task.StepsPerEpoch), (task.Dataset.Count, 1), "all at once");
            var run = Solver.Minimize(task, new Lbfgs(), new SolveOptions { MaxSteps = 15 });
            Expect.isTrue(run.Value < 0.5 * task.Value(task.Model.Start), $"value {run.Value}");
            var half = 0.5 * task.Penalty * TensorMath.Dot(run.Point, run.Point).ToScalar();
            Check.Close(task.Assess(run.Point).Loss + half, run.Value, 1e-12, "the loss and the penalty are the value");
        }),
        Runner.TestCase("Newton-CG with Gauss-Newton products", () =>
        {
            var task = Objective.Supervised(Small(), DigitData.Value.Train, penalty: 1e-3);
            var method = new NewtonCg { Matrix = CurvatureMatrix.GaussNewton, MaxProducts = 10 };
            var run = Solver.Minimize(task, method, new SolveOptions { MaxSteps = 4 });
            Expect.isTrue(run.Evaluations.Products > 0 && run.Value < task.Value(task.Model.Start), run.ToString());
        }),
        Runner.TestCase("seeds decide weights and the order of examples", () =>
        {
            Check.SameBits(Small().Start, Small().Start, "one seed");
            Expect.notEqual(Small().Start.ToArray(), Small(8).Start.ToArray(), "another seed");

            Tensor Train(long seed) => Solver.Minimize(
                Objective.Supervised(Small(), DigitData.Value.Train, batchSize: 64, seed: seed), new Sgd { Rate = 0.1 }, new SolveOptions { MaxSteps = 3 }).Point;

            Check.SameBits(Train(1), Train(1), "one order");
            Expect.notEqual(Train(1).ToArray(), Train(2).ToArray(), "another order");
        }),
        Runner.TestCase("a model of numbers has no accuracy", () =>
        {
            var data = Dataset.Diabetes().Prepare();
            var task = Objective.Supervised(Model.Mlp(10, [], 1), data.Train);
            Expect.equal(task.Loss.Name, Loss.SquaredError.Name, "the loss that suits numbers");
            var run = Solver.Minimize(task, new Lbfgs(), new SolveOptions { StopRules = [StopRule.GradientBelow(0, 1e-6)] }).EnsureConverged();
            var end = task.Assess(run.Point, data.Test);
            Expect.isFalse(end.TryGetAccuracy(out _), "no accuracy");
            // A linear fit explains about half the variance of the targets, whose standardized half is ½.
            Expect.isTrue(end.Loss is > 0.1 and < 0.4, $"loss {end.Loss}");
        }),
        Runner.TestCase("a model's parts", () =>
        {
            var model = Small();
            Expect.equal((model.Name, model.Inputs, model.Outputs), ("64-8-10 tanh", 64, 10), "name and sizes");
            Expect.equal(model.ParameterCount, (64 * 8) + 8 + (8 * 10) + 10, "parameters");
            Expect.equal(model.Blocks.Select(b => b.Name).ToArray(), ["layer1.weight", "layer1.bias", "layer2.weight", "layer2.bias"], "blocks");
            Expect.equal(model.Blocks[2].Offset, (64 * 8) + 8, "offset");
            Expect.equal(model.Blocks[2].Shape, Shape.Of(8, 10), "shape");
            var one = model.Apply(model.Start, DigitData.Value.Train.Inputs[0]);
            var all = model.Apply(model.Start, DigitData.Value.Train.Inputs);
            Check.Close(all[0].ToArray(), one.ToArray(), 1e-14, "one example and many");
        }),
        Runner.TestList("activations", Enum.GetValues<Activation>().Select(kind => Runner.TestCase(kind.ToString(), () =>
        {
            // One input, one hidden unit of weight 1, one output of weight 1: the activation itself.
            var model = Model.Mlp(1, [1], 1, activation: kind);
            var linear = kind == Activation.Identity;
            var output = model.Apply(Tensors.Of(1, 0, 1, 0), Tensors.Of(-0.7)).ToScalar();
            var expected = kind switch
            {
                Activation.Identity => -0.7,
                Activation.Relu => 0,
                Activation.LeakyRelu => -0.007,
                Activation.Elu => Math.Exp(-0.7) - 1,
                Activation.Gelu => -0.7 * 0.2419636522230730, // Φ(−0.7), Abramowitz and Stegun, table 26.1
                Activation.Silu => -0.7 / (1 + Math.Exp(0.7)),
                Activation.Softplus => Math.Log(1 + Math.Exp(-0.7)),
                Activation.Sigmoid => 1 / (1 + Math.Exp(0.7)),
                Activation.Tanh => Math.Tanh(-0.7),
                _ => double.NaN,
            };
            Check.Close(output, expected, 1e-12, kind.ToString());
        }))),
        Runner.TestCase("losses", () =>
        {
            var outputs = Tensors.Of((double[])[0, Math.Log(3)], 1, 2);
            Check.Close(Loss.SoftmaxCrossEntropy.Mean(outputs, Tensors.Of((long[])[1], 1)).ToScalar(), -Math.Log(0.75), 1e-15, "−log ¾");
            Check.Close(Loss.SquaredError.Mean(outputs, Tensors.Of((double[])[2, Math.Log(3)], 1, 2)).ToScalar(), 2, 1e-15, "½ · 4");
            var sigmoid = Loss.SigmoidCrossEntropy.Mean(Tensors.Of((double[])[0], 1, 1), Tensors.Of((double[])[1], 1, 1)).ToScalar();
            Check.Close(sigmoid, Math.Log(2), 1e-15, "log 2");
            Expect.equal(Loss.SquaredError.ToString(), Loss.SquaredError.Name, "text");
        }),
        Runner.TestCase("what does not fit is refused", () =>
        {
            var data = DigitData.Value.Train;
            Check.Mentions(Check.Throws<ArgumentException>(() => Objective.Supervised(Model.Mlp(63, [], 10), data)).Message, "63", "64");
            Check.Throws<ArgumentException>(() => Objective.Supervised(Model.Mlp(64, [], 9), data));
            Check.Mentions(Check.Throws<ArgumentException>(() => Objective.Supervised(Small(), data, batchSize: 5000)).Message, "5000");
            Check.Mentions(Check.Throws<ArgumentException>(() => Objective.Supervised(Small(), data, batchSize: 0)).Message, "0", "1 or more");
            Check.Mentions(Check.Throws<ArgumentException>(() => Objective.Supervised(Small(), data, penalty: -1)).Message, "penalty", "-1");
            Check.Mentions(Check.Throws<ArgumentException>(() => Model.Mlp(0, [], 1)).Message, "0", "1 or more");
            Check.Throws<ArgumentException>(() => Model.Mlp(1, [0], 1));
            Check.Mentions(Check.Throws<ArgumentException>(() => Model.Mlp(1, [], 1, activation: (Activation)99)).Message, "activation");
            Check.Throws<ShapeException>(() => Small().Apply(Tensors.Zeros(3), data.Inputs));
            Check.Throws<ShapeException>(() => Small().Apply(Small().Start, Tensors.Zeros(2, 63)));
            Check.Throws<ShapeException>(() => Small().Classify(Small().Start, data.Inputs[0]));
            var task = Objective.Supervised(Small(), data);
            Check.Throws<ShapeException>(() => task.Assess(Tensors.Zeros(3)));
            Check.Throws<ShapeException>(() => task.Assess(task.Model.Start, Dataset.BreastCancer()));
        }),
    ]);
}
