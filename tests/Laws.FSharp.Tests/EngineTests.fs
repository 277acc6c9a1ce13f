/// The engines of this library and of the tests under the laws of engines.
module Optim.LawsTests.EngineTests

open Expecto
open Optim.Core
open Optim.Laws
open Optim.Testing

[<Tests>]
let tests =
    testList "Engines" [
        EngineLaws.tests "managed" EngineLaws.all (fun () -> Engines.managed)
        EngineLaws.tests "mirror" EngineLaws.all (fun () -> MirrorEngine.Instance)
    ]
