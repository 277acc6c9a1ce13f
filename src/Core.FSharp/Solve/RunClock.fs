namespace Optim.Solve

open System
open Optim
open Optim.Core

/// The time of a run, without that of its observers. earlier: what a resumed run had used before.
[<Sealed>]
type internal RunClock(options: SolveOptions, earlier: TimeSpan) =
    let began = options.Clock.GetTimestamp()
    let mutable observing = TimeSpan.Zero

    /// Time so far.
    member _.Elapsed: TimeSpan = earlier + options.Clock.GetElapsedTime began - observing

    /// Calls the observer.
    member _.Observe(report: StepReport, point: Tensor) : unit =
        let before = options.Clock.GetTimestamp()
        options.Observe report point
        observing <- observing + options.Clock.GetElapsedTime before
