namespace Optim.Descents

open Optim
open Optim.Managed
open Optim.Core
open Optim.Contract

/// The in-place twin of a descent: what it learns is in its own memory. Nothing is allocated in the steady state.
[<AbstractClass>]
type internal DescentInPlace<'Memory>(length: int) =
    /// n.
    member _.Length: int = length
    /// Whether a direction needs the Hessian at the point, to be written to `Hessian` first.
    abstract NeedsHessian: bool
    default _.NeedsHessian = false
    /// n² numbers, where NeedsHessian.
    abstract Hessian: float[]
    default _.Hessian = [||]
    /// Back to the memory before anything was learned.
    abstract Forget: unit -> unit
    /// Writes the direction at a point; gives the multiple of it to try first.
    abstract Direct: at: Spot * along: float[] -> float
    /// dᵀ g and dᵀ d of the direction d that Direct wrote last, and the gradient there.
    abstract Measure: at: Spot * along: float[] -> struct (float * float)
    default _.Measure(at, along) = InPlace.dots length along at.Gradient
    /// Learns from a move, no element of which is longer than twice the distance.
    abstract Learn: before: Spot * after: Spot * distance: float -> unit
    /// The memory of the pure descent, taken over.
    abstract Load: memory: 'Memory -> unit
    /// The same as the memory of the pure descent, given how a tensor is made of a copy of n numbers.
    abstract Save: ((float[] -> Tensor) -> 'Memory)

/// The twin of SteepestDescent.
[<Sealed>]
type internal SteepestInPlace(length: int) =
    inherit DescentInPlace<SteepestMemory>(length)
    let mutable lastChange = 0.0
    override _.Forget() = lastChange <- 0.0

    override _.Direct(at, along) =
        InPlace.scale length -1.0 at.Gradient along
        SteepestDescent.firstSize lastChange at.GradientNorm

    override _.Learn(before, after, _) =
        lastChange <- after.Value - before.Value

    override _.Load(memory) = lastChange <- memory.LastChange
    override _.Save = fun _ -> { LastChange = lastChange }
