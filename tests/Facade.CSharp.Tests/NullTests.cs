using System.Reflection;
using Expecto;
using Expecto.CSharp;
using Optim.Methods;

namespace Optim.FacadeTests;

/// <summary>No public method takes null where its signature says that it does not.</summary>
public static class NullTests
{
    private static readonly NullabilityInfoContext Nullability = new();

    private static readonly Objective Task = Objective.Supervised(Model.Mlp(64, [], 10), Dataset.Digits(), batchSize: 64);

    /// <summary>Something legal of each type, to stand beside the null.</summary>
    private static readonly Dictionary<Type, object> Legal = new()
    {
        [typeof(Tensor)] = Tensors.Of(1, 2),
        [typeof(Tensor[])] = new[] { Tensors.Of(1, 2) },
        [typeof(Func<Tensor, Tensor>)] = (Func<Tensor, Tensor>)(x => TensorMath.Sum(x)),
        [typeof(Func<Tensor, IReadOnlyList<Tensor>, Tensor>)] = (Func<Tensor, IReadOnlyList<Tensor>, Tensor>)((x, _) => TensorMath.Sum(x)),
        [typeof(IReadOnlyList<Tensor>)] = new[] { Tensors.Ones(2, 3) },
        [typeof(ManyObjective)] = ManyObjective.From(x => TensorMath.Sum(x)),
        [typeof(string)] = "name",
        [typeof(double[])] = new double[] { 1, 2 },
        [typeof(int[])] = new[] { 2 },
        [typeof(Array)] = new double[] { 1, 2 },
        [typeof(Objective)] = Task,
        [typeof(Method)] = new Lbfgs(),
        [typeof(SolveOptions)] = new SolveOptions(),
        [typeof(IProgress<StepReport>)] = new Immediate(_ => { }),
        [typeof(CancellationToken)] = CancellationToken.None,
        [typeof(Schedule)] = Schedule.Constant(1),
        [typeof(Model)] = ((SupervisedObjective)Task).Model,
        [typeof(Dataset)] = Dataset.Digits(),
        [typeof(Loss)] = Loss.SquaredError,
        [typeof(Device)] = Device.Cpu,
        [typeof(IReadOnlyList<int>)] = new[] { 1 },
        [typeof(IReadOnlyList<string>)] = new[] { "a" },
        [typeof(Step<int>)] = Step<int>.Moved(Tensors.Of(1), 0),
        [typeof(Func<Oracle, Tensor, int>)] = (Func<Oracle, Tensor, int>)((_, _) => 0),
        [typeof(Func<Oracle, Tensor, int, Step<int>>)] = (Func<Oracle, Tensor, int, Step<int>>)((_, x, s) => Step<int>.Moved(x, s)),
    };

    /// <summary>Objects whose methods are called.</summary>
    private static readonly Dictionary<Type, object> Targets = new()
    {
        [typeof(Objective)] = Samples.Rosenbrock,
        [typeof(SupervisedObjective)] = Task,
        [typeof(Model)] = Legal[typeof(Model)],
        [typeof(Loss)] = Loss.SquaredError,
        [typeof(Dataset)] = Legal[typeof(Dataset)],
    };

    private static bool IsWritten(MethodInfo m) =>
        !m.IsSpecialName && m.Name is not ("Equals" or "GetHashCode" or "ToString" or "Deconstruct" or "<Clone>$" or "PrintMembers");

    private static IEnumerable<(MethodInfo Method, object? Target, int Position)> Cases()
    {
        foreach (var type in typeof(Objective).Assembly.GetExportedTypes().Select(t => t == typeof(Step<>) ? typeof(Step<int>) : t))
        {
            foreach (var found in type.GetMethods(BindingFlags.Public | BindingFlags.Static | BindingFlags.Instance | BindingFlags.DeclaredOnly).Where(IsWritten))
            {
                var method = found.IsGenericMethodDefinition ? found.MakeGenericMethod(typeof(int)) : found;
                var parameters = method.GetParameters();

                foreach (var (parameter, i) in parameters.Select((p, i) => (p, i)))
                {
                    var takesNull = parameter.ParameterType.IsValueType || parameter.IsOut
                        || Nullability.Create(parameter).WriteState == NullabilityState.Nullable;
                    var hasTarget = method.IsStatic || Targets.ContainsKey(type);

                    if (!takesNull && hasTarget)
                    {
                        yield return (method, method.IsStatic ? null : Targets[type], i);
                    }
                }
            }
        }
    }

    private static object? Argument(ParameterInfo parameter)
    {
        var type = parameter.ParameterType;

        return Legal.TryGetValue(type, out var legal) ? legal
            : parameter.HasDefaultValue ? parameter.DefaultValue
            : type.IsValueType ? Activator.CreateInstance(type)
            : throw new InvalidOperationException($"no legal {type} for the parameter {parameter.Name} is known to this test");
    }

    /// <summary>All tests of this file.</summary>
    [Tests]
    public static readonly Test All = Runner.TestList("Null arguments",
    [
        Runner.TestList("are refused by name", Cases().Select(one => Runner.TestCase(
            $"{one.Method.DeclaringType?.Name}.{one.Method.Name}({string.Join(", ", one.Method.GetParameters().Select(p => p.ParameterType.Name))}) #{one.Position}",
            async () =>
            {
                var parameters = one.Method.GetParameters();
                var arguments = parameters.Select((p, i) => i == one.Position ? null : Argument(p)).ToArray();

                var thrown = await Check.ThrowsAsync<ArgumentNullException>(async () =>
                {
                    var result = one.Method.Invoke(one.Target, BindingFlags.DoNotWrapExceptions, null, arguments, null);

                    if (result is System.Threading.Tasks.Task started)
                    {
                        await started;
                    }
                });
                Expect.equal(thrown.ParamName, parameters[one.Position].Name, "the parameter");
            }))),
        Runner.TestCase("there are many cases", () => Expect.isTrue(Cases().Count() > 150, $"{Cases().Count()} cases")),
        Runner.TestCase("steps and oracles refuse them too", () =>
        {
            var curious = Method.Custom<int>(
                "curious",
                (_, _) => 0,
                (oracle, point, state) =>
                {
                    foreach (var ask in new Action[] { () => oracle.Value(null!), () => oracle.Gradient(null!), () => oracle.Hessian(null!), () => oracle.HessianProducts(null!), () => oracle.GaussNewtonProducts(null!) })
                    {
                        Expect.equal(Check.Throws<ArgumentNullException>(ask).ParamName, "point", "the parameter");
                    }

                    return Step<int>.Moved(point, state);
                });
            var result = Solver.Minimize(Samples.Quadratic, [0.0, 0, 0], curious, new SolveOptions { MaxSteps = 1 });
            Expect.equal(result.Steps, 1L, "the step was taken");
        }),
    ]);
}
