namespace Optim.Laws

open Optim
open Optim.Laws.ScopeProbes

/// Scopes in scopes, memory that is used again, and what is made outside of all scopes.
[<RequireQualifiedAccess>]
module internal NestedScopeLaws =

    let private nested: EngineLaw =
        law
            "scopes nest"
            "What an inner scope keeps passes to the one around it, which takes it back when nobody keeps it there."
            [
                "kept by the inner scope alone",
                fun engine ->
                    let mutable inside = ValueNone

                    let x =
                        within
                            engine
                            (fun _ ->
                                let x =
                                    within
                                        engine
                                        (fun inner ->
                                            let x = filled engine 1.0
                                            inner.Keep x
                                            x
                                        )

                                inside <- holds engine "the tensor, in the outer scope," 1.0 x
                                x
                            )

                    Law.firstOf [ inside; isGone "ToArray" (fun () -> engine.ToArray x |> ignore) ]

                "kept by both",
                fun engine ->
                    let x =
                        within
                            engine
                            (fun outer ->
                                let x =
                                    within
                                        engine
                                        (fun inner ->
                                            let x = filled engine 1.0
                                            inner.Keep x
                                            x
                                        )

                                outer.Keep x
                                x
                            )

                    within engine (fun _ -> filled engine 9.0 |> ignore)
                    holds engine "the tensor" 1.0 x

                "made in the outer scope, used in the inner one",
                fun engine ->
                    within
                        engine
                        (fun _ ->
                            let x = filled engine 1.0
                            within engine (fun _ -> engine.Unary(Unary.Exp, x) |> ignore)
                            holds engine "the tensor" 1.0 x
                        )
            ]

    let private fresh: EngineLaw =
        law
            "memory used again never shows through"
            "Zeros, fills and sums in memory that was taken back are as in fresh memory, for 30 scopes in a row."
            [
                "Full, Assemble and Add",
                fun engine ->
                    seq { 1..30 }
                    |> Law.tryFirst (fun turn ->
                        within
                            engine
                            (fun _ ->
                                let a = filled engine (float turn)
                                let range = [| { Start = n; Step = 1; Count = n } |]

                                let spread =
                                    engine.Assemble(Shape.Of(2 * n), [| range |], [| a |])

                                let numbers = (Plain.ofTensor engine spread).Numbers

                                let right =
                                    Array.init
                                        (2 * n)
                                        (fun i -> if i < n then 0.0 else float turn)

                                Law.firstOf [
                                    Law.expect
                                        (numbers = right)
                                        (fun () -> $"Assemble shows old numbers in scope {turn}")
                                    holds
                                        engine
                                        $"a sum in scope {turn}"
                                        (2.0 * float turn)
                                        (engine.Binary(Binary.Add, a, a))
                                ]
                            )
                    )
            ]

    let private detached: EngineLaw =
        law
            "Detach and Lasting"
            "What is made while detached outlives the scopes that are open; Lasting gives a tensor, or a copy, that does."
            [
                "made while detached",
                fun engine ->
                    let x =
                        within
                            engine
                            (fun _ ->
                                use _ = engine.Detach()
                                filled engine 1.0
                            )

                    within engine (fun _ -> filled engine 9.0 |> ignore)
                    holds engine "the tensor" 1.0 x

                "Lasting of what the scope would take back",
                fun engine ->
                    let x =
                        within
                            engine
                            (fun _ ->
                                let y = filled engine 1.0
                                use detachment = engine.Detach()
                                detachment.Lasting y
                            )

                    within engine (fun _ -> filled engine 9.0 |> ignore)
                    holds engine "the copy" 1.0 x

                "the scopes note again",
                fun engine ->
                    let x =
                        within
                            engine
                            (fun _ ->
                                using (engine.Detach()) ignore
                                filled engine 1.0
                            )

                    isGone "ToArray" (fun () -> engine.ToArray x |> ignore)
            ]

    /// The laws of nested scopes and of detachment.
    let laws: EngineLaw list = [ nested; fresh; detached ]
