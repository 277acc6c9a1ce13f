namespace Optim.Core

#nowarn "3559" // A method's state is of a type that is known only at run time.

open System
open System.Buffers.Binary
open System.Collections.Generic
open System.IO
open System.Security.Cryptography
open System.Text.Json
open Optim
open Optim.Contract

/// Runs in files: everything that a run needs to go on, of any method, bit by bit. A file knows no engine: what was saved
/// on one can be resumed on another.
///
/// The format, all numbers little-endian:
/// 8 bytes "OPTIMRUN"; the format's version, 4 bytes, now 1; the header's length in bytes, 4 bytes; the header, JSON in
/// UTF-8; the elements of all tensors, one tensor after the other; the SHA-256 of all bytes before, 32 bytes.
/// The header has `method`, its name; `tensors`, a list of `{type, shape}` in the order of their elements, Float64 and
/// Int64 with 8 bytes, Float32 with 4, Bool with 1; `run` and `state`, values in which a whole number, a truth value and a
/// text stand for themselves, `[…]` is a list, `{"real": bits}` a real number as the 16 hexadecimal digits of its IEEE
/// 754 bits, `{"tensor": i}` tensor i of the list, and `{"case": name, "fields": […]}` a record or the case of a union.
[<RequireQualifiedAccess>]
module Checkpoint =

    /// The version that `write` writes, and the newest that `read` understands.
    let formatVersion: int = 1

    let private magic = "OPTIMRUN"B

    [<Literal>]
    let private Prefix = 16

    [<Literal>]
    let private Hash = 32

    let private runShape = lazy (StateShape.ofType typeof<SavedRun>)

    let private header (method: Method) (run: Run) : byte[] * Tensor list =
        let tensors = List<Tensor>()
        let numbers = Dictionary<obj, int>(ReferenceEqualityComparer.Instance)

        let indexOf (tensor: Tensor) : int =
            match numbers.TryGetValue tensor with
            | true, index -> index
            | false, _ ->
                numbers[tensor] <- tensors.Count
                tensors.Add tensor
                tensors.Count - 1

        use buffer = new MemoryStream()

        (use json = new Utf8JsonWriter(buffer)
         json.WriteStartObject()
         json.WriteString("method", method.Name)
         json.WritePropertyName "run"

         CheckpointFormat.writeNode
             json
             indexOf
             (runShape.Value.Encode(CheckpointFormat.toSaved run))

         json.WritePropertyName "state"

         CheckpointFormat.writeNode json indexOf (method.StateShape.Encode run.State)

         json.WriteStartArray "tensors"

         for tensor in tensors do
             json.WriteStartObject()
             json.WriteString("type", tensor.DType.ToString())
             json.WriteStartArray "shape"
             tensor.Shape.ToArray() |> Array.iter json.WriteNumberValue
             json.WriteEndArray()
             json.WriteEndObject()

         json.WriteEndArray()
         json.WriteEndObject())

        buffer.ToArray(), List.ofSeq tensors

    /// Writes a run of this method to a stream, from its present position on. A tensor takes less than 2 GiB.
    let write (stream: Stream) (method: Method) (run: Run) : unit =
        ArgumentNullException.ThrowIfNull stream
        ArgumentNullException.ThrowIfNull method
        use hash = IncrementalHash.CreateHash HashAlgorithmName.SHA256

        let put (bytes: byte[]) =
            hash.AppendData bytes
            stream.Write(bytes, 0, bytes.Length)

        let header, tensors = header method run
        let numbers = Array.zeroCreate 8
        BinaryPrimitives.WriteInt32LittleEndian(numbers.AsSpan(0, 4), formatVersion)
        BinaryPrimitives.WriteInt32LittleEndian(numbers.AsSpan(4, 4), header.Length)
        put magic
        put numbers
        put header
        List.iter (CheckpointFormat.bytesOf >> put) tensors
        stream.Write(hash.GetHashAndReset(), 0, Hash)

    // Reading.

    let private refuse (file: string) (detail: string) : 'T =
        raise (CheckpointException(file, detail, null))

    let private isIntact (stream: Stream) (start: int64) (length: int64) : bool =
        use hash = IncrementalHash.CreateHash HashAlgorithmName.SHA256
        let chunk = Array.zeroCreate 65536
        stream.Position <- start

        let rec feed (left: int64) =
            if left > 0L then
                let count = int (min left (int64 chunk.Length))
                stream.ReadExactly(chunk, 0, count)
                hash.AppendData(chunk, 0, count)
                feed (left - int64 count)

        feed (length - int64 Hash)
        let expected = Array.zeroCreate Hash
        stream.ReadExactly(expected, 0, Hash)
        hash.GetHashAndReset().AsSpan().SequenceEqual(ReadOnlySpan expected)

    let private readTensors (stream: Stream) (payloadEnd: int64) (list: JsonElement) : Tensor[] =
        let tensors = [|
            for entry in list.EnumerateArray() do
                let dtype =
                    CheckpointFormat.dtypeOf (CheckpointFormat.textOf (entry.GetProperty "type"))

                let shape = [|
                    for length in entry.GetProperty("shape").EnumerateArray() -> length.GetInt32()
                |]

                let size =
                    shape
                    |> Array.fold (fun total length -> total * int64 length) (int64 dtype.Size)

                if size < 0L || size > payloadEnd - stream.Position then
                    raise (FormatException $"a tensor of {size} bytes does not fit into the file")

                let bytes = Array.zeroCreate (int size)
                stream.ReadExactly(bytes, 0, bytes.Length)
                CheckpointFormat.tensorOf dtype shape bytes
        |]

        if stream.Position <> payloadEnd then
            raise (FormatException $"{payloadEnd - stream.Position} bytes belong to no tensor")

        tensors

    let private interpret
        (file: string)
        (method: Method)
        (stream: Stream)
        (payloadEnd: int64)
        (header: byte[])
        : Run =
        use document =
            JsonDocument.Parse(ReadOnlyMemory header, JsonDocumentOptions(MaxDepth = 1000))

        let root = document.RootElement
        let name = CheckpointFormat.textOf (root.GetProperty "method")

        if name <> method.Name then
            refuse file $"this is a run of the method {name}, expected one of {method.Name}"

        let tensors = readTensors stream payloadEnd (root.GetProperty "tensors")

        let state =
            method.StateShape.Decode(CheckpointFormat.readNode tensors (root.GetProperty "state"))

        match runShape.Value.Decode(CheckpointFormat.readNode tensors (root.GetProperty "run")) with
        | :? SavedRun as saved -> CheckpointFormat.ofSaved saved state
        | _ -> invalidOp "the walk of SavedRun gave something else"

    let private parse (file: string) (method: Method) (stream: Stream) : Run =
        let start = stream.Position
        let length = stream.Length - start
        let prefix = Array.zeroCreate (int (min length (int64 Prefix)))
        stream.ReadExactly(prefix, 0, prefix.Length)

        if
            not (
                prefix
                    .AsSpan(0, min 8 prefix.Length)
                    .SequenceEqual(ReadOnlySpan(magic, 0, min 8 prefix.Length))
            )
        then
            refuse file "this is no checkpoint of a run"

        if length < int64 (Prefix + Hash) then
            refuse file $"the file is cut short: {length} bytes"

        let version = BinaryPrimitives.ReadInt32LittleEndian(ReadOnlySpan(prefix, 8, 4))

        if version <> formatVersion then
            refuse file $"the format's version is {version}, expected {formatVersion}"

        if not (isIntact stream start length) then
            refuse file "the file is damaged or cut short: its checksum does not agree"

        let size = BinaryPrimitives.ReadInt32LittleEndian(ReadOnlySpan(prefix, 12, 4))
        let payloadEnd = start + length - int64 Hash

        if size < 0 || int64 size > payloadEnd - start - int64 Prefix then
            refuse file $"the header's length is {size}, more than there is"

        stream.Position <- start + int64 Prefix
        let header = Array.zeroCreate size
        stream.ReadExactly(header, 0, size)

        try
            interpret file method stream payloadEnd header
        with
        | :? JsonException
        | :? FormatException
        | :? KeyNotFoundException
        | :? InvalidOperationException
        | :? IndexOutOfRangeException
        | :? ArgumentException as cause ->
            let detail = $"the saved run does not fit the method {method.Name}: {cause.Message}"
            raise (CheckpointException(file, detail, cause))

    /// The run of this method in a stream, from its present position to its end. Its tensors are on the managed engine;
    /// Run.moveTo takes them to the one on which the run is to go on, which need not be that on which it was saved.
    /// Errors: CheckpointException for anything but a whole checkpoint of this method.
    let read (stream: Stream) (method: Method) : Run =
        ArgumentNullException.ThrowIfNull stream
        ArgumentNullException.ThrowIfNull method

        let file =
            match stream with
            | :? FileStream as opened -> opened.Name
            | _ -> "the stream"

        if stream.CanSeek then
            parse file method stream
        else
            use buffer = new MemoryStream()
            stream.CopyTo buffer
            buffer.Position <- 0L
            parse file method buffer

    /// Saves a run of this method, in place of what the file held before: the file is always either the old one or the new
    /// one as a whole. Errors: IOException and UnauthorizedAccessException as the file system has them.
    let save (path: string) (method: Method) (run: Run) : unit =
        ArgumentException.ThrowIfNullOrEmpty path
        let full = Path.GetFullPath path
        let folder = Path.GetDirectoryName full |> Option.ofObj |> Option.defaultValue "."
        let writer = $"{Environment.ProcessId}-{Environment.CurrentManagedThreadId}"
        let temporary = Path.Combine(folder, $".{Path.GetFileName full}.{writer}.partial")

        try
            (use stream =
                new FileStream(temporary, FileMode.Create, FileAccess.Write, FileShare.None)

             write stream method run
             stream.Flush true)

            File.Move(temporary, full, true)
        finally
            // Gone already, unless something went wrong.
            File.Delete temporary

    /// The run of this method in a file, on the managed engine; see read. Errors: CheckpointException for anything but a whole checkpoint of this method;
    /// FileNotFoundException and its kin as the file system has them.
    let load (path: string) (method: Method) : Run =
        ArgumentException.ThrowIfNullOrEmpty path
        use stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read)
        read stream method
