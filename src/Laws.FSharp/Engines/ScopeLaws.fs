namespace Optim.Laws

open System
open Optim
open Optim.Laws.ScopeProbes

/// What outlives a scope and what does not.
[<RequireQualifiedAccess>]
module internal ScopeLaws =

    let private notKept: EngineLaw =
        let uses: (string * (Engine -> Tensor -> unit)) list = [
            "ToArray", fun engine x -> engine.ToArray x |> ignore
            "Read", fun engine x -> engine.Read x |> ignore
            "Exp", fun engine x -> engine.Unary(Unary.Exp, x) |> ignore
            "Add", fun engine x -> engine.Binary(Binary.Add, x, x) |> ignore
        ]

        law
            "what nobody kept is an error when used"
            "A tensor of 4096 elements that a scope noted and nobody kept answers with InvalidOperationException or EngineException, never with numbers."
            [
                for name, consume in uses do
                    name,
                    fun engine ->
                        let x = within engine (fun _ -> filled engine 1.0)
                        isGone name (fun () -> consume engine x)

                "a small tensor",
                fun engine ->
                    let x = within engine (fun _ -> engine.OfArray(Shape.Of 2, [| 1.0; 2.0 |]))

                    // Its own numbers are allowed: small tensors may be left to the garbage collector.
                    try
                        let seen = (Plain.ofTensor engine x).Numbers
                        Law.expect (seen = [| 1.0; 2.0 |]) (fun () -> $"it holds {seen}")
                    with
                    | :? InvalidOperationException
                    | :? EngineException -> ValueNone
            ]

    let private kept: EngineLaw =
        law
            "what is kept outlives its scope"
            "A kept tensor holds its numbers after the scope, however much is made and recycled later; operands from before stay."
            [
                "a result",
                fun engine ->
                    let x =
                        within
                            engine
                            (fun scope ->
                                let a = filled engine 1.0
                                let b = engine.Binary(Binary.Add, a, a)
                                scope.Keep b
                                b
                            )

                    for turn in 1..20 do
                        within engine (fun _ -> filled engine (float turn + 10.0) |> ignore)

                    holds engine "the kept tensor" 2.0 x

                "an operand from before",
                fun engine ->
                    let a = filled engine 1.0
                    within engine (fun _ -> engine.Binary(Binary.Add, a, a) |> ignore)
                    within engine (fun _ -> filled engine 9.0 |> ignore)
                    holds engine "the operand" 1.0 a

                "a small result",
                fun engine ->
                    let x =
                        within
                            engine
                            (fun scope ->
                                let a = engine.Full(Shape.Scalar, DType.Float64, 3.0)
                                scope.Keep a
                                a
                            )

                    holds engine "the kept scalar" 3.0 x

                "everything",
                fun engine ->
                    let a, b =
                        within
                            engine
                            (fun scope ->
                                let a = filled engine 1.0
                                scope.KeepAll()
                                a, engine.Affine(2.0, 0.0, a)
                            )

                    within engine (fun _ -> filled engine 9.0 |> ignore)
                    Law.firstOf [ holds engine "the first" 1.0 a; holds engine "the second" 2.0 b ]
            ]

    let private views: EngineLaw =
        let kinds: (string * (Engine -> Tensor -> Tensor)) list = [
            "Reshape", fun engine x -> engine.Reshape(Shape.Of(2, n / 2), x)
            "Slice", fun engine x -> engine.Slice([| { Start = 1; Step = 2; Count = n / 4 } |], x)
            "Slice of a Reshape",
            fun engine x ->
                let ranges = [| { Start = 1; Step = 1; Count = 1 }; Operand.whole (n / 2) |]
                engine.Slice(ranges, engine.Reshape(Shape.Of(2, n / 2), x))
            "Permute",
            fun engine x -> engine.Permute([| 1; 0 |], engine.Reshape(Shape.Of(2, n / 2), x))
            "Expand", fun engine x -> engine.Expand(Shape.Of(2, n), x)
        ]

        law
            "kept views live"
            "A kept view of a tensor that nobody kept holds its numbers after the scope."
            [
                for name, view in kinds do
                    name,
                    fun engine ->
                        let y =
                            within
                                engine
                                (fun scope ->
                                    let y = view engine (filled engine 1.0)
                                    scope.Keep y
                                    y
                                )

                        for turn in 1..5 do
                            within engine (fun _ -> filled engine (float turn + 10.0) |> ignore)

                        holds engine "the view" 1.0 y

                "a view of a tensor from before",
                fun engine ->
                    let x = filled engine 1.0
                    within engine (fun _ -> engine.Reshape(Shape.Of(2, n / 2), x) |> ignore)
                    within engine (fun _ -> filled engine 9.0 |> ignore)
                    holds engine "the tensor from before" 1.0 x
            ]

    let private empties: EngineLaw =
        law "IsEmpty" "A scope is empty until something large is made in it." [
            "before and after",
            fun engine ->
                within
                    engine
                    (fun scope ->
                        let before = scope.IsEmpty
                        filled engine 1.0 |> ignore

                        Law.expect
                            (before && not scope.IsEmpty)
                            (fun () -> $"IsEmpty was {before} before and {scope.IsEmpty} after")
                    )
        ]

    /// The laws of this family.
    let laws: EngineLaw list = [ notKept; kept; views; empties ]
