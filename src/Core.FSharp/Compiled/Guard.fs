namespace Optim.Compiled

open System
open Optim
open Optim.Core
open Optim.Core.Derivatives
open Optim.Managed

/// Compares what a compiled function gives at its first uses with what the function itself gives there, and refuses to go on
/// where they differ by more than rounding: the function then depends on something besides its argument, or on chance.
/// Each kind of question is compared a few times; of a Hessian, its product with one vector. n: the numbers of its argument;
/// name: the function's name for messages. door, remedy: what was called, and what to do where they differ.
[<Sealed>]
type internal Guard(door: string, remedy: string, name: string, f: Tensor -> Tensor, n: int) =
    // How often each kind of question is compared.
    static let times = 3
    // Differences up to this part of the largest number are rounding for sure.
    static let rounding = 1e-9
    // Moves of the point, relative to its own size, that are as small as the rounding of a few operations.
    static let nudge = 1e-13
    let engine = ManagedEngine.Instance :> Engine
    let vector = Shape.Of n
    let mutable values = times
    let mutable gradients = times
    let mutable products = times
    let mutable hessians = times

    // A whole eager Hessian would cost more than the run: its product with this vector shows as much.
    let witness = lazy Array.init n (fun i -> cos (float i))

    let witnessed (hessian: float[]) : float[] =
        let witness = witness.Value

        Array.init
            n
            (fun row ->
                let mutable sum = 0.0

                for column in 0 .. n - 1 do
                    sum <- sum + hessian[row * n + column] * witness[column]

                sum
            )

    let tensor (x: float[]) : Tensor = engine.OfArray(vector, x)

    let numbers (x: Tensor) : float[] = x.ToArray()

    let largest (a: float[]) : float =
        a
        |> Array.fold (fun top v -> if Double.IsFinite v then max top (abs v) else top) 0.0

    /// The largest difference; infinite where one of two numbers is not finite and the other is not the same.
    let distance (a: float[]) (b: float[]) : float =
        Array.fold2
            (fun top u v ->
                if Double.IsFinite u && Double.IsFinite v then
                    max top (abs (u - v))
                elif u.Equals v then
                    top
                else
                    infinity
            )
            0.0
            a
            b

    let text (a: float[]) : string =
        let number (v: float) =
            v.ToString("G10", Globalization.CultureInfo.InvariantCulture)

        let shown = a |> Array.truncate 3 |> Array.map number |> String.concat ", "

        match a.Length with
        | 1 -> shown
        | length when length <= 3 -> $"({shown})"
        | _ -> $"({shown}, …)"

    let refuse (what: string) (now: float[]) (eager: float[]) : unit =
        let message =
            $"{door}: the {what} of {name} is {text now} compiled, but {text eager} uncompiled at the same point; "
            + "it depends on something besides its argument: on chance, or on data that changed after it was compiled; "
            + remedy

        raise (InvalidOperationException message)

    /// How far the eager numbers move when the point moves by its own rounding: what rounding may do to them.
    let sensitivity (eager: float[] -> float[]) (x: float[]) (at: float[]) : float =
        let size = max (largest x) nudge

        let moved (direction: int) =
            x
            |> Array.mapi (fun i v ->
                let sign = if (i + direction) % 2 = 0 then nudge else -nudge
                v + sign * (if v = 0.0 then size else v)
            )

        max (distance at (eager (moved 0))) (distance at (eager (moved 1)))

    let compare (what: string) (eager: float[] -> float[]) (x: float[]) (now: float[]) : unit =
        use _ = engine.OpenScope()
        let expected = eager x
        let difference = distance now expected

        if difference > rounding * max (largest now) (largest expected) then
            // Where all digits cancel, rounding may change all of them; so the function's own sensitivity decides.
            let isConstant = (eager x).AsSpan().SequenceEqual(expected.AsSpan())

            if not isConstant || difference > 100.0 * sensitivity eager x expected then
                refuse what now expected

    // Methods of their own: what they allocate would make every call longer.
    let compareValue (x: float[]) (value: float) : unit =
        values <- values - 1
        compare "value" (fun x -> numbers (f (tensor x))) x [| value |]

    let compareGradient (x: float[]) (value: float) (gradient: float[]) : unit =
        gradients <- gradients - 1
        compare "value" (fun x -> numbers (f (tensor x))) x [| value |]
        compare "gradient" (fun x -> numbers (grad f (tensor x))) x gradient

    let compareProduct (x: float[]) (v: float[]) (product: float[]) : unit =
        products <- products - 1
        let v = tensor v
        compare "Hessian product" (fun x -> numbers (hvp f (tensor x) v)) x product

    let compareHessian (x: float[]) (hessian: float[]) : unit =
        hessians <- hessians - 1
        let v = tensor witness.Value
        let product (x: float[]) = numbers (hvp f (tensor x) v)
        compare "Hessian, times (cos 0, cos 1, …)," product x (witnessed hessian)

    /// f(x) was given.
    member _.Value(x: float[], value: float) : unit =
        if values > 0 then
            compareValue x value

    /// f(x) and ∇f(x) were given.
    member _.ValueAndGradient(x: float[], value: float, gradient: float[]) : unit =
        if gradients > 0 then
            compareGradient x value gradient

    /// H(x) v was given.
    member _.HessianProduct(x: float[], v: float[], product: float[]) : unit =
        if products > 0 then
            compareProduct x v product

    /// H(x) was given.
    member _.Hessian(x: float[], hessian: float[]) : unit =
        if hessians > 0 then
            compareHessian x hessian
