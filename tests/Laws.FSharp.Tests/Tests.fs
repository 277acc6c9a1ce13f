module Optim.LawsTests.ProductLawsTests

open Expecto
open Optim.Laws

[<Tests>]
let product = testList "ProductLaws" [ DTypeLaws.sized ]
