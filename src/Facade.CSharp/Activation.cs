namespace Optim;

/// <summary>What a layer of a network does to each of its numbers z.</summary>
public enum Activation
{
    /// <summary>z itself.</summary>
    Identity,

    /// <summary>max(z, 0).</summary>
    Relu,

    /// <summary>z where it is positive, else 0.01 z.</summary>
    LeakyRelu,

    /// <summary>z where it is positive, else exp z − 1.</summary>
    Elu,

    /// <summary>z Φ(z) with the standard normal distribution function Φ.</summary>
    Gelu,

    /// <summary>z / (1 + exp(−z)), also called swish.</summary>
    Silu,

    /// <summary>log(1 + exp z).</summary>
    Softplus,

    /// <summary>1 / (1 + exp(−z)).</summary>
    Sigmoid,

    /// <summary>The hyperbolic tangent. Smooth everywhere, so the usual choice for methods that use curvature.</summary>
    Tanh,
}
