namespace Optim.Torch

open System.Runtime.InteropServices

/// The functions of libtorch's C interface for CUDA devices. They are there only after the CUDA build was loaded.
/// Each gives 0 when it succeeded.
[<RequireQualifiedAccess>]
module internal NativeCuda =

    // Operations with numbers among their arguments, and a few that are cheaper without the dispatcher, on CUDA
    // devices.
    /// self + alpha * other. Not for integers.
    [<DllImport("torch_cuda")>]
    extern int aoti_torch_cuda_add_Tensor(
        nativeint self,
        nativeint other,
        double alpha,
        nativeint* result
    )

    /// self + alpha * other. Not for integers.
    [<DllImport("torch_cuda")>]
    extern int aoti_torch_cuda_add_Scalar(
        nativeint self,
        double other,
        double alpha,
        nativeint* result
    )

    /// self * other.
    [<DllImport("torch_cuda")>]
    extern int aoti_torch_cuda_mul_Tensor(nativeint self, nativeint other, nativeint* result)

    /// self * other; integers become float32.
    [<DllImport("torch_cuda")>]
    extern int aoti_torch_cuda_mul_Scalar(nativeint self, double other, nativeint* result)

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

    /// self ** exponent.
    [<DllImport("torch_cuda")>]
    extern int aoti_torch_cuda_pow_Scalar(double self, nativeint exponent, nativeint* result)

    /// out = self @ other. (m, k) and (k, n).
    [<DllImport("torch_cuda")>]
    extern int aoti_torch_cuda_mm_out(nativeint out, nativeint self, nativeint other)

    /// out = self @ other. (b, m, k) and (b, k, n).
    [<DllImport("torch_cuda")>]
    extern int aoti_torch_cuda_bmm_out(nativeint out, nativeint self, nativeint other)

    /// out = beta * self + alpha * (a @ b); out may be self.
    [<DllImport("torch_cuda")>]
    extern int aoti_torch_cuda_addmm_out(
        nativeint out,
        nativeint self,
        nativeint a,
        nativeint b,
        double beta,
        double alpha
    )

    /// out = beta * self + alpha * (a @ b), for each of a batch; out may be self.
    [<DllImport("torch_cuda")>]
    extern int aoti_torch_cuda_baddbmm_out(
        nativeint out,
        nativeint self,
        nativeint a,
        nativeint b,
        double beta,
        double alpha
    )

    /// beta * self + alpha * (matrix @ vector).
    [<DllImport("torch_cuda")>]
    extern int aoti_torch_cuda_addmv(
        nativeint self,
        nativeint matrix,
        nativeint vector,
        double beta,
        double alpha,
        nativeint* result
    )

    /// The tensors joined along an axis.
    [<DllImport("torch_cuda")>]
    extern int aoti_torch_cuda_cat(nativeint* tensors, int64 count, int64 axis, nativeint* result)

    /// Running sums along an axis; a null dtype keeps the element type.
    [<DllImport("torch_cuda")>]
    extern int aoti_torch_cuda_cumsum(nativeint self, int64 axis, int* dtype, nativeint* result)

    /// self with values at the indices: each of `count` pointers is null or points to a handle. accumulate 1 adds.
    [<DllImport("torch_cuda")>]
    extern int aoti_torch_cuda_index_put(
        nativeint self,
        nativeint* indices,
        int64 count,
        nativeint values,
        int accumulate,
        nativeint* result
    )

    /// out = self with src at the positions `index` of an axis.
    [<DllImport("torch_cuda")>]
    extern int aoti_torch_cuda_scatter_src_out(
        nativeint out,
        nativeint self,
        int64 axis,
        nativeint index,
        nativeint src
    )

    /// out = self with one number at the positions `index` of an axis.
    [<DllImport("torch_cuda")>]
    extern int aoti_torch_cuda_scatter_value_out(
        nativeint out,
        nativeint self,
        int64 axis,
        nativeint index,
        double value
    )

    /// out = self with src reduced ("sum", "prod", "amax" …) into the positions `index` of an axis.
    [<DllImport("torch_cuda")>]
    extern int aoti_torch_cuda_scatter_reduce_two_out(
        nativeint out,
        nativeint self,
        int64 axis,
        nativeint index,
        nativeint src,
        byte* reduce,
        int includeSelf
    )

    // CUDA streams.
    /// The stream that work of this thread on the device goes to.
    [<DllImport("torch_cuda")>]
    extern int aoti_torch_get_current_cuda_stream(int index, nativeint* stream)

    /// Waits until the stream has done all its work.
    [<DllImport("torch_cuda")>]
    extern int torch_cuda_stream_synchronize(nativeint stream, int index)
