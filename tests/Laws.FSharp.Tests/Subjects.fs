/// The methods that must pass every law, with what they claim.
module Optim.LawsTests.Subjects

open Optim.Core
open Optim.Laws

/// What line searches and trust regions promise.
let private searching: Claims = {
    Claims.none with
        IsMonotone = true
        IsScaleInvariant = true
        IsTranslationInvariant = true
        IsRotationEquivariant = true
        ConvergesGlobally = true
}

/// What fixed rates promise that suit curvatures up to 1.
let private rated: Claims = {
    Claims.none with
        IsTranslationInvariant = true
        IsRotationEquivariant = true
        SuitsMiniBatches = true
}

let private newton: Claims = {
    searching with
        IsAffineInvariant = true
        OnQuadratics = QuadraticClaim.OneMove
}

let private exactSearch: Search =
    StrongWolfe.create { StrongWolfe.defaults with Decrease = 1e-10; Curvature = 1e-6 }

/// A search for slopes that rounding hides ends a run sooner on one scale than on another.
let private exact: Claims = {
    searching with
        IsScaleInvariant = false
        ConvergesGlobally = false
        OnQuadratics = QuadraticClaim.FiniteTermination
}

/// Claims and the method as the catalogue makes it, with rates that suit the laws' problems.
let catalogued: (Claims * Method) list = [
    {
        searching with
            ConvergesGlobally = false
            OnQuadratics = QuadraticClaim.Reduces(1e-6, 400L, 10.0)
    },
    Catalogue.create "gradient-descent" Map.empty

    { rated with OnQuadratics = QuadraticClaim.Linear(0.9025, 10.0) },
    Catalogue.create "sgd" (Map [ "rate", 0.5 ])

    { rated with OnQuadratics = QuadraticClaim.Reduces(1e-4, 300L, 10.0) },
    Catalogue.create "momentum" (Map [ "rate", 0.1 ])

    { rated with OnQuadratics = QuadraticClaim.Reduces(1e-4, 300L, 10.0) },
    Catalogue.create "nesterov" (Map [ "rate", 0.1 ])

    {
        rated with
            IsRotationEquivariant = false
            OnQuadratics = QuadraticClaim.Reduces(1e-2, 300L, 10.0)
    },
    Catalogue.create "adam" (Map [ "rate", 0.05 ])

    {
        rated with
            IsTranslationInvariant = false
            IsRotationEquivariant = false
            OnQuadratics = QuadraticClaim.Reduces(0.05, 300L, 10.0)
    },
    Catalogue.create "adamw" (Map [ "rate", 0.05 ])

    { searching with OnQuadratics = QuadraticClaim.Reduces(1e-10, 200L, 100.0) },
    Catalogue.create "bfgs" Map.empty
    { searching with OnQuadratics = QuadraticClaim.Reduces(1e-10, 200L, 100.0) },
    Catalogue.create "lbfgs" Map.empty
    newton, Catalogue.create "newton" Map.empty
    { newton with IsMonotone = false; ConvergesGlobally = false },
    Catalogue.create "newton-pure" Map.empty
    { searching with OnQuadratics = QuadraticClaim.Reduces(1e-10, 100L, 1e4) },
    Catalogue.create "newton-cg" Map.empty

    { searching with EscapesSaddles = true; OnQuadratics = QuadraticClaim.OneMove },
    Catalogue.create "saddle-free-newton" Map.empty
]

/// The same methods in other settings.
let varied: (Claims * Method) list = [
    { rated with OnQuadratics = QuadraticClaim.Linear(0.9801, 100.0) },
    GradientDescent.create { Search = FixedSize.create 1.0 }
    |> Method.rename "gradient-descent, rate 1"

    { rated with SuitsMiniBatches = false },
    Sgd.create { Sgd.defaults with Rate = Schedule.WarmUp(5L, Schedule.Cosine(0.5, 0.01, 50L)) }
    |> Method.rename "sgd, warm-up and cosine"

    { rated with IsTranslationInvariant = false },
    Sgd.create {
        Sgd.defaults with
            Rate = Schedule.Inverse(0.5, 0.1)
            WeightDecay = 1e-3
            Momentum = 0.5
    }
    |> Method.rename "momentum with weight decay"

    exact, Bfgs.create { Search = exactSearch } |> Method.rename "bfgs, exact search"

    exact,
    Lbfgs.create { Lbfgs.defaults with Search = exactSearch }
    |> Method.rename "lbfgs, exact search"

    { searching with OnQuadratics = QuadraticClaim.Reduces(1e-8, 300L, 100.0) },
    Lbfgs.create { Lbfgs.defaults with History = 3; Search = Armijo.create Armijo.defaults }
    |> Method.rename "lbfgs, 3 pairs, Armijo"

    newton,
    Newton.create { Newton.defaults with Modification = HessianModification.Absolute }
    |> Method.rename "newton, absolute eigenvalues"

    newton,
    Newton.create {
        Modification = HessianModification.Floor
        Search = StrongWolfe.create StrongWolfe.defaults
    }
    |> Method.rename "newton, floored eigenvalues, strong Wolfe"

    searching,
    NewtonCg.create { NewtonCg.defaults with Matrix = CurvatureMatrix.GaussNewton }
    |> Method.rename "newton-cg, Gauss-Newton"

    {
        Claims.none with
            IsScaleInvariant = true
            IsTranslationInvariant = true
            IsRotationEquivariant = true
    },
    SaddleFreeNewton.create { Damping = SaddleFreeDamping.Fixed 0.1 }
    |> Method.rename "saddle-free-newton, fixed damping"
]
