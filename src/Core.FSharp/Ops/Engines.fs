namespace Optim.Core

open Optim
open Optim.Managed

/// What computes on tensors.
[<RequireQualifiedAccess>]
module Engines =

    /// The engine of this library's own code on this machine's processor. Tensors are made on it unless an engine is named.
    let managed: Engine = ManagedEngine.Instance

    /// The engine that computes on a tensor, be it concrete, differentiated or batched.
    let ofTensor (x: Tensor) : Engine = x.Engine
