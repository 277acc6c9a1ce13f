namespace Optim.Managed

open System.Numerics
open System.Runtime.CompilerServices
open System.Runtime.InteropServices
open System.Runtime.Intrinsics
open System.Runtime.Intrinsics.X86

/// How a reduction puts elements together. 'T lies in memory, 'A is what the intermediate results are kept in.
/// Implemented by empty structs, so that a kernel generic over one is compiled with its operation inlined.
type internal Fold<'T, 'A> =
    /// The result over no elements.
    abstract Identity: 'A
    /// Whether combining an element twice changes nothing, as with a maximum.
    abstract IsIdempotent: bool
    abstract Lift: value: 'T -> 'A
    abstract Lower: value: 'A -> 'T
    abstract Combine: a: 'A * b: 'A -> 'A
    /// Combine, in each lane.
    abstract CombineLanes: a: Vector512<'A> * b: Vector512<'A> -> Vector512<'A>
    /// Lift for as many elements from the index as lanes. The caller has checked the range.
    abstract Load: source: 'T[] * index: int -> Vector512<'A>
    /// Lower to as many elements from the index as lanes. The caller has checked the range.
    abstract Store: value: Vector512<'A> * destination: 'T[] * index: int -> unit

/// Unchecked reading and writing of 512 bits of an array, and between float32 and float.
[<RequireQualifiedAccess>]
module internal Lanes =

    let inline load (source: 'T[]) (index: int) : Vector512<'T> =
        Vector512.LoadUnsafe(&MemoryMarshal.GetArrayDataReference source, unativeint index)

    let inline store (value: Vector512<'T>) (destination: 'T[]) (index: int) : unit =
        Vector512.StoreUnsafe(
            value,
            &MemoryMarshal.GetArrayDataReference destination,
            unativeint index
        )

    /// As bytes 0 and 1, for several arrays.
    let manyBytes (values: bool[][]) : byte[][] =
        Unsafe.As<bool[][], byte[][]>(&Unsafe.AsRef &values)

    /// The same array as bytes 0 and 1, which is how a bool is stored. Loops, spans and the functions of this module take
    /// such an array; Array.Copy does not.
    let bytes (values: bool[]) : byte[] =
        Unsafe.As<bool[], byte[]>(&Unsafe.AsRef &values)

    /// Eight float32 as float.
    let inline loadWide (source: float32[]) (index: int) : Vector512<float> =
        let narrow =
            Vector256.LoadUnsafe(&MemoryMarshal.GetArrayDataReference source, unativeint index)

        if Avx512F.IsSupported then
            Avx512F.ConvertToVector512Double narrow
        else
            let struct (low, high) = Vector256.Widen narrow
            Vector512.Create(low, high)

    /// Eight float, rounded to float32.
    let inline storeNarrow (value: Vector512<float>) (destination: float32[]) (index: int) : unit =
        let narrow =
            if Avx512F.IsSupported then
                Avx512F.ConvertToVector256Single value
            else
                Vector256.Narrow(Vector512.GetLower value, Vector512.GetUpper value)

        Vector256.StoreUnsafe(
            narrow,
            &MemoryMarshal.GetArrayDataReference destination,
            unativeint index
        )

/// a + b.
[<Struct; NoEquality; NoComparison>]
type internal SumFold<'T when 'T: struct and 'T :> INumber<'T>> =
    interface Fold<'T, 'T> with
        member _.Identity = 'T.Zero
        member _.IsIdempotent = false
        member _.Lift value = value
        member _.Lower value = value

        [<MethodImpl(MethodImplOptions.AggressiveInlining)>]
        member _.Combine(a, b) = a + b

        [<MethodImpl(MethodImplOptions.AggressiveInlining)>]
        member _.CombineLanes(a, b) = Vector512.Add(a, b)

        [<MethodImpl(MethodImplOptions.AggressiveInlining)>]
        member _.Load(source, index) = Lanes.load source index

        [<MethodImpl(MethodImplOptions.AggressiveInlining)>]
        member _.Store(value, destination, index) = Lanes.store value destination index

/// a · b.
[<Struct; NoEquality; NoComparison>]
type internal ProductFold<'T when 'T: struct and 'T :> INumber<'T>> =
    interface Fold<'T, 'T> with
        member _.Identity = 'T.One
        member _.IsIdempotent = false
        member _.Lift value = value
        member _.Lower value = value

        [<MethodImpl(MethodImplOptions.AggressiveInlining)>]
        member _.Combine(a, b) = a * b

        [<MethodImpl(MethodImplOptions.AggressiveInlining)>]
        member _.CombineLanes(a, b) = Vector512.Multiply(a, b)

        [<MethodImpl(MethodImplOptions.AggressiveInlining)>]
        member _.Load(source, index) = Lanes.load source index

        [<MethodImpl(MethodImplOptions.AggressiveInlining)>]
        member _.Store(value, destination, index) = Lanes.store value destination index

/// a + b of float32, kept in float.
[<Struct; NoEquality; NoComparison>]
type internal WideSumFold =
    interface Fold<float32, float> with
        member _.Identity = 0.0
        member _.IsIdempotent = false
        member _.Lift value = float value
        member _.Lower value = float32 value

        [<MethodImpl(MethodImplOptions.AggressiveInlining)>]
        member _.Combine(a, b) = a + b

        [<MethodImpl(MethodImplOptions.AggressiveInlining)>]
        member _.CombineLanes(a, b) = Vector512.Add(a, b)

        [<MethodImpl(MethodImplOptions.AggressiveInlining)>]
        member _.Load(source, index) = Lanes.loadWide source index

        [<MethodImpl(MethodImplOptions.AggressiveInlining)>]
        member _.Store(value, destination, index) =
            Lanes.storeNarrow value destination index

/// a · b of float32, kept in float.
[<Struct; NoEquality; NoComparison>]
type internal WideProductFold =
    interface Fold<float32, float> with
        member _.Identity = 1.0
        member _.IsIdempotent = false
        member _.Lift value = float value
        member _.Lower value = float32 value

        [<MethodImpl(MethodImplOptions.AggressiveInlining)>]
        member _.Combine(a, b) = a * b

        [<MethodImpl(MethodImplOptions.AggressiveInlining)>]
        member _.CombineLanes(a, b) = Vector512.Multiply(a, b)

        [<MethodImpl(MethodImplOptions.AggressiveInlining)>]
        member _.Load(source, index) = Lanes.loadWide source index

        [<MethodImpl(MethodImplOptions.AggressiveInlining)>]
        member _.Store(value, destination, index) =
            Lanes.storeNarrow value destination index

/// The larger; NaN if either is NaN. Over no elements −∞, or the least number of a type without infinities.
[<Struct; NoEquality; NoComparison>]
type internal MaximumFold<'T when 'T: struct and 'T :> INumber<'T>> =
    interface Fold<'T, 'T> with
        member _.Identity = 'T.CreateSaturating System.Double.NegativeInfinity
        member _.IsIdempotent = true
        member _.Lift value = value
        member _.Lower value = value

        [<MethodImpl(MethodImplOptions.AggressiveInlining)>]
        member _.Combine(a, b) = 'T.Max(a, b)

        [<MethodImpl(MethodImplOptions.AggressiveInlining)>]
        member _.CombineLanes(a, b) = Vector512.Max(a, b)

        [<MethodImpl(MethodImplOptions.AggressiveInlining)>]
        member _.Load(source, index) = Lanes.load source index

        [<MethodImpl(MethodImplOptions.AggressiveInlining)>]
        member _.Store(value, destination, index) = Lanes.store value destination index

/// The smaller; NaN if either is NaN. Over no elements ∞, or the largest number of a type without infinities.
[<Struct; NoEquality; NoComparison>]
type internal MinimumFold<'T when 'T: struct and 'T :> INumber<'T>> =
    interface Fold<'T, 'T> with
        member _.Identity = 'T.CreateSaturating System.Double.PositiveInfinity
        member _.IsIdempotent = true
        member _.Lift value = value
        member _.Lower value = value

        [<MethodImpl(MethodImplOptions.AggressiveInlining)>]
        member _.Combine(a, b) = 'T.Min(a, b)

        [<MethodImpl(MethodImplOptions.AggressiveInlining)>]
        member _.CombineLanes(a, b) = Vector512.Min(a, b)

        [<MethodImpl(MethodImplOptions.AggressiveInlining)>]
        member _.Load(source, index) = Lanes.load source index

        [<MethodImpl(MethodImplOptions.AggressiveInlining)>]
        member _.Store(value, destination, index) = Lanes.store value destination index

/// And, of truth values stored as bytes 0 and 1.
[<Struct; NoEquality; NoComparison>]
type internal AndFold =
    interface Fold<byte, byte> with
        member _.Identity = 1uy
        member _.IsIdempotent = true
        member _.Lift value = value
        member _.Lower value = value

        [<MethodImpl(MethodImplOptions.AggressiveInlining)>]
        member _.Combine(a, b) = a &&& b

        [<MethodImpl(MethodImplOptions.AggressiveInlining)>]
        member _.CombineLanes(a, b) = Vector512.BitwiseAnd(a, b)

        [<MethodImpl(MethodImplOptions.AggressiveInlining)>]
        member _.Load(source, index) = Lanes.load source index

        [<MethodImpl(MethodImplOptions.AggressiveInlining)>]
        member _.Store(value, destination, index) = Lanes.store value destination index
