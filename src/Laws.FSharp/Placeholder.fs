namespace Optim.Laws

open Expecto
open Optim

/// Laws of the tensors' element types.
[<RequireQualifiedAccess>]
module DTypeLaws =
    /// The law that an element occupies memory.
    let sized: Test =
        testCase
            "elements occupy memory"
            (fun () -> Expect.isGreaterThan DType.Float64.Size 0 "bytes")
