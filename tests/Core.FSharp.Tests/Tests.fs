module Optim.CoreTests.ProductTests

open Expecto
open Optim

[<Tests>]
let product =
    testList "Product" [
        testCase "name" (fun () -> Expect.equal Product.name "Optim" "the library's name")
    ]
