namespace Optim.Testing

open System
open System.Collections.Generic
open System.Threading
open Optim
open Optim.Core
open Optim.Primitives

/// A concrete tensor of a mirror engine: an array of its own, in row-major order.
[<Sealed>]
type internal MirrorTensor(values: Array, shape: Shape, dtype: DType, engine: Engine) =
    inherit Operand(0L, shape, dtype, engine)

    let mutable held: Array | null = values

    /// The elements. Errors: InvalidOperationException after Recycle.
    member x.Values: Array =
        match held with
        | null ->
            raise (InvalidOperationException $"a mirror tensor of shape {x.Shape} was recycled")
        | values -> values

    /// Forgets the elements.
    member _.Recycle() : unit = held <- (null: Array | null)

    override x.Concrete = x
    override _.Bind1(operation, x) = operation.Eval x
    override _.Bind2(operation, a, b) = operation.Eval(a, b)
    override _.BindN(operation, inputs) = operation.Eval inputs

/// A scope that recycles every tensor that was not kept, however small: stricter than the managed engine's.
[<Sealed>]
type internal MirrorScope private (parent: MirrorScope | null) =
    let noted = HashSet<Tensor>(HashIdentity.Reference)
    let kept = HashSet<Tensor>(HashIdentity.Reference)
    let mutable keepsAll = false
    let mutable isOpen = true

    [<ThreadStatic; DefaultValue>]
    static val mutable private current: MirrorScope | null

    /// The innermost scope of this thread.
    static member Current: MirrorScope | null = MirrorScope.current

    /// Makes a scope the innermost one of this thread, or leaves none.
    static member Enter(scope: MirrorScope | null) : unit = MirrorScope.current <- scope

    /// A new scope inside the current one.
    static member Open() : MirrorScope =
        let scope = new MirrorScope(MirrorScope.current)
        MirrorScope.current <- scope
        scope

    /// Notes a tensor.
    member _.Note(x: Tensor) : unit = noted.Add x |> ignore

    /// Whether this scope or one around it will recycle the tensor.
    member _.Holds(x: Tensor) : bool =
        noted.Contains x
        || (
            match parent with
            | null -> false
            | outer -> outer.Holds x
        )

    interface EngineScope with
        member _.IsEmpty = not isOpen || noted.Count = 0
        member _.KeepAll() = keepsAll <- true

        member _.Keep x =
            match x with
            | :? MirrorTensor -> kept.Add x |> ignore
            | other ->
                raise (ArgumentException($"a mirror's scope got a tensor on {other.Device}", "x"))

        member this.Dispose() =
            if isOpen then
                if not (obj.ReferenceEquals(MirrorScope.current, this)) then
                    invalidOp "scopes end in the order opposite to their beginning"

                isOpen <- false
                MirrorScope.current <- parent

                for x in noted do
                    match x with
                    | :? MirrorTensor as mirror when not (keepsAll || kept.Contains x) ->
                        mirror.Recycle()
                    | _ ->
                        match parent with
                        | null -> ()
                        | outer -> outer.Note x

/// A time outside of the scopes of the thread that began it.
[<Sealed>]
type internal MirrorDetachment private (outer: MirrorScope | null, before: MirrorDetachment | null)
    =
    let mutable isOver = false

    [<ThreadStatic; DefaultValue>]
    static val mutable private current: MirrorDetachment | null

    /// Begins one on this thread.
    static member Begin() : MirrorDetachment =
        let detachment = new MirrorDetachment(MirrorScope.Current, MirrorDetachment.current)

        MirrorDetachment.current <- detachment
        MirrorScope.Enter null
        detachment

    member private _.Holds(x: Tensor) : bool =
        let isHere =
            match outer with
            | null -> false
            | scope -> scope.Holds x

        isHere
        || (
            match before with
            | null -> false
            | detachment -> detachment.Holds x
        )

    interface EngineDetachment with
        member this.Lasting x =
            match x with
            | :? MirrorTensor as mirror when this.Holds x ->
                MirrorTensor(mirror.Values, x.Shape, x.DType, x.Engine)
            | _ -> x

        member _.Dispose() =
            if not isOver then
                isOver <- true
                MirrorDetachment.current <- before
                MirrorScope.Enter outer

