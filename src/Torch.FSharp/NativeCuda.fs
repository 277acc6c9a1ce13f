namespace Optim.Torch

open System.Runtime.InteropServices

/// The functions of libtorch's C interface for CUDA devices. They are there only after the CUDA build was loaded.
/// Each gives 0 when it succeeded.
[<RequireQualifiedAccess>]
module internal NativeCuda =

    // Operations with numbers among their arguments, and a few that are cheaper without the dispatcher.
    /// self + alpha * other. Not for integers.
    [<DllImport("torch_cuda")>]
    extern int aoti_torch_cuda_add_Tensor(
        nativeint self,
        nativeint other,
        double alpha,
        nativeint* result
    )

    /// self * other.
    [<DllImport("torch_cuda")>]
    extern int aoti_torch_cuda_mul_Tensor(nativeint self, nativeint other, nativeint* result)

    /// self ** exponent.
    [<DllImport("torch_cuda")>]
    extern int aoti_torch_cuda_pow_Tensor_Tensor(
        nativeint self,
        nativeint exponent,
        nativeint* result
    )

    /// self ** exponent.
    [<DllImport("torch_cuda")>]
    extern int aoti_torch_cuda_pow_Tensor_Scalar(nativeint self, double exponent, nativeint* result)

    /// out = self @ other. (m, k) and (k, n).
    [<DllImport("torch_cuda")>]
    extern int aoti_torch_cuda_mm_out(nativeint out, nativeint self, nativeint other)

    /// out = self @ other. (b, m, k) and (b, k, n).
    [<DllImport("torch_cuda")>]
    extern int aoti_torch_cuda_bmm_out(nativeint out, nativeint self, nativeint other)

    /// The tensors joined along an axis.
    [<DllImport("torch_cuda")>]
    extern int aoti_torch_cuda_cat(nativeint* tensors, int64 count, int64 axis, nativeint* result)

    /// Running sums along an axis; a null dtype keeps the element type.
    [<DllImport("torch_cuda")>]
    extern int aoti_torch_cuda_cumsum(nativeint self, int64 axis, int* dtype, nativeint* result)
