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

    // Codes of element types and devices. Each returns its value.
    /// The code of float32.
    [<DllImport("torch_cpu")>]
    extern int aoti_torch_dtype_float32()

    /// The code of float64.
    [<DllImport("torch_cpu")>]
    extern int aoti_torch_dtype_float64()

    /// The code of the processor.
    [<DllImport("torch_cpu")>]
    extern int aoti_torch_device_type_cpu()

    /// The code of CUDA devices.
    [<DllImport("torch_cpu")>]
    extern int aoti_torch_device_type_cuda()

    // What a tensor is. Borrowed arrays live as long as the handle.
    /// The number of axes.
    [<DllImport("torch_cpu")>]
    extern int aoti_torch_get_dim(nativeint self, int64* result)

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

    /// The address of the first element.
    [<DllImport("torch_cpu")>]
    extern int aoti_torch_get_data_ptr(nativeint self, nativeint* result)

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

    /// The one element as float64. Waits for the device.
    [<DllImport("torch_cpu")>]
    extern int aoti_torch_item_float64(nativeint self, double* result)

    // Views and copies, on every device.
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

    /// Copies src over self; converts element types and crosses devices.
    [<DllImport("torch_cpu")>]
    extern int aoti_torch_copy_(nativeint self, nativeint src, int nonBlocking)

    /// Fills with zeros.
    [<DllImport("torch_cpu")>]
    extern int aoti_torch_zero_(nativeint self)

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

    /// A string of `length` bytes of UTF-8.
    [<DllImport("torch_cpu")>]
    extern int torch_new_string_handle(byte* data, unativeint length, nativeint* result)

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

    /// self * other.
    [<DllImport("torch_cpu")>]
    extern int aoti_torch_cpu_mul_Tensor(nativeint self, nativeint other, nativeint* result)

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

    /// out = self @ other. (m, k) and (k, n).
    [<DllImport("torch_cpu")>]
    extern int aoti_torch_cpu_mm_out(nativeint out, nativeint self, nativeint other)

    /// out = self @ other. (b, m, k) and (b, k, n).
    [<DllImport("torch_cpu")>]
    extern int aoti_torch_cpu_bmm_out(nativeint out, nativeint self, nativeint other)

    /// The tensors joined along an axis.
    [<DllImport("torch_cpu")>]
    extern int aoti_torch_cpu_cat(nativeint* tensors, int64 count, int64 axis, nativeint* result)

    /// Running sums along an axis; a null dtype keeps the element type.
    [<DllImport("torch_cpu")>]
    extern int aoti_torch_cpu_cumsum(nativeint self, int64 axis, int* dtype, nativeint* result)
