namespace Optim.Managed

#nowarn "9" // A byte on the stack that nobody uses.

open Microsoft.FSharp.NativeInterop

/// How a kernel is compiled. The runtime compiles a method with loops quickly and badly first, watches it, and compiles it again
/// when a background thread finds the time: thousands of steps later on a busy machine, and with what it watched the code of
/// some kernels is twice as slow. The attribute that asks for the best code at once, AggressiveOptimization, is dropped by the
/// compiler of F#.
[<RequireQualifiedAccess>]
module internal FullOptimization =

    /// First line of a kernel: the method is compiled once, with all optimizations, at its first call, because code that takes
    /// memory from the stack and has loops cannot be replaced while it runs. The method must be marked NoInlining, or the
    /// byte would be taken in a loop of its caller.
    let inline atOnce () : unit = NativePtr.stackalloc<byte> 1 |> ignore
