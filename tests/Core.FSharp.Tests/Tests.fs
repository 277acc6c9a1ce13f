module Optim.CoreTests.DTypeTests

open Expecto
open Optim

[<Tests>]
let dtype =
    testList "DType" [
        testCase
            "only floating types have derivatives"
            (fun () ->
                Expect.isTrue DType.Float32.IsFloating "float32"
                Expect.isFalse DType.Int64.IsFloating "int64"
            )
    ]
