module Optim.TorchTests.NativeTests

open Expecto
open Optim.Torch

#nowarn "9" "51" // the functions of the C interface take addresses

[<Tests>]
let tests =
    testList "native" [
        testCase "a number crosses to libtorch and back"
        <| fun () ->
            Library.load () |> ignore<Loaded>
            let mutable handle = 0n
            Expect.equal (Native.aoti_torch_scalar_to_tensor_float64 (2.5, &&handle)) 0 "created"
            let mutable value = 0.0
            Expect.equal (Native.aoti_torch_item_float64 (handle, &&value)) 0 "read"
            Expect.equal value 2.5 "the number"
            Expect.equal (Native.aoti_torch_delete_tensor_object handle) 0 "freed"
    ]
