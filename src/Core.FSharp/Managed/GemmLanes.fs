namespace Optim.Managed

#nowarn "9" // addresses are read and written directly: the operands are pinned and their sizes checked at the door
#nowarn "3535" // a static abstract member of a struct argument is the one abstraction that the JIT removes from a hot loop

open System
open System.Numerics
open System.Runtime.CompilerServices
open System.Runtime.Intrinsics
open System.Runtime.Intrinsics.Arm
open Microsoft.FSharp.NativeInterop

/// How many lanes of 'T one register 'V of the machine holds, and the few operations a matrix product needs on it.
/// Addresses are in bytes. A struct implements it, so the kernels that take it as a type argument are compiled once for each.
type internal ILanes<'T, 'V> =
    /// Lanes in a register.
    static abstract Width: int

    /// Rows of a register tile two registers wide, so that tile, operands and temporaries stay in registers.
    static abstract TileRows: int

    /// All lanes 0.
    static abstract Zero: 'V

    /// Consecutive elements from an address without alignment.
    static abstract Load: address: nativeint -> 'V

    /// Writes all lanes to consecutive elements.
    static abstract Store: address: nativeint * value: 'V -> unit

    /// One element from an address in every lane.
    static abstract Broadcast: address: nativeint -> 'V

    /// x + y.
    static abstract Add: x: 'V * y: 'V -> 'V

    /// x y + z, rounded once where the machine has that instruction.
    static abstract MultiplyAdd: x: 'V * y: 'V * z: 'V -> 'V

    /// The sum over the lanes.
    static abstract Sum: value: 'V -> 'T

/// 512-bit registers: 8 doubles or 16 floats.
[<Struct; NoComparison; NoEquality>]
type internal Lanes512<'T when 'T: unmanaged> =
    interface ILanes<'T, Vector512<'T>> with
        static member Width = 64 / sizeof<'T>
        static member TileRows = 8
        static member Zero = Vector512<'T>.Zero

        [<MethodImpl(MethodImplOptions.AggressiveInlining)>]
        static member Load address =
            Vector512.Load(NativePtr.ofNativeInt<'T> address)

        [<MethodImpl(MethodImplOptions.AggressiveInlining)>]
        static member Store(address, value) =
            Vector512.Store(value, NativePtr.ofNativeInt<'T> address)

        [<MethodImpl(MethodImplOptions.AggressiveInlining)>]
        static member Broadcast address =
            Vector512.Create<'T>(NativePtr.read (NativePtr.ofNativeInt<'T> address))

        [<MethodImpl(MethodImplOptions.AggressiveInlining)>]
        static member Add(x, y) = Vector512.Add(x, y)

        [<MethodImpl(MethodImplOptions.AggressiveInlining)>]
        static member MultiplyAdd(x, y, z) =
            if sizeof<'T> = 8 then
                Vector512
                    .MultiplyAddEstimate(x.AsDouble(), y.AsDouble(), z.AsDouble())
                    .As<float, 'T>()
            else
                Vector512
                    .MultiplyAddEstimate(x.AsSingle(), y.AsSingle(), z.AsSingle())
                    .As<float32, 'T>()

        static member Sum value = Vector512.Sum value

/// 256-bit registers: 4 doubles or 8 floats.
[<Struct; NoComparison; NoEquality>]
type internal Lanes256<'T when 'T: unmanaged> =
    interface ILanes<'T, Vector256<'T>> with
        static member Width = 32 / sizeof<'T>
        static member TileRows = 6
        static member Zero = Vector256<'T>.Zero

        [<MethodImpl(MethodImplOptions.AggressiveInlining)>]
        static member Load address =
            Vector256.Load(NativePtr.ofNativeInt<'T> address)

        [<MethodImpl(MethodImplOptions.AggressiveInlining)>]
        static member Store(address, value) =
            Vector256.Store(value, NativePtr.ofNativeInt<'T> address)

        [<MethodImpl(MethodImplOptions.AggressiveInlining)>]
        static member Broadcast address =
            Vector256.Create<'T>(NativePtr.read (NativePtr.ofNativeInt<'T> address))

        [<MethodImpl(MethodImplOptions.AggressiveInlining)>]
        static member Add(x, y) = Vector256.Add(x, y)

        [<MethodImpl(MethodImplOptions.AggressiveInlining)>]
        static member MultiplyAdd(x, y, z) =
            if sizeof<'T> = 8 then
                Vector256
                    .MultiplyAddEstimate(x.AsDouble(), y.AsDouble(), z.AsDouble())
                    .As<float, 'T>()
            else
                Vector256
                    .MultiplyAddEstimate(x.AsSingle(), y.AsSingle(), z.AsSingle())
                    .As<float32, 'T>()

        static member Sum value = Vector256.Sum value

