namespace Optim

/// What this library calls itself.
[<RequireQualifiedAccess>]
module Product =
    /// The library's name.
    let name: string = "Optim"
