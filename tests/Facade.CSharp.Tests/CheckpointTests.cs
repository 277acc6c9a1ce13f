using Expecto;
using Expecto.CSharp;
using Optim.Methods;

namespace Optim.FacadeTests;

/// <summary>Runs in files, and the states that can be saved.</summary>
public static class CheckpointTests
{
    internal sealed record Inner(double Number, IReadOnlyList<Tensor> Tensors, string Text);

    internal sealed record Rich(int Count, Tensor? Previous, double? Length, float Small, bool IsOdd, Inner Inner, Tensor[] History, Key Key);

    internal readonly record struct Slim(long Count, Tensor Velocity);

    internal sealed class Classic(int count, Tensor velocity)
    {
        public int Count { get; } = count;

        public Tensor Velocity { get; } = velocity;
    }

    internal sealed record Hiding(int Count)
    {
        public Tensor Extra { get; init; } = Tensors.Scalar(0);
    }

    internal sealed record Endless(int Count, Endless? Next);

    private static Method RichMethod { get; } = Method.Custom<Rich>(
        "rich",
        (oracle, start) => new Rich(0, null, null, 0.1f, false, new Inner(1.5, [start], "start"), [], oracle.Key),
        (oracle, point, state) =>
        {
            var gradient = oracle.Gradient(point);
            var pull = state.Previous is null ? gradient : gradient + 0.5 * state.Previous;
            var next = point - 0.05 * (1 + state.Small) * pull + 1e-3 * state.Inner.Number * (state.IsOdd ? 1 : -1);
            return Step<Rich>.Moved(
                next,
                new Rich(
                    state.Count + 1,
                    state.Count % 3 == 2 ? null : pull,
                    TensorMath.Norm(pull).ToScalar(),
                    state.Small * 0.9f,
                    !state.IsOdd,
                    state.Inner with { Number = state.Inner.Number * 0.9, Tensors = [next, point], Text = $"after {state.Count}" },
                    [.. state.History.TakeLast(2), pull],
                    state.Key.Fold(state.Count)));
        });

    private static Method SlimMethod { get; } = Method.Custom<Slim>(
        "slim",
        (_, start) => new Slim(0, 0 * start),
        (oracle, point, state) =>
        {
            var velocity = 0.9 * state.Velocity + oracle.Gradient(point);
            return Step<Slim>.Moved(point - 0.01 * velocity, new Slim(state.Count + 1, velocity));
        });

    private static Method ClassicMethod { get; } = Method.Custom<Classic>(
        "classic",
        (_, start) => new Classic(0, 0 * start),
        (oracle, point, state) =>
        {
            var velocity = 0.9 * state.Velocity + oracle.Gradient(point);
            return Step<Classic>.Moved(point - 0.01 * velocity, new Classic(state.Count + 1, velocity));
        });

    private static readonly Method[] Savable =
    [
        new GradientDescent(),
        new Sgd { Rate = 0.01, Momentum = 0.9 },
        new Adam { Rate = 0.01 },
        new AdamW { Rate = 0.01 },
        new Bfgs(),
        new Lbfgs { History = 3 },
        new Newton(),
        new NewtonCg(),
        new SaddleFreeNewton(),
        MethodTests.MomentumDescent(0.01, 0.9),
        RichMethod,
        SlimMethod,
        ClassicMethod,
    ];

    private static Objective Valley { get; } = Problems.Find("extended-rosenbrock", 4).Objective;

    private static readonly double[] Start = [-1.2, 1, -1.2, 1];

    private static void SameRun(SolveResult actual, SolveResult expected)
    {
        Check.SameBits(actual.Point, expected.Point, "the point");
        Expect.equal(actual.Steps, expected.Steps, "steps");
        Expect.equal(actual.Evaluations, expected.Evaluations, "evaluations");
        Expect.equal(actual.Reason, expected.Reason, "the reason");
        Expect.equal(
            actual.Trace.Select(r => (r.Step, r.Value, r.GradientNorm)).ToArray(),
            [.. expected.Trace.Select(r => (r.Step, r.Value, r.GradientNorm))],
            "the trace");
    }

