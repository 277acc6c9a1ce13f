module Optim.CoreTests.ManyGuardTests

open System
open Expecto
open Optim
open Optim.Core
open Optim.Solve

let private methods: Method list = [
    Newton.create Newton.defaults
    Bfgs.create Bfgs.defaults
    Lbfgs.create Lbfgs.defaults
]

let private starts (members: int) (n: int) : Tensor =
    Tensor.create [ members; n ] [| for i in 1 .. members * n -> 0.1 * float i |]

let private refused (work: unit -> ManyResult) : unit =
    Expect.throwsC
        (fun () -> work () |> ignore)
        (fun error ->
            Expect.isTrue (error :? InvalidOperationException) (error.ToString())

            for word in
                [ "minimizeMany"; "moving"; "uncompiled"; "new ManyObjective"; "one by one" ] do
                Expect.stringContains error.Message word "message"
        )

[<Tests>]
let manyGuard =
    testList "Many, guarded" [
        for method in methods do
            for n in [ 2; 40 ] do
                testCase
                    $"{method.Name}, n = {n}: captured data that changes between two solves is refused"
                    (fun () ->
                        let target = ref 1.0

                        let moving =
                            ManyObjective.withData
                                "moving"
                                (fun x _ -> Tensor.sum (Tensor.square (x - target.Value)))

                        let solve () =
                            Solver.minimizeMany method moving [] (starts 20 n)

                        Expect.equal (solve().CountOf Outcome.Converged) 20 "before"
                        Expect.equal (solve().CountOf Outcome.Converged) 20 "unchanged"
                        target.Value <- 2.0
                        refused solve
                        target.Value <- 1.0
                        Expect.equal (solve().CountOf Outcome.Converged) 20 "as it was"
                    )

        testCase
            "a function that draws its own noise is refused"
            (fun () ->
                let random = Random 3

                let moving =
                    ManyObjective.withData
                        "moving"
                        (fun x _ -> Tensor.sum (Tensor.square (x - random.NextDouble())))

                refused (fun () -> Solver.minimizeMany methods[1] moving [] (starts 20 2))
            )

        testCase
            "a member that starts at its minimum, or where nothing is finite, is not refused"
            (fun () ->
                let at = Tensor.create [ 9; 2 ] [| for i in 0..17 -> 1.0 + 0.3 * float i |]

                let wells =
                    ManyObjective.withData
                        "wells"
                        (fun x data ->
                            Tensor.sum (Tensor.square (Tensor.exp x - Tensor.exp data[0]))
                        )

                let rooted = ManyObjective.ofFunction (fun x -> Tensor.sum (Tensor.sqrt x))

                for method in methods do
                    let settled = Solver.minimizeMany method wells [ at ] at
                    Expect.equal (settled.CountOf Outcome.Converged) 9 (string settled)
                    let failed = Solver.minimizeMany method rooted [] (-at)
                    Expect.equal (failed.CountOf Outcome.Failed) 9 (string failed)
            )

        testCase
            "a value of shape (1) will do"
            (fun () ->
                let f =
                    ManyObjective.ofFunction (fun x ->
                        Shaping.reshape [ 1 ] (Tensor.sum (Tensor.square x))
                    )

                let result = Solver.minimizeMany methods[1] f [] (starts 9 2)
                Expect.equal (result.CountOf Outcome.Converged) 9 (string result)
            )

        testCase
            "blocks with spare rows are served where a matrix of zeros would be singular"
            (fun () ->
                let solved =
                    ManyObjective.withData
                        "solved"
                        (fun x data -> Tensor.sum (Tensor.square (Linalg.solve data[0] x - 1.0)))

                let matrices =
                    Tensor.create [ 3; 2; 2 ] [|
                        for i in 1..3 do
                            float i
                            0.0
                            0.5
                            2.0
                    |]

                for method in methods do
                    let result = Solver.minimizeMany method solved [ matrices ] (starts 3 2)
                    Expect.equal (result.CountOf Outcome.Converged) 3 (string result)
            )

        testCase
            "sizes whose product is no int32 give one row"
            (fun () ->
                Expect.equal (Many.rowsFor 1000 (1L <<< 31)) 1 "n² of n = 46341"
                Expect.equal (Many.rowsFor 1000 (1L <<< 28)) 1 "8 rows of it overflow"
                Expect.equal (Many.rowsFor 1000 50L) 64 "small"
            )
    ]
