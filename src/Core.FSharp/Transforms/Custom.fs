namespace Optim.Core

open System
open Optim
open Optim.Core.Derivatives
open Optim.Primitives
open Optim.Transforms

/// A function with rules of its own, as one operation. jvp: x, y, t to the tangent of y; vjp: x, y, ct to the cotangent of x.
[<Sealed>]
type internal CustomOperation
    (
        f: Tensor -> Tensor,
        jvp: Tensor -> Tensor -> Tensor -> Tensor,
        vjp: Tensor -> Tensor -> Tensor -> Tensor
    ) =
    inherit Primitive1("custom")

    static let ofShape (rule: string) (expected: Shape) (actual: Tensor) : Tensor =
        if not (expected.SameAs actual.Shape) then
            let message =
                $"the custom {rule} rule gave shape {actual.Shape}, expected {expected}"

            raise (ShapeException(message, rule))

        actual

    static member Apply
        (
            f: Tensor -> Tensor,
            jvp: Tensor -> Tensor -> Tensor -> Tensor,
            vjp: Tensor -> Tensor -> Tensor -> Tensor,
            x: Tensor
        ) : Tensor =
        Tensor.Bind(CustomOperation(f, jvp, vjp), x)

    override _.Eval x =
        let y = f x

        if y.Level > 0L then
            let message =
                "a function with custom rules depends on a value that is being differentiated or batched besides its "
                + "argument; put that value into the argument, as with Shaping.concat"

            raise (InvalidOperationException message)

        y

    override _.Jvp(x, y, t) = ofShape "jvp" y.Shape (jvp x y t)
    override _.Vjp(x, y, ct) = ofShape "vjp" x.Shape (vjp x y ct)

    override _.Batch x =
        let each
            (rule: Tensor -> Tensor -> Tensor -> Tensor)
            (xs: Tensor)
            (ys: Tensor)
            (ts: Tensor)
            : Tensor =
            vmapMany (fun inputs -> rule inputs[0] inputs[1] inputs[2]) [| xs; ys; ts |]

        CustomOperation.Apply(vmap f, each jvp, each vjp, x)

/// Derivative rules of the user's own, for a function that has better ones than those of its parts: an implicitly defined
/// solution, a numerically delicate formula, a deliberate departure such as a straight-through estimate.
/// The result nests in every transform: the rules themselves are differentiated for higher orders, and vmap batches the
/// function and its rules. A rule may use x, the result y and its linear argument, and must be made of tensor functions.
/// The function must not depend on another value that is being differentiated: join several arguments into one tensor.
/// `GradientCheck` finds wrong rules.
[<RequireQualifiedAccess>]
module Custom =

    let private transposed (linear: Tensor -> Tensor) (at: Tensor) (ct: Tensor) : Tensor =
        // The pull-back of a linear map is its transpose, wherever it is taken.
        let _, pull = Derivatives.vjp linear (Tensor.zerosLike at)
        pull ct

    /// f with a rule for both directions. jvp: x, y = f x and a tangent t of x, to the tangent of y; vjp: x, y and a
    /// cotangent of y, to the cotangent of x. Each is linear in its last argument, and the one is the transpose of the other.
    /// Errors: ShapeException when a rule gives another shape than that of y or of x.
    let withRules
        (f: Tensor -> Tensor)
        (jvp: Tensor -> Tensor -> Tensor -> Tensor)
        (vjp: Tensor -> Tensor -> Tensor -> Tensor)
        : Tensor -> Tensor =
        fun x -> CustomOperation.Apply(f, jvp, vjp, x)

    /// f with a rule for tangents: x, y = f x and a tangent t of x, to the tangent of y, linear in t.
    /// The rule for cotangents is its transpose. Errors: as withRules.
    let withJvp
        (f: Tensor -> Tensor)
        (jvp: Tensor -> Tensor -> Tensor -> Tensor)
        : Tensor -> Tensor =
        withRules f jvp (fun x y ct -> transposed (jvp x y) x ct)

    /// f with a rule for cotangents: x, y = f x and a cotangent ct of y, to the cotangent of x, linear in ct.
    /// The rule for tangents is its transpose. Errors: as withRules.
    let withVjp
        (f: Tensor -> Tensor)
        (vjp: Tensor -> Tensor -> Tensor -> Tensor)
        : Tensor -> Tensor =
        withRules f (fun x y t -> transposed (vjp x y) y t) vjp

    /// f with derivative zero: x counts as a constant inside.
    let constant (f: Tensor -> Tensor) : Tensor -> Tensor =
        withRules f (fun _ y _ -> Tensor.zerosLike y) (fun x _ _ -> Tensor.zerosLike x)
