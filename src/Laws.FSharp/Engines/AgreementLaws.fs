namespace Optim.Laws

open System
open FsCheck
open FsCheck.FSharp
open Optim
open Optim.Core

/// The numbers of the managed engine on another one.
[<RequireQualifiedAccess>]
module internal AgreementLaws =

    let private point: float[] = [| 0.7; -1.1; 0.4; 1.6; -0.3; 0.9 |]

    /// What a function gives with its point on an engine.
    let private on (engine: Engine) (f: Tensor -> Tensor) (numbers: float[]) : float[] =
        (f (Tensor.createOn engine [ numbers.Length ] numbers)).ToArray()

    let private agree
        (part: float)
        (f: Tensor -> Tensor)
        (numbers: float[])
        (engine: Engine)
        : string voption =
        DerivativeLaws.far
            $"the result beside the managed engine's"
            part
            (on Engines.managed f numbers)
            (on engine f numbers)

    let private law
        (name: string)
        (statement: string)
        (part: float)
        (transform: (Tensor -> Tensor) -> Tensor -> Tensor)
        : EngineLaw =
        EngineLaw.ofSituations EngineFamily.Agreement name statement [
            for name, f in SampleFunctions.all do
                name, agree part (transform f) point
        ]

    /// Points after each of these steps of a method from the catalogue.
    let private path (method: Method) (problem: LawProblem) : float[][] =
        let points = ResizeArray<float[]>()

        let options = {
            SolveOptions.defaults with
                Budget = Budget.steps 20L
                Observe = fun _ point -> points.Add(point.ToArray())
        }

        Solver.minimizeWith options method problem.Objective problem.Start |> ignore
        points.ToArray()

    let private runs (settings: EngineLawSettings) : EngineLaw =
        let methods = [ "sgd"; "adam"; "lbfgs"; "newton"; "saddle-free-newton" ]

        let cases =
            gen {
                let! name = Gen.elements methods
                let! case = Arb.toGen ProblemGenerators.network
                return name, case
            }

        EngineLaw.forAll
            { settings with Cases = max 1 (settings.Cases / 2) }
            EngineFamily.Agreement
            "runs agree with the managed engine's"
            "The points of 20 steps of a method are those on the managed engine, to 1e-6 of the way."
            (fun (name, case) -> $"{name} on {case}")
            [ cases ]
            (fun engine (name, case) ->
                let method = Catalogue.create name Map.empty
                let there = path method (LawProblem.ofCase case)
                let here = path method (LawProblem.ofCaseOn engine case)

                if there.Length <> here.Length then
                    ValueSome $"{here.Length} steps, the managed engine took {there.Length}"
                else
                    Seq.zip (Seq.indexed there) here
                    |> Law.tryFirst (fun ((step, there), here) ->
                        DerivativeLaws.far $"the point after step {step + 1}" 1e-6 there here
                    )
            )

    /// The laws of this family.
    let laws (settings: EngineLawSettings) : EngineLaw list = [
        law
            "values agree with the managed engine's"
            "Functions through every operation have the managed engine's values, to 1e-13 of them."
            1e-13
            id
        law
            "gradients agree with the managed engine's"
            "Their gradients agree to 1e-12 of the largest element."
            1e-12
            Derivatives.grad
        law
            "Hessians agree with the managed engine's"
            "Their Hessians agree to 1e-11 of the largest element."
            1e-11
            Derivatives.hessian
        runs settings
    ]
