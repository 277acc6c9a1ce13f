using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using Map = Optim.Core.Engines;

namespace Optim;

/// <summary>The engines behind devices.</summary>
internal static class Engines
{
    /// <summary>The devices for which there can be an engine, in words.</summary>
    public const string Expected = "cpu, torch, or cuda:0, cuda:1, …";

    /// <summary>Whether there can be an engine for the device.</summary>
    public static bool Knows(Device device) =>
        device.Equals(Device.Cpu)
        || device.Equals(Device.Torch)
        || (device.Name.StartsWith("cuda:", StringComparison.Ordinal) && int.TryParse(device.Name.AsSpan(5), out _));

    /// <summary>The engine that computes on a device. The first use of libtorch loads it.</summary>
    public static Engine Of(Device device) => device.Equals(Device.Cpu) ? Map.managed : Torch.Torch.engineFor(device);

    /// <summary>As <see cref="Of(Device)"/>, for an argument.</summary>
    public static Engine Checked([NotNull] Device? device, [CallerArgumentExpression(nameof(device))] string? name = null)
    {
        ArgumentNullException.ThrowIfNull(device, name);
        return Knows(device) ? Of(device) : throw new ArgumentException($"{name} is {device}, expected {Expected}", name);
    }

    /// <summary>The engine that computes on a tensor.</summary>
    public static Engine Of(Tensor x) => Map.ofTensor(x);
}
