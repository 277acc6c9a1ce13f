namespace Optim.Torch

#nowarn "9" "51" // memory on the stack for libtorch's arguments

open Microsoft.FSharp.NativeInterop

/// Functions that go around libtorch's dispatcher: faster, but there is one for each kind of device.
[<RequireQualifiedAccess>]
module internal Direct =

    // Two operands, one result.
    let inline private pair
        (name: string)
        (a: TorchTensor)
        (b: TorchTensor)
        ([<InlineIfLambda>] call: nativeint -> nativeint -> nativeptr<nativeint> -> int)
        : nativeint =
        let result = NativePtr.stackalloc<nativeint> 1
        b.Check()
        let ha = a.Borrow()
        let hb = b.Borrow()

        try
            Dispatch.attempt
                name
                a.Place
                (fun () -> Dispatch.shapes [ a; b ])
                (fun () -> call ha hb result)
        finally
            a.GiveBack ha
            b.GiveBack hb

        NativePtr.read result

    /// a + alpha · b. Not for whole numbers.
    let add (a: TorchTensor) (b: TorchTensor) (alpha: float) : nativeint =
        if a.Place.IsCuda then
            pair
                "add"
                a
                b
                (fun x y result -> NativeCuda.aoti_torch_cuda_add_Tensor (x, y, alpha, result))
        else
            pair
                "add"
                a
                b
                (fun x y result -> Native.aoti_torch_cpu_add_Tensor (x, y, alpha, result))

    /// a · b.
    let multiply (a: TorchTensor) (b: TorchTensor) : nativeint =
        if a.Place.IsCuda then
            pair "mul" a b (fun x y result -> NativeCuda.aoti_torch_cuda_mul_Tensor (x, y, result))
        else
            pair "mul" a b (fun x y result -> Native.aoti_torch_cpu_mul_Tensor (x, y, result))

    /// a to the power b.
    let power (a: TorchTensor) (b: TorchTensor) : nativeint =
        if a.Place.IsCuda then
            pair
                "pow"
                a
                b
                (fun x y result -> NativeCuda.aoti_torch_cuda_pow_Tensor_Tensor (x, y, result))
        else
            pair
                "pow"
                a
                b
                (fun x y result -> Native.aoti_torch_cpu_pow_Tensor_Tensor (x, y, result))

    // One operand, one result.
    let inline private single
        (name: string)
        (x: TorchTensor)
        ([<InlineIfLambda>] call: nativeint -> nativeptr<nativeint> -> int)
        : nativeint =
        let result = NativePtr.stackalloc<nativeint> 1
        let handle = x.Borrow()

        try
            Dispatch.attempt
                name
                x.Place
                (fun () -> Dispatch.shapes [ x ])
                (fun () -> call handle result)
        finally
            x.GiveBack handle

        NativePtr.read result

    /// x to a constant power.
    let powerOf (exponent: float) (x: TorchTensor) : nativeint =
        if x.Place.IsCuda then
            single
                "pow"
                x
                (fun h result -> NativeCuda.aoti_torch_cuda_pow_Tensor_Scalar (h, exponent, result))
        else
            single
                "pow"
                x
                (fun h result -> Native.aoti_torch_cpu_pow_Tensor_Scalar (h, exponent, result))

    /// Running sums along an axis.
    let cumulativeSum (axis: int) (x: TorchTensor) : nativeint =
        if x.Place.IsCuda then
            single
                "cumsum"
                x
                (fun h result ->
                    NativeCuda.aoti_torch_cuda_cumsum (
                        h,
                        int64 axis,
                        NativePtr.ofNativeInt 0n,
                        result
                    )
                )
        else
            single
                "cumsum"
                x
                (fun h result ->
                    Native.aoti_torch_cpu_cumsum (h, int64 axis, NativePtr.ofNativeInt 0n, result)
                )

    /// The largest over axes.
    let largest (axes: int[]) (keep: bool) (x: TorchTensor) : nativeint =
        let list = NativePtr.stackalloc<int64>(axes.Length + 1)

        for i in 0 .. axes.Length - 1 do
            NativePtr.set list i (int64 axes[i])

        let keep = if keep then 1 else 0

        single
            "amax"
            x
            (fun h result -> Native.aoti_torch_aten_amax (h, list, int64 axes.Length, keep, result))

    /// Tensors joined along an axis. One tensor or more.
    let join (axis: int) (parts: TorchTensor[]) : nativeint =
        let result = NativePtr.stackalloc<nativeint> 1
        // Not on the stack: a hundred thousand parts would end the process.
        let handles = Array.zeroCreate<nativeint> parts.Length
        let device = parts[0].Place

        for part in parts do
            part.Check()

        for i in 0 .. parts.Length - 1 do
            handles[i] <- parts[i].Borrow()

        use first = fixed handles

        try
            Dispatch.attempt
                "cat"
                device
                (fun () -> Dispatch.shapes (List.ofArray parts))
                (fun () ->
                    let count = int64 parts.Length

                    if device.IsCuda then
                        NativeCuda.aoti_torch_cuda_cat (first, count, int64 axis, result)
                    else
                        Native.aoti_torch_cpu_cat (first, count, int64 axis, result)
                )
        finally
            for i in 0 .. parts.Length - 1 do
                parts[i].GiveBack handles[i]

        NativePtr.read result

    // A product of matrices, or of stacks of them, written into a tensor of its shape.
    let inline private product
        (name: string)
        (a: TorchTensor)
        (b: TorchTensor)
        (y: TorchTensor)
        ([<InlineIfLambda>] call: nativeint -> nativeint -> nativeint -> int)
        : unit =
        a.Check()
        b.Check()
        let hy = y.Borrow()
        let ha = a.Borrow()
        let hb = b.Borrow()

        try
            Dispatch.attempt
                name
                a.Place
                (fun () -> Dispatch.shapes [ a; b ])
                (fun () -> call hy ha hb)
        finally
            y.GiveBack hy
            a.GiveBack ha
            b.GiveBack hb

    /// y = a b for matrices. y is fresh.
    let matrices (a: TorchTensor) (b: TorchTensor) (y: TorchTensor) : unit =
        if a.Place.IsCuda then
            product "mm" a b y (fun y a b -> NativeCuda.aoti_torch_cuda_mm_out (y, a, b))
        else
            product "mm" a b y (fun y a b -> Native.aoti_torch_cpu_mm_out (y, a, b))

    /// y = a b for stacks of matrices. y is fresh.
    let stacks (a: TorchTensor) (b: TorchTensor) (y: TorchTensor) : unit =
        if a.Place.IsCuda then
            product "bmm" a b y (fun y a b -> NativeCuda.aoti_torch_cuda_bmm_out (y, a, b))
        else
            product "bmm" a b y (fun y a b -> Native.aoti_torch_cpu_bmm_out (y, a, b))
