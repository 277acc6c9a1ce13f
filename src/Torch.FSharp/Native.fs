namespace Optim.Torch

open System.Runtime.InteropServices

/// The functions of libtorch's C interface that the engine calls on every device, and those that are for the
/// processor.
/// Each gives 0 when it succeeded, unless its comment says otherwise. A handle (nativeint) is an at::Tensor*.
/// C's bool is a byte.
[<RequireQualifiedAccess>]
module internal Native =

    // The library.
    /// major << 56 | minor << 48 | patch << 40. Returns its value.
    [<DllImport("torch_cpu")>]
    extern uint64 aoti_torch_abi_version()

    /// How many threads one operation may use.
    [<DllImport("torch_cpu")>]
    extern int torch_get_num_threads(uint32* count)

    /// Whether operations note what backward passes need, on this thread. Returns its value.
    [<DllImport("torch_cpu")>]
    extern byte aoti_torch_grad_mode_is_enabled()

    /// Turns that noting on (1) or off (0), on this thread.
    [<DllImport("torch_cpu")>]
    extern void aoti_torch_grad_mode_set_enabled(byte enabled)

    // Codes of element types and devices. Each returns its value.
    /// The code of float32.
    [<DllImport("torch_cpu")>]
    extern int aoti_torch_dtype_float32()

    /// The code of float64.
    [<DllImport("torch_cpu")>]
    extern int aoti_torch_dtype_float64()

    /// The code of int64.
    [<DllImport("torch_cpu")>]
    extern int aoti_torch_dtype_int64()

    /// The code of bool.
    [<DllImport("torch_cpu")>]
    extern int aoti_torch_dtype_bool()

    /// The code of the processor.
    [<DllImport("torch_cpu")>]
    extern int aoti_torch_device_type_cpu()

    /// The code of CUDA devices.
    [<DllImport("torch_cpu")>]
    extern int aoti_torch_device_type_cuda()

    /// The code of tensors without data.
    [<DllImport("torch_cpu")>]
    extern int aoti_torch_device_type_meta()

    // What a tensor is. Borrowed arrays live as long as the handle.
    /// The number of axes.
    [<DllImport("torch_cpu")>]
    extern int aoti_torch_get_dim(nativeint self, int64* result)

    /// The number of elements.
    [<DllImport("torch_cpu")>]
    extern int aoti_torch_get_numel(nativeint self, int64* result)

    /// The lengths of the axes: a borrowed int64 array.
    [<DllImport("torch_cpu")>]
    extern int aoti_torch_get_sizes(nativeint self, nativeint* result)

    /// The strides of the axes in elements: a borrowed int64 array.
    [<DllImport("torch_cpu")>]
    extern int aoti_torch_get_strides(nativeint self, nativeint* result)

    /// The code of the element type.
    [<DllImport("torch_cpu")>]
    extern int aoti_torch_get_dtype(nativeint self, int* result)

    /// The code of the device.
    [<DllImport("torch_cpu")>]
    extern int aoti_torch_get_device_type(nativeint self, int* result)

    /// The index of the device; -1 for the processor.
    [<DllImport("torch_cpu")>]
    extern int aoti_torch_get_device_index(nativeint self, int* result)

    /// The first element's place in the storage, in elements.
    [<DllImport("torch_cpu")>]
    extern int aoti_torch_get_storage_offset(nativeint self, int64* result)

    /// The bytes of the storage.
    [<DllImport("torch_cpu")>]
    extern int aoti_torch_get_storage_size(nativeint self, int64* result)

    /// The address of the first element.
    [<DllImport("torch_cpu")>]
    extern int aoti_torch_get_data_ptr(nativeint self, nativeint* result)

    /// 1 when the elements lie in row-major order without gaps, else 0.
    [<DllImport("torch_cpu")>]
    extern int aoti_torch_is_contiguous(nativeint self, byte* result)

    /// 1 when the handle holds a tensor, 0 when it holds none (a result that was not asked for).
    [<DllImport("torch_cpu")>]
    extern int aoti_torch_is_defined(nativeint self, byte* result)

    // Handles. A handle owns one reference; a null or a stale one ends the process.
    /// One more handle of the same tensor.
    [<DllImport("torch_cpu")>]
    extern int aoti_torch_new_tensor_handle(nativeint self, nativeint* result)

    /// Gives the handle's reference back. Any thread may call it.
    [<DllImport("torch_cpu")>]
    extern int aoti_torch_delete_tensor_object(nativeint self)

    // Creation.
    /// A tensor without values. Sizes and strides: ndim numbers each.
    [<DllImport("torch_cpu")>]
    extern int aoti_torch_empty_strided(
        int64 ndim,
        int64* sizes,
        int64* strides,
        int dtype,
        int deviceType,
        int deviceIndex,
        nativeint* result
    )

    /// A tensor without values in host memory that the device can reach.
    [<DllImport("torch_cpu")>]
    extern int aoti_torch_empty_strided_pinned(
        int64 ndim,
        int64* sizes,
        int64* strides,
        int dtype,
        int deviceType,
        int deviceIndex,
        nativeint* result
    )

    /// A tensor over the caller's memory, which must outlive the handle and every view of it.
    [<DllImport("torch_cpu")>]
    extern int aoti_torch_create_tensor_from_blob(
        nativeint data,
        int64 ndim,
        int64* sizes,
        int64* strides,
        int64 offset,
        int dtype,
        int deviceType,
        int deviceIndex,
        nativeint* result
    )

    /// A tensor filled with one number. Null pointers stand for defaults.
    [<DllImport("torch_cpu")>]
    extern int aoti_torch_aten_full(
        int64* sizes,
        int64 ndim,
        double value,
        int* dtype,
        int* layout,
        int* deviceType,
        int deviceIndex,
        int* pinned,
        nativeint* result
    )

    /// Zeros, in all that is not said like self.
    [<DllImport("torch_cpu")>]
    extern int aoti_torch_aten_new_zeros(
        nativeint self,
        int64* sizes,
        int64 ndim,
        int* dtype,
        int* layout,
        int* deviceType,
        int deviceIndex,
        int* pinned,
        nativeint* result
    )

    /// A tensor without values, in all that is not said like self.
    [<DllImport("torch_cpu")>]
    extern int aoti_torch_aten_new_empty(
        nativeint self,
        int64* sizes,
        int64 ndim,
        int* dtype,
        int* layout,
        int* deviceType,
        int deviceIndex,
        int* pinned,
        nativeint* result
    )

    /// A float64 tensor of no axes on the processor.
    [<DllImport("torch_cpu")>]
    extern int aoti_torch_scalar_to_tensor_float64(double value, nativeint* result)

    /// A float32 tensor of no axes on the processor.
    [<DllImport("torch_cpu")>]
    extern int aoti_torch_scalar_to_tensor_float32(float32 value, nativeint* result)

    /// A int64 tensor of no axes on the processor.
    [<DllImport("torch_cpu")>]
    extern int aoti_torch_scalar_to_tensor_int64(int64 value, nativeint* result)

    /// A bool tensor of no axes on the processor.
    [<DllImport("torch_cpu")>]
    extern int aoti_torch_scalar_to_tensor_bool(byte value, nativeint* result)

    /// The one element as float64. Waits for the device.
    [<DllImport("torch_cpu")>]
    extern int aoti_torch_item_float64(nativeint self, double* result)

    /// The one element as float32. Waits for the device.
    [<DllImport("torch_cpu")>]
    extern int aoti_torch_item_float32(nativeint self, float32* result)

    /// The one element as int64. Waits for the device.
    [<DllImport("torch_cpu")>]
    extern int aoti_torch_item_int64(nativeint self, int64* result)

    /// The one element as bool. Waits for the device.
    [<DllImport("torch_cpu")>]
    extern int aoti_torch_item_bool(nativeint self, byte* result)

    // Views, copies and fills, on every device.
    /// A view with these sizes and strides; `offset` elements are added to the tensor's own offset.
    [<DllImport("torch_cpu")>]
    extern int aoti_torch__reinterpret_tensor(
        nativeint self,
        int64 ndim,
        int64* sizes,
        int64* strides,
        int64 offset,
        nativeint* result
    )

    /// A copy with storage of its own, keeping a dense order of strides.
    [<DllImport("torch_cpu")>]
    extern int aoti_torch_clone(nativeint self, nativeint* result)

    /// Copies src over self; converts element types and crosses devices.
    [<DllImport("torch_cpu")>]
    extern int aoti_torch_copy_(nativeint self, nativeint src, int nonBlocking)

    /// Fills with zeros.
    [<DllImport("torch_cpu")>]
    extern int aoti_torch_zero_(nativeint self)

    /// Fills with one number.
    [<DllImport("torch_cpu")>]
    extern int aoti_torch_aten_fill__Scalar(nativeint self, double value)

    /// self - alpha * other. Not for integers.
    [<DllImport("torch_cpu")>]
    extern int aoti_torch_aten_subtract_Tensor(
        nativeint self,
        nativeint other,
        double alpha,
        nativeint* result
    )

    /// The largest over the axes.
    [<DllImport("torch_cpu")>]
    extern int aoti_torch_aten_amax(
        nativeint self,
        int64* axes,
        int64 count,
        int keep,
        nativeint* result
    )

    // The dispatcher: any operation, on any device, by its name. 64-bit slots hold the arguments, then the results.
    /// Calls aten::name, overload. Tensors, lists, strings and boxes among the arguments are consumed; results
    /// belong to the caller.
    [<DllImport("torch_cpu")>]
    extern int torch_call_dispatcher(byte* name, byte* overload, uint64* stack, uint64 buildVersion)

    /// An empty list with room for `capacity` slots.
    [<DllImport("torch_cpu")>]
    extern int torch_new_list_reserve_size(unativeint capacity, nativeint* result)

    /// Appends a slot.
    [<DllImport("torch_cpu")>]
    extern int torch_list_push_back(nativeint list, uint64 element)

    /// The number of slots.
    [<DllImport("torch_cpu")>]
    extern int torch_list_size(nativeint list, unativeint* result)

    /// One slot; what it names belongs to the caller.
    [<DllImport("torch_cpu")>]
    extern int torch_list_get_item(nativeint list, unativeint index, uint64* result)

    /// Frees the list, not its elements.
    [<DllImport("torch_cpu")>]
    extern int torch_delete_list(nativeint list)

    /// A string of `length` bytes of UTF-8.
    [<DllImport("torch_cpu")>]
    extern int torch_new_string_handle(byte* data, unativeint length, nativeint* result)

    /// Frees a string that no call consumed.
    [<DllImport("torch_cpu")>]
    extern int torch_delete_string(nativeint text)

    // Devices.
    /// Makes the device of this index current on this thread until the guard is deleted.
    [<DllImport("torch_cpu")>]
    extern int aoti_torch_create_device_guard(int index, nativeint* guard)

    /// The device that was current before becomes so again.
    [<DllImport("torch_cpu")>]
    extern int aoti_torch_delete_device_guard(nativeint guard)

    /// The index of the current device.
    [<DllImport("torch_cpu")>]
    extern int aoti_torch_get_current_device_index(int* index)

    // Operations with numbers among their arguments, and a few that are cheaper without the dispatcher, on the
    // processor.
    /// self + alpha * other. Not for integers.
    [<DllImport("torch_cpu")>]
    extern int aoti_torch_cpu_add_Tensor(
        nativeint self,
        nativeint other,
        double alpha,
        nativeint* result
    )

    /// self + alpha * other. Not for integers.
    [<DllImport("torch_cpu")>]
    extern int aoti_torch_cpu_add_Scalar(
        nativeint self,
        double other,
        double alpha,
        nativeint* result
    )

    /// self * other.
    [<DllImport("torch_cpu")>]
    extern int aoti_torch_cpu_mul_Tensor(nativeint self, nativeint other, nativeint* result)

    /// self * other; integers become float32.
    [<DllImport("torch_cpu")>]
    extern int aoti_torch_cpu_mul_Scalar(nativeint self, double other, nativeint* result)

    /// self ** exponent.
    [<DllImport("torch_cpu")>]
    extern int aoti_torch_cpu_pow_Tensor_Tensor(
        nativeint self,
        nativeint exponent,
        nativeint* result
    )

    /// self ** exponent.
    [<DllImport("torch_cpu")>]
    extern int aoti_torch_cpu_pow_Tensor_Scalar(nativeint self, double exponent, nativeint* result)

    /// self ** exponent.
    [<DllImport("torch_cpu")>]
    extern int aoti_torch_cpu_pow_Scalar(double self, nativeint exponent, nativeint* result)

    /// out = self @ other. (m, k) and (k, n).
    [<DllImport("torch_cpu")>]
    extern int aoti_torch_cpu_mm_out(nativeint out, nativeint self, nativeint other)

    /// out = self @ other. (b, m, k) and (b, k, n).
    [<DllImport("torch_cpu")>]
    extern int aoti_torch_cpu_bmm_out(nativeint out, nativeint self, nativeint other)

    /// out = beta * self + alpha * (a @ b); out may be self.
    [<DllImport("torch_cpu")>]
    extern int aoti_torch_cpu_addmm_out(
        nativeint out,
        nativeint self,
        nativeint a,
        nativeint b,
        double beta,
        double alpha
    )

    /// out = beta * self + alpha * (a @ b), for each of a batch; out may be self.
    [<DllImport("torch_cpu")>]
    extern int aoti_torch_cpu_baddbmm_out(
        nativeint out,
        nativeint self,
        nativeint a,
        nativeint b,
        double beta,
        double alpha
    )

    /// beta * self + alpha * (matrix @ vector).
    [<DllImport("torch_cpu")>]
    extern int aoti_torch_cpu_addmv(
        nativeint self,
        nativeint matrix,
        nativeint vector,
        double beta,
        double alpha,
        nativeint* result
    )

    /// The tensors joined along an axis.
    [<DllImport("torch_cpu")>]
    extern int aoti_torch_cpu_cat(nativeint* tensors, int64 count, int64 axis, nativeint* result)

    /// Running sums along an axis; a null dtype keeps the element type.
    [<DllImport("torch_cpu")>]
    extern int aoti_torch_cpu_cumsum(nativeint self, int64 axis, int* dtype, nativeint* result)

    /// self with values at the indices: each of `count` pointers is null or points to a handle. accumulate 1 adds.
    [<DllImport("torch_cpu")>]
    extern int aoti_torch_cpu_index_put(
        nativeint self,
        nativeint* indices,
        int64 count,
        nativeint values,
        int accumulate,
        nativeint* result
    )

    /// out = self with src at the positions `index` of an axis.
    [<DllImport("torch_cpu")>]
    extern int aoti_torch_cpu_scatter_src_out(
        nativeint out,
        nativeint self,
        int64 axis,
        nativeint index,
        nativeint src
    )

    /// out = self with one number at the positions `index` of an axis.
    [<DllImport("torch_cpu")>]
    extern int aoti_torch_cpu_scatter_value_out(
        nativeint out,
        nativeint self,
        int64 axis,
        nativeint index,
        double value
    )

    /// out = self with src reduced ("sum", "prod", "amax" …) into the positions `index` of an axis.
    [<DllImport("torch_cpu")>]
    extern int aoti_torch_cpu_scatter_reduce_two_out(
        nativeint out,
        nativeint self,
        int64 axis,
        nativeint index,
        nativeint src,
        byte* reduce,
        int includeSelf
    )