/// 128-bit registers: 2 doubles or 4 floats.
[<Struct; NoComparison; NoEquality>]
type internal Lanes128<'T when 'T: unmanaged> =
    interface ILanes<'T, Vector128<'T>> with
        static member Width = 16 / sizeof<'T>

        // Arm has 32 registers of this size, x64 has 16.
        static member TileRows = if AdvSimd.IsSupported then 8 else 6
        static member Zero = Vector128<'T>.Zero

        [<MethodImpl(MethodImplOptions.AggressiveInlining)>]
        static member Load address =
            Vector128.Load(NativePtr.ofNativeInt<'T> address)

        [<MethodImpl(MethodImplOptions.AggressiveInlining)>]
        static member Store(address, value) =
            Vector128.Store(value, NativePtr.ofNativeInt<'T> address)

        [<MethodImpl(MethodImplOptions.AggressiveInlining)>]
        static member Broadcast address =
            Vector128.Create<'T>(NativePtr.read (NativePtr.ofNativeInt<'T> address))

        [<MethodImpl(MethodImplOptions.AggressiveInlining)>]
        static member Add(x, y) = Vector128.Add(x, y)

        [<MethodImpl(MethodImplOptions.AggressiveInlining)>]
        static member MultiplyAdd(x, y, z) =
            if sizeof<'T> = 8 then
                Vector128
                    .MultiplyAddEstimate(x.AsDouble(), y.AsDouble(), z.AsDouble())
                    .As<float, 'T>()
            else
                Vector128
                    .MultiplyAddEstimate(x.AsSingle(), y.AsSingle(), z.AsSingle())
                    .As<float32, 'T>()

        static member Sum value = Vector128.Sum value

/// One number a register: any machine without vector instructions.
[<Struct; NoComparison; NoEquality>]
type internal LanesOne<'T when 'T: unmanaged and 'T :> INumberBase<'T>> =
    interface ILanes<'T, 'T> with
        static member Width = 1
        static member TileRows = 4
        static member Zero = 'T.Zero

        [<MethodImpl(MethodImplOptions.AggressiveInlining)>]
        static member Load address =
            NativePtr.read (NativePtr.ofNativeInt<'T> address)

        [<MethodImpl(MethodImplOptions.AggressiveInlining)>]
        static member Store(address, value) =
            NativePtr.write (NativePtr.ofNativeInt<'T> address) value

        [<MethodImpl(MethodImplOptions.AggressiveInlining)>]
        static member Broadcast address =
            NativePtr.read (NativePtr.ofNativeInt<'T> address)

        [<MethodImpl(MethodImplOptions.AggressiveInlining)>]
        static member Add(x: 'T, y: 'T) : 'T = x + y

        [<MethodImpl(MethodImplOptions.AggressiveInlining)>]
        static member MultiplyAdd(x: 'T, y: 'T, z: 'T) : 'T = 'T.MultiplyAddEstimate(x, y, z)

        static member Sum value = value

/// A number known when a kernel is compiled.
type internal ICount =
    /// The number.
    static abstract Value: int

[<Struct; NoComparison; NoEquality>]
type internal Count1 =
    interface ICount with
        static member Value = 1

[<Struct; NoComparison; NoEquality>]
type internal Count2 =
    interface ICount with
        static member Value = 2

[<Struct; NoComparison; NoEquality>]
type internal Count3 =
    interface ICount with
        static member Value = 3

[<Struct; NoComparison; NoEquality>]
type internal Count4 =
    interface ICount with
        static member Value = 4

[<Struct; NoComparison; NoEquality>]
type internal Count5 =
    interface ICount with
        static member Value = 5

[<Struct; NoComparison; NoEquality>]
type internal Count6 =
    interface ICount with
        static member Value = 6

[<Struct; NoComparison; NoEquality>]
type internal Count7 =
    interface ICount with
        static member Value = 7

[<Struct; NoComparison; NoEquality>]
type internal Count8 =
    interface ICount with
        static member Value = 8

/// A pinned matrix in memory: element (i, j) is at Data + i RowStep + j ColumnStep. All in bytes.
[<Struct; NoComparison; NoEquality>]
type internal MatrixView = { Data: nativeint; RowStep: nativeint; ColumnStep: nativeint }

module internal MatrixView =
    /// The same memory read with rows and columns exchanged.
    let transpose (operand: MatrixView) : MatrixView = {
        Data = operand.Data
        RowStep = operand.ColumnStep
        ColumnStep = operand.RowStep
    }

    /// The address of element (row, column).
    let address (row: int) (column: int) (operand: MatrixView) : nativeint =
        operand.Data
        + nativeint row * operand.RowStep
        + nativeint column * operand.ColumnStep

    /// The part that begins at element (row, column).
    let from (row: int) (column: int) (operand: MatrixView) : MatrixView = {
        operand with
            Data = address row column operand
    }
