/// Comparisons that tests and people look at.
module Optim.ReportsTests.Samples

open System
open Optim.Reports

let point step seconds work loss : CurvePoint = {
    Step = step
    Seconds = seconds
    GradientEquivalents = work
    Loss = loss
    TestLoss = None
    TrainAccuracy = None
    TestAccuracy = None
}

/// A run whose whole duration and work are those of its last point.
let run (method: string) seed (curve: CurvePoint list) : Run = {
    Method = method
    Family = Family.FirstOrder
    Options = ""
    Seed = seed
    Outcome = RunOutcome.BudgetSpent
    Reason = "the steps are used up"
    Evaluations = { Values = 1L; Gradients = 2L; Products = 3L }
    GradientEquivalents =
        curve
        |> List.tryLast
        |> Option.map _.GradientEquivalents
        |> Option.defaultValue 0.0
    Seconds = curve |> List.tryLast |> Option.map _.Seconds |> Option.defaultValue 0.0
    PeakMemory = None
    Curve = curve
}

let comparison (runs: Run list) : Comparison = {
    Title = "A comparison"
    Subtitle = ""
    Facts = []
    Measures = Comparison.measureNames
    Targets = []
    Runs = runs
}

/// A made-up method's shape: how fast the loss falls, what a step costs.
type private Shape = {
    Name: string
    Kind: Family
    About: string
    Steps: int
    Every: int
    StepSeconds: float
    StepWork: float
    Rate: float
    Floor: float
    Noise: float
    Memory: int64
}

let private shapes = [
    {
        Name = "SGD with momentum"
        Kind = Family.FirstOrder
        About = "rate 0.1, momentum 0.9, batch 128"
        Steps = 600
        Every = 5
        StepSeconds = 0.0021
        StepWork = 0.09
        Rate = 0.011
        Floor = 0.052
        Noise = 0.10
        Memory = 21_400_000L
    }
    {
        Name = "Adam"
        Kind = Family.FirstOrder
        About = "rate 0.005, decay 0.9 and 0.999, batch 128"
        Steps = 600
        Every = 5
        StepSeconds = 0.0024
        StepWork = 0.09
        Rate = 0.022
        Floor = 0.021
        Noise = 0.08
        Memory = 22_900_000L
    }
    {
        Name = "L-BFGS"
        Kind = Family.QuasiNewton
        About = "history 10, strong Wolfe search"
        Steps = 220
        Every = 1
        StepSeconds = 0.019
        StepWork = 1.3
        Rate = 0.045
        Floor = 0.0016
        Noise = 0.04
        Memory = 31_200_000L
    }
    {
        Name = "Newton-CG"
        Kind = Family.SecondOrder
        About = "Steihaug, at most 20 products a step"
        Steps = 60
        Every = 1
        StepSeconds = 0.31
        StepWork = 24.0
        Rate = 0.19
        Floor = 0.0011
        Noise = 0.03
        Memory = 36_800_000L
    }
    {
        Name = "Saddle-free Newton"
        Kind = Family.SecondOrder
        About = "exact Hessian, damping 0.001"
        Steps = 40
        Every = 1
        StepSeconds = 0.84
        StepWork = 880.0
        Rate = 0.37
        Floor = 0.0009
        Noise = 0.02
        Memory = 148_000_000L
    }
]

let private curveOf (shape: Shape) (seed: int64) : CurvePoint list =
    let random = Random(int seed * 1000 + shape.Steps)
    let speed = shape.Rate * (0.85 + 0.3 * random.NextDouble())
    let start = 2.302 + 0.05 * random.NextDouble()
    let mutable noise = 0.0

    [
        for step in 0 .. shape.Every .. shape.Steps do
            noise <- 0.8 * noise + shape.Noise * (random.NextDouble() - 0.5)
            let t = float step

            let loss =
                (start - shape.Floor) * exp (-speed * t / (1.0 + 0.004 * t)) + shape.Floor

            let loss = if step = 0 then start else loss * exp noise
            let right = 0.972 - 0.87 * (min 1.0 (loss / start)) ** 0.8 + 0.004 * noise

            {
                Step = step
                Seconds = t * shape.StepSeconds * (0.95 + 0.1 * float (seed % 3L) / 2.0)
                GradientEquivalents = t * shape.StepWork
                Loss = loss
                TestLoss = Some(loss + 0.09 * (1.0 - loss / start) + 0.0004 * t * shape.Rate)
                TrainAccuracy = Some(min 1.0 (right + 0.027))
                TestAccuracy = Some(right)
            }
    ]

let private digitsRun (shape: Shape) (seed: int64) : Run =
    let whole = curveOf shape seed

    let curve, outcome, reason =
        match shape.Name, seed with
        | "SGD with momentum", 3L ->
            let kept = whole |> List.take 18

            let rising =
                kept
                |> List.mapi (fun index at ->
                    if index < 9 then
                        at
                    else
                        {
                            at with
                                Loss = at.Loss * 3.1 ** float (index - 8)
                                TestAccuracy = Some 0.1
                        }
                )

            let last = { List.last rising with Loss = nan }

            rising @ [ { last with Step = last.Step + 5 } ],
            RunOutcome.Failed,
            "the loss is not a number at step 90"
        | "L-BFGS", 2L ->
            List.take 95 whole,
            RunOutcome.Stopped,
            "the line search found no lower point in 20 trials"
        | "Saddle-free Newton", _ -> whole, RunOutcome.Converged, "gradient norm 3.1e-9 < 1e-8"
        | _, _ -> whole, RunOutcome.BudgetSpent, sprintf "%d steps are used up" shape.Steps

    let last = List.last curve

    {
        Method = shape.Name
        Family = shape.Kind
        Options = shape.About
        Seed = seed
        Outcome = outcome
        Reason = reason
        Evaluations = {
            Values = int64 last.Step * 2L
            Gradients = int64 last.Step + 1L
            Products =
                if shape.Kind = Family.SecondOrder then
                    int64 last.Step * int64 shape.StepWork
                else
                    0L
        }
        GradientEquivalents = last.GradientEquivalents
        Seconds = last.Seconds + 0.01
        PeakMemory = Some(shape.Memory + seed * 120_000L)
        Curve = curve
    }

/// Five methods from three seeds each; one run diverges, one stops early, one method converges.
let digits: Comparison = {
    Title = "Five optimizers on handwritten digits"
    Subtitle = "A 64-10-10-10 network, 1,797 images of 8 × 8 pixels, three seeds each"
    Facts = [
        { Name = "Data"; Value = "digits, 1,437 to train on and 360 kept aside" }
        { Name = "Model"; Value = "dense 64-10-10-10, tanh, 870 parameters" }
        { Name = "Machine"; Value = "2 cores, managed engine, float64" }
        { Name = "Seeds"; Value = "1, 2, 3 (initial weights and batches)" }
        {
            Name = "Work"
            Value =
                "one gradient-equivalent is one gradient over all training examples; a Hessian product counts 2"
        }
        { Name = "Loss"; Value = "over all training examples, measured outside of the timed steps" }
    ]
    Measures = {
        Comparison.measureNames with
            Loss = "training cross-entropy"
            TestLoss = "test cross-entropy"
    }
    Targets = []
    Runs = [
        for shape in shapes do
            for seed in 1L .. 3L -> digitsRun shape seed
    ]
}
