namespace Optim.Core

open System
open Optim

/// All problems by name.
[<RequireQualifiedAccess>]
module Problems =

    /// All families of problems.
    let all: ProblemFamily list = [
        Valleys.rosenbrock
        Valleys.extendedRosenbrock
        Valleys.beale
        Valleys.freudensteinRoth
        Valleys.helicalValley
        Valleys.wood
        Valleys.powellSingular
        Fits.bard
        Fits.kowalikOsborne
        Fits.brownDennis
        Fits.jennrichSampson
        Fits.misra1a
        Surfaces.himmelblau
        Surfaces.booth
        Surfaces.styblinskiTang
        Surfaces.logBarrier
        Surfaces.saddle
        Surfaces.strictSaddle
        Quadratics.mild
        Quadratics.ill
        Quadratics.offset
    ]

    /// The names of all families, in the order of `all`.
    let names: string list = all |> List.map (fun family -> family.Name)

    /// The family with this name. Errors: ArgumentException that lists the names there are.
    let family (name: string) : ProblemFamily =
        match all |> List.tryFind (fun family -> family.Name = name) with
        | Some family -> family
        | None ->
            let known = String.concat ", " names
            raise (ArgumentException($"no problem is named {name}; there are {known}", nameof name))

    /// The problem with this name, in the dimension asked for or its default one.
    /// Errors: ArgumentException for an unknown name or a dimension that the problem cannot have.
    let find (name: string) (dimension: int voption) : Problem =
        let family = family name
        family.Create(ValueOption.defaultValue family.DefaultDimension dimension)