/// A second engine for tests, with a device, tensors and scopes of its own. Each operation copies its operands to the
/// managed engine, computes there and copies the result back, so its numbers are the managed engine's, bit by bit, and
/// whatever takes its tensors for managed ones fails. Scopes recycle every tensor that nobody kept.
[<Sealed>]
type MirrorEngine(name: string) =
    let managed = Engines.managed
    let device = Device name
    let mutable calls = 0L

    static let shared = lazy (MirrorEngine "mirror")

    /// The engine that most tests share.
    static member Instance: Engine = shared.Value

    /// How many operations it computed so far.
    member _.Calls: int64 = Interlocked.Read &calls

    member private this.Own(x: Tensor) : MirrorTensor =
        match x with
        | :? MirrorTensor as mirror when obj.ReferenceEquals(x.Engine, this) -> mirror
        | other ->
            let message =
                $"the engine {name} computes on its own tensors, got one of shape {other.Shape}, level {other.Level} on {other.Device}"

            raise (ArgumentException(message, nameof x))

    /// A managed copy.
    member private this.There(x: Tensor) : Tensor =
        managed.OfArray(x.Shape, (this.Own x).Values)

    /// The tensor of this engine with the elements of a managed one.
    member private this.Here(y: Tensor) : Tensor =
        Interlocked.Increment &calls |> ignore
        let here = MirrorTensor(managed.ToArray y, y.Shape, y.DType, this)

        match MirrorScope.Current with
        | null -> ()
        | scope -> scope.Note here

        here

    interface Engine with
        member _.Name = name
        member _.Device = device

        member this.Full(shape, dtype, value) =
            this.Here(managed.Full(shape, dtype, value))

        member this.OfArray(shape, values) =
            this.Here(managed.OfArray(shape, values))

        member this.ToArray x = managed.ToArray(this.There x)
        member this.Read x = managed.Read(this.There x)

        member this.Unary(kind, x) =
            this.Here(managed.Unary(kind, this.There x))

        member this.Affine(scale, shift, x) =
            this.Here(managed.Affine(scale, shift, this.There x))

        member this.Binary(kind, a, b) =
            this.Here(managed.Binary(kind, this.There a, this.There b))

        member this.Compare(kind, a, b) =
            this.Here(managed.Compare(kind, this.There a, this.There b))

        member this.Where(condition, a, b) =
            this.Here(managed.Where(this.There condition, this.There a, this.There b))

        member this.Cast(dtype, x) =
            this.Here(managed.Cast(dtype, this.There x))

        member this.Reduce(kind, axes, keep, x) =
            this.Here(managed.Reduce(kind, axes, keep, this.There x))

        member this.CumulativeSum(axis, reversed, x) =
            this.Here(managed.CumulativeSum(axis, reversed, this.There x))

        member this.ArgReduce(largest, axis, x) =
            this.Here(managed.ArgReduce(largest, axis, this.There x))

        member this.MatMul(transposeA, transposeB, a, b) =
            this.Here(managed.MatMul(transposeA, transposeB, this.There a, this.There b))

        member this.Reshape(shape, x) =
            this.Here(managed.Reshape(shape, this.There x))

        member this.Permute(axes, x) =
            this.Here(managed.Permute(axes, this.There x))

        member this.Expand(shape, x) =
            this.Here(managed.Expand(shape, this.There x))

        member this.Slice(ranges, x) =
            this.Here(managed.Slice(ranges, this.There x))

        member this.Assemble(shape, ranges, pieces) =
            this.Here(managed.Assemble(shape, ranges, Array.map this.There pieces))

        member this.IndexSelect(axis, x, indices) =
            this.Here(managed.IndexSelect(axis, this.There x, this.There indices))

        member this.IndexAdd(axis, length, x, indices) =
            this.Here(managed.IndexAdd(axis, length, this.There x, this.There indices))

        member this.Gather(axis, x, indices) =
            this.Here(managed.Gather(axis, this.There x, this.There indices))

        member this.ScatterAdd(axis, length, x, indices) =
            this.Here(managed.ScatterAdd(axis, length, this.There x, this.There indices))

        member this.Cholesky a =
            this.Here(managed.Cholesky(this.There a))

        member this.Solve(a, b) =
            this.Here(managed.Solve(this.There a, this.There b))

        member this.TriangularSolve(triangle, transposed, unit, a, b) =
            this.Here(
                managed.TriangularSolve(triangle, transposed, unit, this.There a, this.There b)
            )

        member this.Qr a = this.Here(managed.Qr(this.There a))

        member this.SymmetricEigen a =
            this.Here(managed.SymmetricEigen(this.There a))

        member this.LogDeterminant a =
            this.Here(managed.LogDeterminant(this.There a))

        member _.WholeStep(_, _) = null

        member _.OpenScope() = MirrorScope.Open()
        member _.Detach() = MirrorDetachment.Begin()
