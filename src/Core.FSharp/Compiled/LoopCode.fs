namespace Optim.Compiled

#nowarn "9" // Loops are given addresses of arrays that do not move.

open System
open System.Runtime.InteropServices
open Microsoft.FSharp.NativeInterop

/// Emitted loops. table: the address of an array of addresses, one for each slot; a, b, c, d: where the inputs and then the
/// outputs begin, for a plan that passes arrays (FusedPlan.PassesArrays), and anything otherwise.
type internal LoopCode =
    delegate of table: nativeint * a: nativeint * b: nativeint * c: nativeint * d: nativeint -> unit

/// One part of emitted loops. part: its number; totals: the address of its own totals, one number for each.
type internal PartCode = delegate of table: nativeint * part: nativeint * totals: nativeint -> unit

/// Loops that are a whole program, with three Float64 inputs and outputs in all. For functions of few numbers, where the way to
/// the loops takes longer than the loops. They work in the memory of a session, and like it for one thread at a time.
/// table: as the loops need it; held: what they reach by addresses only.
[<Sealed>]
type internal ThreeArrays(code: LoopCode, table: nativeint, held: obj) =

    /// Runs the loops on three arrays, inputs before outputs, each from its beginning and as long as the program was made for,
    /// which is not checked. No output may be the array of an input. Allocates nothing.
    member _.Run(first: float[], second: float[], third: float[]) : unit =
        use a = fixed &MemoryMarshal.GetArrayDataReference first
        use b = fixed &MemoryMarshal.GetArrayDataReference second
        use c = fixed &MemoryMarshal.GetArrayDataReference third

        code.Invoke(
            table,
            NativePtr.toNativeInt a,
            NativePtr.toNativeInt b,
            NativePtr.toNativeInt c,
            0n
        )

        GC.KeepAlive held
