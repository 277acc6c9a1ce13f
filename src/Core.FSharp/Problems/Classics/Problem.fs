namespace Optim.Core

open System
open Optim

/// A problem whose answer is known.
[<NoComparison; NoEquality>]
type Problem = {
    /// In kebab-case.
    Name: string
    /// The name in headings.
    Title: string
    /// Author and year, or number in a collection.
    Source: string
    /// The function.
    Objective: Objective
    /// The usual start (n).
    Start: Tensor
    /// The lowest value.
    Minimum: float
    /// Points with the lowest value, to about ten digits; one or more, not always all.
    Minimizers: Tensor list
    /// Other strict local minimizers in which a method may end without being wrong.
    LocalMinimizers: Tensor list
}

/// The lengths of points that a problem can have.
[<RequireQualifiedAccess>]
type ProblemDimensions =
    /// This length only.
    | Only of length: int
    /// Every length from here on.
    | AtLeast of length: int
    /// Every multiple.
    | MultiplesOf of length: int

    /// In words.
    override dimensions.ToString() =
        match dimensions with
        | Only n -> $"{n}"
        | AtLeast n -> $"{n} or more"
        | MultiplesOf n -> $"multiples of {n}"

/// A problem before its dimension is chosen.
[<NoComparison; NoEquality>]
type ProblemFamily = {
    /// In kebab-case.
    Name: string
    /// The name in headings.
    Title: string
    /// Author and year, or number in a collection.
    Source: string
    /// The lengths its points can have.
    Dimensions: ProblemDimensions
    /// The dimension when none is asked for.
    DefaultDimension: int
    /// The problem of a legal dimension.
    Create: int -> Problem
}

/// Problems, and parts of them.
[<RequireQualifiedAccess>]
module Problem =

    /// The problem with its start and its minimizers on an engine. The functions of the problems here are computed on the
    /// engine on which the point lies; one of your own needs Tensor.alongside for the tensors that it holds.
    let moveTo (engine: Engine) (problem: Problem) : Problem = {
        problem with
            Start = Tensor.moveTo engine problem.Start
            Minimizers = problem.Minimizers |> List.map (Tensor.moveTo engine)
            LocalMinimizers = problem.LocalMinimizers |> List.map (Tensor.moveTo engine)
    }

    /// Whether a problem can have points of this length.
    let internal allows (length: int) (dimensions: ProblemDimensions) : bool =
        match dimensions with
        | ProblemDimensions.Only n -> length = n
        | ProblemDimensions.AtLeast n -> length >= n
        | ProblemDimensions.MultiplesOf n -> length >= n && length % n = 0

    /// A problem with one minimizer.
    let internal create
        (name: string)
        (f: Tensor -> Tensor)
        (start: float seq)
        (minimum: float)
        (minimizer: float seq)
        : Problem = {
        Name = name
        Title = ""
        Source = ""
        Objective = Objective.named name f
        Start = Tensor.ofSeq start
        Minimum = minimum
        Minimizers = [ Tensor.ofSeq minimizer ]
        LocalMinimizers = []
    }

    /// A family whose problems take title and source from it. Large ones are compiled.
    let internal family
        (title: string)
        (source: string)
        (dimensions: ProblemDimensions)
        (defaultDimension: int)
        (create: int -> Problem)
        : ProblemFamily =
        let named n =
            let problem = create n

            {
                problem with
                    Title = title
                    Source = source
                    Objective = Objective.compileWherePays n problem.Objective
            }

        {
            Name = (create defaultDimension).Name
            Title = title
            Source = source
            Dimensions = dimensions
            DefaultDimension = defaultDimension
            Create =
                fun n ->
                    if allows n dimensions then
                        named n
                    else
                        let message = $"{title} has points of length {dimensions}, not {n}"
                        raise (ArgumentOutOfRangeException("dimension", message))
        }

    /// A family of one problem.
    let internal single (title: string) (source: string) (problem: Problem) : ProblemFamily =
        family
            title
            source
            (ProblemDimensions.Only problem.Start.Length)
            problem.Start.Length
            (fun _ -> problem)

    /// Σ rᵢ².
    let internal sumOfSquares (residuals: Tensor list) : Tensor =
        residuals |> List.map Tensor.square |> List.reduce (+)

    /// The objective Σ rᵢ² of residuals (n) to (m), with its Gauss-Newton matrix.
    let internal leastSquares (name: string) (residuals: Tensor -> Tensor) : Objective =
        Objective.composed name residuals (fun r -> Tensor.sum (Tensor.square r))
