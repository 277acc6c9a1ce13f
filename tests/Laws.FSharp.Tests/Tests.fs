module Optim.LawsTests.Tests

open Expecto
open Optim.Core
open Optim.Laws

[<Tests>]
let lbfgs = Laws.forMethod (Lbfgs.create Lbfgs.defaults)
