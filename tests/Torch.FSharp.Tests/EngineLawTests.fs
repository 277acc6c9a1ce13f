module Optim.TorchTests.EngineLawTests

open Expecto
open Optim.Laws
open Optim.TorchTests.Twins

[<Tests>]
let tests = EngineLaws.tests "torch" EngineLaws.all torch
