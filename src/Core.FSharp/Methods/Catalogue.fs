namespace Optim.Core

open System
open Optim

/// All methods by name.
[<RequireQualifiedAccess>]
module Catalogue =

    // Knobs that several methods share.

    let private decrease (value: float) =
        Knob.create
            "decrease"
            value
            "0 < c1 < 1/2"
            "how much of the promised decrease a step must bring"

    let private curvature (value: float) =
        Knob.create "curvature" value "c1 < c2 < 1" "how much of the slope may be left after a step"

    let private rate (value: float) =
        Knob.create "rate" value "above 0" "the learning rate"

    let private weightDecay (value: float) =
        Knob.create "weight-decay" value "0 or more" "how strongly the point is pulled to 0"

    let private momentumKnob =
        Knob.create "momentum" 0.9 "0 < momentum < 1" "how much of the last move is kept"

    let private strongWolfe = StrongWolfe.defaults
    let private wolfeKnobs = [ decrease strongWolfe.Decrease; curvature strongWolfe.Curvature ]

    let private armijoKnobs = [
        decrease Armijo.defaults.Decrease
        Knob.create
            "shrink"
            Armijo.defaults.Shrink
            "0.1 to 0.999"
            "the largest factor from one trial to the next"
    ]

    let private wolfe (get: string -> float) : Search =
        StrongWolfe.create {
            strongWolfe with
                Decrease = get "decrease"
                Curvature = get "curvature"
        }

    let private armijo (get: string -> float) : Search =
        Armijo.create { Armijo.defaults with Decrease = get "decrease"; Shrink = get "shrink" }

    let private searching: MethodTraits = {
        IsMonotone = true
        EscapesSaddles = false
        IsScaleInvariant = true
        IsRotationInvariant = true
        SuitsMiniBatches = false
        NeedsRate = false
        IsDense = false
    }

    let private rated: MethodTraits = {
        IsMonotone = false
        EscapesSaddles = false
        IsScaleInvariant = false
        IsRotationInvariant = true
        SuitsMiniBatches = true
        NeedsRate = true
        IsDense = false
    }

    let private entry
        (name: string)
        (title: string)
        (family: MethodFamily)
        (traits: MethodTraits)
        : MethodInfo = {
        Name = name
        Title = title
        Family = family
        Asks = "gradients"
        CostPerStep = "1 gradient"
        Memory = ""
        Source = ""
        Traits = traits
        Knobs = []
        Create = fun _ -> GradientDescent.create GradientDescent.defaults
    }

    let private making
        (knobs: Knob list)
        (make: (string -> float) -> Method)
        (info: MethodInfo)
        : MethodInfo = { info with Knobs = knobs; Create = Knob.settings knobs >> make }

    let private gradientDescent: MethodInfo =
        {
            entry "gradient-descent" "Gradient descent" MethodFamily.FirstOrder searching with
                Asks = "values and gradients"
                CostPerStep = "1 gradient, and 1 value for each trial"
                Memory = "2 points"
                Source = "Cauchy 1847; Nocedal & Wright 2006, section 3.3"
        }
        |> making armijoKnobs (fun get -> GradientDescent.create { Search = armijo get })

    let private sgd: MethodInfo =
        {
            entry "sgd" "Stochastic gradient descent" MethodFamily.FirstOrder rated with
                Memory = "1 point"
                Source = "Robbins & Monro 1951"
        }
        |> making
            [ rate 0.01; weightDecay 0.0 ]
            (fun get ->
                Sgd.create {
                    Sgd.defaults with
                        Rate = Schedule.Constant(get "rate")
                        WeightDecay = get "weight-decay"
                }
            )

    let private withMomentum
        (name: string)
        (title: string)
        (isNesterov: bool)
        (source: string)
        : MethodInfo =
        { entry name title MethodFamily.FirstOrder rated with Memory = "2 points"; Source = source }
        |> making
            [ rate 0.01; momentumKnob; weightDecay 0.0 ]
            (fun get ->
                let momentum = get "momentum"
                Check.positive "momentum" momentum

                Sgd.create {
                    Rate = Schedule.Constant(get "rate")
                    Momentum = momentum
                    Nesterov = isNesterov
                    WeightDecay = get "weight-decay"
                }
            )

    let private adamLike
        (name: string)
        (title: string)
        (defaults: AdamOptions)
        (create: AdamOptions -> Method)
        : MethodInfo =
        {
            entry name title MethodFamily.FirstOrder { rated with IsRotationInvariant = false } with
                Memory = "3 points"
        }
        |> making
            [
                rate 1e-3
                Knob.create
                    "decay1"
                    defaults.Decay1
                    "0 <= decay1 < 1"
                    "the decay of the mean of gradients"
                Knob.create
                    "decay2"
                    defaults.Decay2
                    "0 <= decay2 < 1"
                    "the decay of the mean of squared gradients"
                Knob.create
                    "epsilon"
                    defaults.Epsilon
                    "above 0"
                    "added to the root of the mean square"
                weightDecay defaults.WeightDecay
            ]
            (fun get ->
                create {
                    Rate = Schedule.Constant(get "rate")
                    Decay1 = get "decay1"
                    Decay2 = get "decay2"
                    Epsilon = get "epsilon"
                    WeightDecay = get "weight-decay"
                }
            )

    let private adam: MethodInfo = {
        adamLike "adam" "Adam" Adam.defaults Adam.create with
            Source = "Kingma & Ba 2015, Algorithm 1"
    }

    let private adamW: MethodInfo = {
        adamLike "adamw" "Adam with decoupled weight decay" AdamW.defaults AdamW.create with
            Source = "Loshchilov & Hutter 2019, Algorithm 2"
    }

    let private bfgs: MethodInfo =
        {
            entry "bfgs" "BFGS" MethodFamily.QuasiNewton { searching with IsDense = true } with
                Asks = "values and gradients"
                CostPerStep = "1 value and gradient, 8 n² of arithmetic"
                Memory = "n² numbers and 4 points"
                Source = "Nocedal & Wright 2006, Algorithm 6.1"
        }
        |> making wolfeKnobs (fun get -> Bfgs.create { Search = wolfe get })

    let private lbfgs: MethodInfo =
        {
            entry "lbfgs" "Limited-memory BFGS" MethodFamily.QuasiNewton searching with
                Asks = "values and gradients"
                CostPerStep =
                    "1 value and gradient, 4 points of arithmetic for each pair remembered"
                Memory = "1 point for each pair remembered, and 4"
                Source = "Liu & Nocedal 1989; Nocedal & Wright 2006, Algorithms 7.4 and 7.5"
        }
        |> making
            (Knob.create
                "history"
                (float Lbfgs.defaults.History)
                "1 or more, whole"
                "how many pairs are remembered"
             :: Knob.create
                 "single"
                 (if Lbfgs.defaults.PairType = DType.Float32 then 1.0 else 0.0)
                 "0 or 1"
                 "whether the pairs are kept in single precision"
             :: wolfeKnobs)
            (fun get ->
                Lbfgs.create {
                    History = Knob.whole "history" (get "history")
                    PairType =
                        if Knob.truth "single" (get "single") then
                            DType.Float32
                        else
                            DType.Float64
                    Search = wolfe get
                }
            )

    let private newton: MethodInfo =
        let modifications = [
            HessianModification.Cholesky
            HessianModification.Absolute
            HessianModification.Floor
        ]

        {
            entry "newton" "Newton's method with a modified Hessian" MethodFamily.SecondOrder {
                searching with
                    IsDense = true
            } with
                Asks = "values, gradients and whole Hessians"
                CostPerStep = "1 gradient, n Hessian products, of order n³ operations"
                Memory = "n² numbers and some points"
                Source = "Nocedal & Wright 2006, Algorithm 3.2 and section 3.4"
        }
        |> making
            (Knob.create
                "modification"
                0.0
                "0, 1 or 2"
                "what makes the Hessian positive definite: 0 adds to its diagonal, 1 takes absolute eigenvalues, 2 raises them to a floor"
             :: armijoKnobs)
            (fun get ->
                let number = Knob.whole "modification" (get "modification")
                Check.within "modification" 0.0 2.0 (float number)
                Newton.create { Modification = modifications[number]; Search = armijo get }
            )

    let private pureNewton: MethodInfo =
        {
            entry "newton-pure" "Newton's method of the textbooks" MethodFamily.SecondOrder {
                searching with
                    IsMonotone = false
                    IsDense = true
            } with
                Asks = "gradients and whole Hessians"
                CostPerStep = "1 gradient, n Hessian products, of order n³ operations"
                Memory = "n² numbers and some points"
                Source = "Newton 1669; Nocedal & Wright 2006, (3.30)"
        }
        |> making [] (fun _ -> PureNewton.create ())

    let private newtonCg: MethodInfo =
        let defaults = NewtonCg.defaults

        {
            entry "newton-cg" "Newton-CG in a trust region" MethodFamily.SecondOrder searching with
                Asks = "values, gradients and Hessian products"
                CostPerStep = "2 gradients and some products"
                Memory = "about 8 points"
                Source = "Steihaug 1983; Nocedal & Wright 2006, Algorithms 4.1 and 7.2"
        }
        |> making
            [
                Knob.create
                    "gauss-newton"
                    0.0
                    "0 or 1"
                    "whether the Gauss-Newton matrix takes the place of the Hessian"
                Knob.create "radius" defaults.InitialRadius "above 0" "the first trust radius"
                Knob.create
                    "max-radius"
                    defaults.MaxRadius
                    "at least radius"
                    "the largest trust radius"
                Knob.create
                    "accept-above"
                    defaults.AcceptAbove
                    "0 to 1/4"
                    "the part of the promised decrease that a step must bring"
                Knob.create
                    "max-products"
                    (float defaults.MaxProducts)
                    "1 or more, whole"
                    "the most products a step"
            ]
            (fun get ->
                NewtonCg.create {
                    Matrix =
                        if Knob.truth "gauss-newton" (get "gauss-newton") then
                            CurvatureMatrix.GaussNewton
                        else
                            CurvatureMatrix.Hessian
                    InitialRadius = get "radius"
                    MaxRadius = get "max-radius"
                    AcceptAbove = get "accept-above"
                    MaxProducts = Knob.whole "max-products" (get "max-products")
                }
            )

    let private saddleFreeNewton: MethodInfo =
        {
            entry
                "saddle-free-newton"
                "Saddle-free Newton with the exact Hessian"
                MethodFamily.SecondOrder
                { searching with EscapesSaddles = true; IsDense = true } with
                Asks = "values, gradients and whole Hessians"
                CostPerStep =
                    "1 gradient, n Hessian products, 9 n³ operations, 1 value for each damping"
                Memory = "2 n² numbers"
                Source = "Dauphin et al. 2014, Algorithm 1 with an exact Hessian"
        }
        |> making
            [
                Knob.create
                    "fixed"
                    0.0
                    "0 or 1"
                    "whether the damping is fixed instead of the best of several"
                Knob.create
                    "damping"
                    0.0
                    "0 or more"
                    "the fixed damping, in multiples of the largest absolute eigenvalue"
            ]
            (fun get ->
                let damping = get "damping"
                Check.within "damping" 0.0 Double.MaxValue damping

                if Knob.truth "fixed" (get "fixed") then
                    SaddleFreeNewton.create { Damping = SaddleFreeDamping.Fixed damping }
                else
                    SaddleFreeNewton.create SaddleFreeNewton.defaults
            )

    /// All methods, simplest first.
    let all: MethodInfo list = [
        gradientDescent
        sgd
        withMomentum "momentum" "Gradient descent with momentum" false "Polyak 1964"
        withMomentum
            "nesterov"
            "Gradient descent with Nesterov's momentum"
            true
            "Nesterov 1983; Sutskever et al. 2013"
        adam
        adamW
        bfgs
        lbfgs
        newton
        pureNewton
        newtonCg
        saddleFreeNewton
    ]

    /// The names of all methods, in the order of `all`.
    let names: string list = all |> List.map (fun info -> info.Name)

    /// The method with this name. Errors: ArgumentException with the nearest name and all that there are.
    let find (name: string) : MethodInfo =
        match all |> List.tryFind (fun info -> info.Name = name) with
        | Some info -> info
        | None -> Knob.unknown "method" name names

    /// The method with this name and some of its knobs set. Errors: ArgumentException for an unknown name or knob, and for a
    /// number outside its range.
    let create (name: string) (knobs: Map<string, float>) : Method = (find name).Create knobs
