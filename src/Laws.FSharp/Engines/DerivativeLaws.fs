namespace Optim.Laws

open System
open FsCheck
open FsCheck.FSharp
open Optim
open Optim.Core

/// Derivatives of problems with hand-written gradients, and of functions made of every operation.
[<RequireQualifiedAccess>]
module internal DerivativeLaws =

    let private largest (numbers: float[]) : float =
        numbers
        |> Array.fold (fun m x -> if Double.IsNaN x then nan else max m (abs x)) 0.0

    /// What is wrong when two lists of numbers differ by more than this part of the largest number.
    let far (what: string) (part: float) (expected: float[]) (actual: float[]) : string voption =
        if expected.Length <> actual.Length then
            ValueSome $"{what}: {actual.Length} numbers, expected {expected.Length}"
        else
            let size = max (largest expected) (largest actual)
            let error = largest (Floats.subtract expected actual)

            Law.expect
                (error <= part * size || error = 0.0)
                (fun () -> $"{what} differs by {error:g3} of {size:g3}, allowed is {part:g1} of it")

    /// A point near the start.
    let private near (problem: LawProblem) : float[] =
        problem.Start.ToArray()
        |> Array.mapi (fun i x -> x * 1.01 + 0.003 * float (i + 1))

    let private onEngine (engine: Engine) (numbers: float[]) : Tensor =
        Tensor.createOn engine [ numbers.Length ] numbers

    /// A vector on the engine of x.
    let private beside (x: Tensor) (numbers: float[]) : Tensor =
        Tensor.alongside x (Tensor.ofArray numbers)

    let private law
        (settings: EngineLawSettings)
        (name: string)
        (statement: string)
        (cases: Arbitrary<ProblemCase>)
        (examine: LawProblem -> Tensor -> string voption)
        : EngineLaw =
        EngineLaw.forAll
            settings
            EngineFamily.Derivatives
            name
            statement
            string
            [ Arb.toGen cases ]
            (fun engine case ->
                let problem = LawProblem.ofCaseOn engine case
                examine problem (onEngine engine (near problem))
            )

    let private smooth: Arbitrary<ProblemCase> = ProblemGenerators.smooth

    let private gradient (settings: EngineLawSettings) : EngineLaw =
        law
            settings
            "gradient"
            "The gradient of a problem is the one written by hand, to 1e-9 of its largest element, and lies on the engine."
            smooth
            (fun problem x ->
                let value, gradient = Derivatives.valueAndGrad problem.Objective.Function x

                Law.firstOf [
                    Law.expect
                        (gradient.Device = x.Device && value.Device = x.Device)
                        (fun () ->
                            $"the gradient is on {gradient.Device}, the point on {x.Device}"
                        )
                    far "the value" 1e-9 [| problem.ValueAt(x.ToArray()) |] [| value.ToScalar() |]
                    far "the gradient" 1e-9 (problem.GradientAt(x.ToArray())) (gradient.ToArray())
                ]
            )

    let private byHand (problem: LawProblem) (x: float[]) : float[][] =
        Formula.hessian { Value = problem.ValueAt; Gradient = problem.GradientAt } x

    let private hessian (settings: EngineLawSettings) : EngineLaw =
        law
            settings
            "Hessian"
            "The Hessian is that of differences of the gradient written by hand, to 1e-6 of its largest element."
            smooth
            (fun problem x ->
                let expected = byHand problem (x.ToArray()) |> Array.concat
                let seen = Derivatives.hessian problem.Objective.Function x
                far "the Hessian" 1e-6 expected (seen.ToArray())
            )

    let private product (settings: EngineLawSettings) : EngineLaw =
        law
            settings
            "Hessian product"
            "H v, with one product alone and several sharing a gradient, is the Hessian times v to 1e-12 of its largest element."
            smooth
            (fun problem x ->
                let f = problem.Objective.Function
                let v = Array.init x.Length (fun i -> Math.Cos(float (3 * i + 1)))
                let tensor = beside x v

                let expected =
                    Floats.times
                        ((Derivatives.hessian f x).ToArray() |> Array.chunkBySize x.Length)
                        v

                let _, products = Derivatives.gradAndHvp f x

                Law.firstOf [
                    far "H v" 1e-11 expected ((Derivatives.hvp f x tensor).ToArray())
                    far "H v of a shared gradient" 1e-11 expected ((products tensor).ToArray())
                ]
            )

    let private mapped (settings: EngineLawSettings) : EngineLaw =
        law
            settings
            "vmap"
            "Values and gradients of four points at once are those of each point alone, to 1e-12 of the largest."
            smooth
            (fun problem x ->
                let f = problem.Objective.Function
                let at (k: int) = x * (1.0 + 0.05 * float k)
                let points = Array.init 4 at
                let all = Shaping.stack 0 points

                let alone (g: Tensor -> Tensor) =
                    points |> Array.collect (fun p -> (g p).ToArray())

                Law.firstOf [
                    far "vmap of the function" 1e-12 (alone f) ((Derivatives.vmap f all).ToArray())
                    far
                        "vmap of the gradient"
                        1e-11
                        (alone (Derivatives.grad f))
                        ((Derivatives.vmap (Derivatives.grad f) all).ToArray())
                ]
            )

    let private gaussNewton (settings: EngineLawSettings) : EngineLaw =
        let examine (x: Tensor) (parts: Composition) : string voption =
            let outputs, loss = parts.OutputsAt 0L, parts.LossAt 0L
            let n = x.Length
            let j = (Derivatives.jacobian outputs x).ToArray() |> Array.chunkBySize n

            let h =
                (Derivatives.hessian loss (outputs x)).ToArray() |> Array.chunkBySize j.Length

            let expected = Matrices.product (Array.transpose j) (Matrices.product h j)
            let v = Array.init n (fun i -> Math.Cos(float (3 * i + 1)))
            let along = beside x v

            // The Jacobian itself, by differences.
            let step = 1e-6

            let slope (i: int) =
                let shifted (t: float) =
                    let numbers = x.ToArray()
                    numbers[i] <- numbers[i] + t
                    (outputs (beside x numbers)).ToArray()

                Floats.scale (0.5 / step) (Floats.subtract (shifted step) (shifted -step))

            Law.firstOf [
                far
                    "the Jacobian"
                    1e-6
                    (Array.init n slope |> Array.transpose |> Array.concat)
                    (Array.concat j)
                far
                    "JᵀHJ"
                    1e-11
                    (Array.concat expected)
                    ((Curvature.gaussNewton outputs loss x).ToArray())
                far
                    "JᵀHJ v"
                    1e-11
                    (Floats.times expected v)
                    ((Curvature.gaussNewtonProduct outputs loss x along).ToArray())
            ]

        law
            settings
            "Gauss-Newton"
            "Jᵀ H J and its product are those of the Jacobian and the Hessian of the loss to 1e-11, the Jacobian that of differences to 1e-6."
            ProblemGenerators.network
            (fun problem x ->
                match problem.Objective.Composition with
                | ValueSome parts -> examine x parts
                | ValueNone -> ValueSome "the network says not how it is composed"
            )

    let private operations: EngineLaw =
        let point = [| 0.7; -1.1; 0.4; 1.6; -0.3; 0.9 |]

        EngineLaw.ofSituations
            EngineFamily.Derivatives
            "gradients through every operation"
            "The gradient through each operation is that of extrapolated differences of values, to 1e-7 of its largest element."
            [
                for name, f in SampleFunctions.all do
                    name,
                    fun engine ->
                        let at (numbers: float[]) =
                            (f (onEngine engine numbers)).ToScalar()

                        let slope (i: int) =
                            let central (h: float) =
                                (at (Array.updateAt i (point[i] + h) point)
                                 - at (Array.updateAt i (point[i] - h) point))
                                / (2.0 * h)

                            // Richardson's extrapolation: the error is of fourth order.
                            let h = 1e-3
                            (4.0 * central (h / 2.0) - central h) / 3.0

                        let seen = (Derivatives.grad f (onEngine engine point)).ToArray()
                        far "the gradient" 1e-7 (Array.init 6 slope) seen
            ]

    /// The laws of this family.
    let laws (settings: EngineLawSettings) : EngineLaw list = [
        gradient settings
        hessian settings
        product settings
        mapped settings
        gaussNewton settings
        operations
    ]
