namespace Optim.Laws

open Expecto
open Optim

/// Laws of the library itself.
[<RequireQualifiedAccess>]
module ProductLaws =
    /// The law that the library has a name.
    let named: Test =
        testCase "the library has a name" (fun () -> Expect.isNonEmpty Product.name "name")
