namespace Optim.Core

open Optim

/// How weights begin. in and out: how many numbers a weight's layer takes and gives. All have mean 0.
[<RequireQualifiedAccess>]
type Initialization =
    /// All 0. For biases; for weights only where the layer has no symmetry to break.
    | Zeros
    /// Uniform with variance 2 / (in + out), also named after Xavier. Source: Glorot & Bengio 2010, equation 16.
    | GlorotUniform
    /// Normal with variance 2 / (in + out). Source: Glorot & Bengio 2010, equation 12.
    | GlorotNormal
    /// Uniform with variance 2 / in. Source: He, Zhang, Ren & Sun 2015, equation 10.
    | HeUniform
    /// Normal with variance 2 / in. Source: He, Zhang, Ren & Sun 2015, equation 10.
    | HeNormal
    /// Uniform with variance 1 / in. Source: LeCun, Bottou, Orr & Müller 1998, "Efficient BackProp", section 4.6.
    | LecunUniform
    /// Normal with variance 1 / in. Source: LeCun, Bottou, Orr & Müller 1998, "Efficient BackProp", section 4.6.
    | LecunNormal

/// Beginnings of weights.
[<RequireQualifiedAccess>]
module Initialization =

    /// The variance of each weight.
    let variance (inputs: int) (outputs: int) (initialization: Initialization) : float =
        match initialization with
        | Initialization.Zeros -> 0.0
        | Initialization.GlorotUniform
        | Initialization.GlorotNormal -> 2.0 / float (inputs + outputs)
        | Initialization.HeUniform
        | Initialization.HeNormal -> 2.0 / float inputs
        | Initialization.LecunUniform
        | Initialization.LecunNormal -> 1.0 / float inputs

    /// `inputs` · `outputs` independent weights, fixed by the key. A uniform one lies within √(3 variance) of 0.
    /// Errors: ArgumentOutOfRangeException for sizes below 1.
    let draw (inputs: int) (outputs: int) (initialization: Initialization) (key: Key) : float[] =
        Check.atLeast (nameof inputs) 1 inputs
        Check.atLeast (nameof outputs) 1 outputs
        let count = inputs * outputs
        let deviation = sqrt (variance inputs outputs initialization)

        match initialization with
        | Initialization.Zeros -> Array.zeroCreate count
        | Initialization.GlorotUniform
        | Initialization.HeUniform
        | Initialization.LecunUniform ->
            let bound = sqrt 3.0 * deviation
            Random.uniform key count |> Array.map (fun u -> bound * (2.0 * u - 1.0))
        | Initialization.GlorotNormal
        | Initialization.HeNormal
        | Initialization.LecunNormal ->
            Random.normal key count |> Array.map (fun z -> deviation * z)

    /// What suits an activation: He's for those that pass only positive numbers, Glorot's for the others.
    let suited (activation: Activation) : Initialization =
        match activation with
        | Activation.Relu
        | Activation.LeakyRelu _
        | Activation.Elu
        | Activation.Gelu
        | Activation.Silu
        | Activation.Softplus -> Initialization.HeNormal
        | Activation.Identity
        | Activation.Sigmoid
        | Activation.Tanh -> Initialization.GlorotUniform
