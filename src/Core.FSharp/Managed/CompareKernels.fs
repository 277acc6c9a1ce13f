namespace Optim.Managed

open System
open System.Numerics
open System.Runtime.CompilerServices
open System.Runtime.InteropServices
open System.Runtime.Intrinsics
open Optim

/// Comparisons of spans, choices between spans and changes of their type. Spans have one length; y overlaps none.
[<RequireQualifiedAccess>]
module internal CompareKernels =

    /// y = a kind b.
    let both<'T when 'T: unmanaged and 'T :> INumber<'T>>
        (kind: Comparison)
        (a: ReadOnlySpan<'T>)
        (b: ReadOnlySpan<'T>)
        (y: Span<bool>)
        : unit =
        match kind with
        | Comparison.Equal ->
            for i in 0 .. y.Length - 1 do
                y[i] <- 'T.op_Equality (a[i], b[i])
        | Comparison.NotEqual ->
            for i in 0 .. y.Length - 1 do
                y[i] <- 'T.op_Inequality (a[i], b[i])
        | Comparison.Less ->
            for i in 0 .. y.Length - 1 do
                y[i] <- 'T.op_LessThan (a[i], b[i])
        | Comparison.LessEqual ->
            for i in 0 .. y.Length - 1 do
                y[i] <- 'T.op_LessThanOrEqual (a[i], b[i])
        | Comparison.Greater ->
            for i in 0 .. y.Length - 1 do
                y[i] <- 'T.op_GreaterThan (a[i], b[i])
        | Comparison.GreaterEqual ->
            for i in 0 .. y.Length - 1 do
                y[i] <- 'T.op_GreaterThanOrEqual (a[i], b[i])

    /// y = a kind b for one b.
    let right<'T when 'T: unmanaged and 'T :> INumber<'T>>
        (kind: Comparison)
        (a: ReadOnlySpan<'T>)
        (b: 'T)
        (y: Span<bool>)
        : unit =
        match kind with
        | Comparison.Equal ->
            for i in 0 .. y.Length - 1 do
                y[i] <- 'T.op_Equality (a[i], b)
        | Comparison.NotEqual ->
            for i in 0 .. y.Length - 1 do
                y[i] <- 'T.op_Inequality (a[i], b)
        | Comparison.Less ->
            for i in 0 .. y.Length - 1 do
                y[i] <- 'T.op_LessThan (a[i], b)
        | Comparison.LessEqual ->
            for i in 0 .. y.Length - 1 do
                y[i] <- 'T.op_LessThanOrEqual (a[i], b)
        | Comparison.Greater ->
            for i in 0 .. y.Length - 1 do
                y[i] <- 'T.op_GreaterThan (a[i], b)
        | Comparison.GreaterEqual ->
            for i in 0 .. y.Length - 1 do
                y[i] <- 'T.op_GreaterThanOrEqual (a[i], b)

    /// y = a kind b for truth values, where false is less than true. a and b have the length of y, or 1.
    let truth
        (kind: Comparison)
        (a: ReadOnlySpan<bool>)
        (b: ReadOnlySpan<bool>)
        (y: Span<bool>)
        : unit =
        let stepA = if a.Length = 1 then 0 else 1
        let stepB = if b.Length = 1 then 0 else 1

        for i in 0 .. y.Length - 1 do
            let a, b = a[i * stepA], b[i * stepB]

            y[i] <-
                match kind with
                | Comparison.Equal -> a = b
                | Comparison.NotEqual -> a <> b
                | Comparison.Less -> not a && b
                | Comparison.LessEqual -> not a || b
                | Comparison.Greater -> a && not b
                | Comparison.GreaterEqual -> a || not b

    // Elements of eight bytes, eight at a time, without a branch that the data decide: each lane looks at its byte of the
    // condition. Gives how many were done.
    let private chooseLanes<'T>
        (condition: ReadOnlySpan<bool>)
        (a: ReadOnlySpan<'T>)
        (b: ReadOnlySpan<'T>)
        (y: Span<'T>)
        : int =
        let own =
            Vector512.Create(
                0xFFL,
                0xFFL <<< 8,
                0xFFL <<< 16,
                0xFFL <<< 24,
                0xFFL <<< 32,
                0xFFL <<< 40,
                0xFFL <<< 48,
                0xFFL <<< 56
            )

        let bytes = MemoryMarshal.AsBytes condition
        let firstA, firstB = Vector512.Create a[0], Vector512.Create b[0]
        let mutable i = 0

        while i <= y.Length - 8 do
            let word = MemoryMarshal.Read<int64>(bytes.Slice i)
            let isB = Vector512.Equals(Vector512.Create word &&& own, Vector512<int64>.Zero)

            let va =
                if a.Length = 1 then
                    firstA
                else
                    Vector512.LoadUnsafe(&MemoryMarshal.GetReference a, unativeint i)

            let vb =
                if b.Length = 1 then
                    firstB
                else
                    Vector512.LoadUnsafe(&MemoryMarshal.GetReference b, unativeint i)

            let chosen = Vector512.ConditionalSelect(Vector512.As<int64, 'T> isB, vb, va)
            Vector512.StoreUnsafe(chosen, &MemoryMarshal.GetReference y, unativeint i)
            i <- i + 8

        i

    /// y = a where the condition holds, else b. Each operand has the length of y, or 1.
    let choose<'T>
        (condition: ReadOnlySpan<bool>)
        (a: ReadOnlySpan<'T>)
        (b: ReadOnlySpan<'T>)
        (y: Span<'T>)
        : unit =
        let stepC = if condition.Length = 1 then 0 else 1
        let stepA = if a.Length = 1 then 0 else 1
        let stepB = if b.Length = 1 then 0 else 1

        let isLaned =
            BitConverter.IsLittleEndian
            && Unsafe.SizeOf<'T>() = 8
            && stepC = 1
            && y.Length >= 8

        let finished = if isLaned then chooseLanes condition a b y else 0

        for i in finished .. y.Length - 1 do
            y[i] <- if condition[i * stepC] then a[i * stepA] else b[i * stepB]