    /// <summary>All tests of this file.</summary>
    [Tests]
    public static readonly Test All = Runner.TestList("Checkpoints",
    [
        Runner.TestList("a resumed run is the uninterrupted one", Savable.Select(method => Runner.TestCase(method.ToString(), () => Samples.WithFile(path =>
        {
            var whole = new SolveOptions { MaxSteps = 12, StopRules = [] };
            var expected = Solver.Minimize(Valley, Start, method, whole);
            var part = Solver.Minimize(Valley, Start, method, whole with { MaxSteps = 5, Checkpoint = CheckpointPlan.To(path, every: 5) });
            Expect.equal(part.Steps, 5L, "steps of the first part");
            SameRun(Solver.Resume(path, Valley, method, whole), expected);
        })))),
        Runner.TestCase("resumed on the pool, and saved again", async () =>
        {
            var folder = Directory.CreateTempSubdirectory("optim-test-");

            try
            {
                var path = Path.Combine(folder.FullName, "run");
                var options = new SolveOptions { MaxSteps = 4, StopRules = [], Checkpoint = CheckpointPlan.To(path, every: 2) };
                await Solver.MinimizeAsync(Valley, Start, new Lbfgs(), options);
                await Solver.ResumeAsync(path, Valley, new Lbfgs(), options with { MaxSteps = 8 });
                var end = await Solver.ResumeAsync(path, Valley, new Lbfgs(), options with { MaxSteps = 12 });
                SameRun(end, Solver.Minimize(Valley, Start, new Lbfgs(), new SolveOptions { MaxSteps = 12, StopRules = [] }));
            }
            finally
            {
                folder.Delete(recursive: true);
            }
        }),
        Runner.TestCase("a damaged file is refused by name", () => Samples.WithFile(path =>
        {
            Solver.Minimize(Valley, Start, new Lbfgs(), new SolveOptions { MaxSteps = 3, Checkpoint = CheckpointPlan.To(path, every: 1) });
            var bytes = File.ReadAllBytes(path);
            bytes[bytes.Length / 2] ^= 1;
            File.WriteAllBytes(path, bytes);
            var thrown = Check.Throws<CheckpointException>(() => Solver.Resume(path, Valley, new Lbfgs()));
            Check.Mentions(thrown.Message, path, "damaged");
            Expect.equal(thrown.File, path, "the file");
        })),
        Runner.TestCase("a run of another method is refused", () => Samples.WithFile(path =>
        {
            Solver.Minimize(Valley, Start, new Lbfgs(), new SolveOptions { MaxSteps = 3, Checkpoint = CheckpointPlan.To(path, every: 1) });
            var thrown = Check.Throws<CheckpointException>(() => Solver.Resume(path, Valley, new Bfgs()));
            Check.Mentions(thrown.Message, "lbfgs", "bfgs");
        })),
        Runner.TestCase("a missing file is the file system's own exception", () => Samples.WithFile(path =>
        {
            Check.Throws<FileNotFoundException>(() => Solver.Resume(path, Valley, new Lbfgs()));
        })),
        Runner.TestCase("plans are checked when made", () =>
        {
            Check.Throws<ArgumentException>(() => CheckpointPlan.To(""));
            var thrown = Check.Throws<ArgumentOutOfRangeException>(() => CheckpointPlan.To("file", 0));
            Expect.equal(thrown.ParamName, "every", "the parameter");
            Check.Mentions(thrown.Message, "0", "1 or more");
        }),
        Runner.TestCase("a state with more than its positions is refused before the run", () =>
        {
            var method = Method.Custom<Hiding>("hiding", (_, _) => new Hiding(0), (_, point, state) => Step<Hiding>.Moved(point, state));
            var thrown = Check.Throws<ArgumentException>(() => Solver.Minimize(Valley, Start, method));
            Check.Mentions(thrown.Message, "Hiding", "positional");
        }),
        Runner.TestCase("a state that holds what cannot be saved is refused by the name of the part", () =>
        {
            var method = Method.Custom<(int Count, Dictionary<string, int> Table)>(
                "table", (_, _) => (0, []), (_, point, state) => Step<(int, Dictionary<string, int>)>.Moved(point, state));
            var thrown = Check.Throws<ArgumentException>(() => Solver.Minimize(Valley, Start, method));
            Check.Mentions(thrown.Message, "Dictionary");
        }),
        Runner.TestCase("a state type that contains itself is refused", () =>
        {
            var method = Method.Custom<Endless>("endless", (_, _) => new Endless(0, null), (_, point, state) => Step<Endless>.Moved(point, state));
            var thrown = Check.Throws<ArgumentException>(() => Solver.Minimize(Valley, Start, method));
            Check.Mentions(thrown.Message, "contains itself");
        }),
    ]);
}
