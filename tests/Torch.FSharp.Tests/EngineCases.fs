/// Shapes, kinds and numbers that the tests of the engine go through.
module Optim.TorchTests.EngineCases

open System
open Optim
open Optim.Core

let shapes: list<int list> = [
    []
    [ 1 ]
    [ 7 ]
    [ 0 ]
    [ 3; 4 ]
    [ 2; 3; 4 ]
    [ 2; 0; 3 ]
    [ 1; 5; 1 ]
]

let pairs: list<int list * int list> = [
    [], []
    [ 5 ], []
    [], [ 2; 3 ]
    [ 3; 4 ], [ 3; 4 ]
    [ 3; 4 ], [ 4 ]
    [ 3; 1 ], [ 1; 4 ]
    [ 2; 1; 4 ], [ 3; 1 ]
    [ 0; 4 ], [ 4 ]
    [ 2; 0 ], [ 2; 1 ]
]

let tolerance (dtype: DType) : float =
    match dtype with
    | DType.Float64 -> 1e-14
    | DType.Float32 -> 1e-6
    | DType.Int64
    | DType.Bool -> 0.0

let types = [ DType.Float64; DType.Float32; DType.Int64; DType.Bool ]

let unaries = [
    Unary.Exp
    Unary.Expm1
    Unary.Log
    Unary.Log1p
    Unary.Sqrt
    Unary.Square
    Unary.Reciprocal
    Unary.Power 2.0
    Unary.Power 3.0
    Unary.Power -1.0
    Unary.Power 1.0
    Unary.Power 0.0
    Unary.Power 0.5
    Unary.Power -0.5
    Unary.Power 2.5
    Unary.Power -2.0
    Unary.Power 4.0
    Unary.Abs
    Unary.Sign
    Unary.Floor
    Unary.Ceiling
    Unary.Round
    Unary.Sin
    Unary.Cos
    Unary.Tan
    Unary.Asin
    Unary.Acos
    Unary.Atan
    Unary.Sinh
    Unary.Cosh
    Unary.Tanh
    Unary.Asinh
    Unary.Acosh
    Unary.Atanh
    Unary.Sigmoid
    Unary.Softplus
    Unary.Relu
    Unary.Erf
    Unary.Erfc
    Unary.LogGamma
    Unary.Polygamma 0
    Unary.Polygamma 1
    Unary.Polygamma 2
    Unary.Polygamma 3
    Unary.IsNaN
    Unary.IsFinite
    Unary.Not
]

let binaries = [
    Binary.Add
    Binary.Subtract
    Binary.Multiply
    Binary.Divide
    Binary.Power
    Binary.Atan2
    Binary.Maximum
    Binary.Minimum
    Binary.TanhGradient
    Binary.SigmoidGradient
    Binary.ReluGradient
]

let comparisons = [
    Comparison.Equal
    Comparison.NotEqual
    Comparison.Less
    Comparison.LessEqual
    Comparison.Greater
    Comparison.GreaterEqual
]

let special: float[] = [|
    nan
    infinity
    -infinity
    0.0
    -0.0
    1.0
    -1.0
    0.5
    -0.5
    1.5
    2.5
    -2.5
    2.0
    -2.0
    1e-300
    1e300
    -1e300
    5e-324
    -3.0
    1e19
    -1e19
    9.3e18
    800.0
    -800.0
|]

let span start step count : AxisRange = { Start = start; Step = step; Count = count }

let reshape (dims: int list) (engine: Engine) (x: Tensor) : Tensor =
    engine.Reshape(Shape.Of(Array.ofList dims), x)
