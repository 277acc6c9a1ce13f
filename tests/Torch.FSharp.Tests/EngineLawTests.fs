/// libtorch on the processor under all laws of engines.
module Optim.TorchTests.EngineLawTests

open Expecto
open Optim.Laws
open Optim.TorchTests.Testing

[<Tests>]
let tests =
    testList "laws of the engine torch" [
        for family, laws in EngineLaws.all |> List.groupBy _.Family do
            testList (family.ToString()) [
                for law in laws do
                    onLibrary law.Name (fun _ -> EngineLaws.mustHold (Twins.torch ()) law)
            ]
    ]
