namespace Optim.Torch

open System
open System.Collections.Generic

/// How many calls into libtorch one thread made.
[<Sealed>]
type internal Tally() =
    /// Written by its own thread only.
    [<DefaultValue>]
    val mutable Count: int64

/// Counts the calls into libtorch: a thread adds to a number of its own, and the sum is made when somebody asks.
[<RequireQualifiedAccess>]
module internal Tallies =

    // One for each thread that ever called, for the life of the process.
    let private all = List<Tally>()

    /// A new one.
    let add () : Tally =
        let tally = Tally()
        lock all (fun () -> all.Add tally)
        tally

    /// The sum. Calls that are being made meanwhile may be missed.
    let sum () : int64 =
        lock all (fun () -> all |> Seq.sumBy (fun tally -> tally.Count))

/// The count of calls into libtorch.
[<Sealed; AbstractClass>]
type internal Crossings =

    [<ThreadStatic; DefaultValue>]
    static val mutable private own: Tally | null

    /// Counts calls of this thread.
    static member Add(calls: int) : unit =
        let tally =
            match Crossings.own with
            | null ->
                let fresh = Tallies.add ()
                Crossings.own <- fresh
                fresh
            | known -> known

        tally.Count <- tally.Count + int64 calls

    /// The calls of all threads so far.
    static member Total: int64 = Tallies.sum ()
