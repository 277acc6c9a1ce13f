namespace Optim.Transforms

open System
open System.Threading

/// One application of a transform. Its number orders it among the others: a transform entered later is nested inside
/// those still running, and a primitive belongs to the newest level among its inputs. The numbers come from one counter
/// that only grows, so values of different transforms are never confused, on any thread.
[<Sealed>]
type internal Level private (number: int64) =
    static let mutable last = 0L
    let mutable isOpen = true

    /// The next level.
    static member Next() : Level = Level(Interlocked.Increment &last)

    /// 1, 2, …
    member _.Number: int64 = number

    /// The transform has returned: values of this level must not be used any more.
    member _.Close() : unit = isOpen <- false

    /// Errors: InvalidOperationException for a value that outlived its transform.
    member _.CheckOpen(operation: string) : unit =
        if not isOpen then
            let message =
                $"{operation}: a value escaped from the transform (grad, jvp, vmap …) that created it; "
                + "return it from the function instead of storing it outside"

            raise (InvalidOperationException message)
