namespace Optim.Core

open Optim

/// Gives buffers back at once instead of waiting for the garbage collector.
[<RequireQualifiedAccess>]
module Memory =

    /// What `work` returns. Everything it allocated on this thread, on the engine of `like`, goes back to that engine,
    /// except what `reach` finds in the result. A recycled tensor that somebody still holds throws when it is used.
    /// When the result depends on a value that is being differentiated or batched, nothing is recycled.
    let recycling (like: Tensor) (reach: 'T -> Tensor seq) (work: unit -> 'T) : 'T =
        use scope = like.Engine.OpenScope()
        let result = work ()

        if not scope.IsEmpty then
            for x in reach result do
                if x.Level > 0L then
                    scope.KeepAll()
                elif obj.ReferenceEquals(x.Engine, like.Engine) then
                    // What lies on another engine, no scope of this one takes back.
                    scope.Keep x

        result

    /// As `recycling`, for a function with one tensor as result.
    let keeping (like: Tensor) (work: unit -> Tensor) : Tensor =
        recycling like (fun y -> [ y ]) work
