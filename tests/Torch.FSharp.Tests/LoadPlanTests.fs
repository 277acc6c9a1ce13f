module Optim.TorchTests.LoadPlanTests

open System.Collections.Generic
open System.IO
open Expecto
open Optim.Torch

/// A loader that only writes down what is asked of it, and refuses the files whose names are given.
type internal FakeLoader(refuse: string -> bool) =
    let log = List<string>()

    /// "load", "share" or "free" and the file's name, in order.
    member _.Log: string list = List.ofSeq log

    interface Loader with
        member _.Load(file, shared) =
            let name = string (Path.GetFileName file)
            log.Add((if shared then "share " else "load ") + name)

            if refuse name then
                Error $"{name} is refused"
            else
                Ok(nativeint log.Count)

        member _.Free handle = log.Add $"free {handle}"

let private names (steps: LoadStep list) =
    steps |> List.map (fun step -> string (Path.GetFileName step.File))

let private cudaFiles = [
    "libtorch_cuda.so"
    "libc10.so"
    "libtorch_cpu.so"
    "libc10_cuda.so"
    "libtorch_global_deps.so"
    "libtorch.so"
]

[<Tests>]
let tests =
    testList "load plan" [
        testCase "on Linux the processor's library finds the rest beside it"
        <| fun () ->
            let plan =
                LoadPlan.processor TargetSystem.Linux "/t" [
                    "libc10.so"
                    "libtorch_cpu.so"
                    "libtorch_global_deps.so"
                ]

            Expect.equal
                plan
                [
                    { File = Path.Combine("/t", "libtorch_cpu.so"); Shared = false; Needed = true }
                ]
                "one file"

        testCase "a CUDA build shares its global dependencies first, if it can"
        <| fun () ->
            let plan = LoadPlan.processor TargetSystem.Linux "/t" cudaFiles
            Expect.equal (names plan) [ "libtorch_global_deps.so"; "libtorch_cpu.so" ] "order"
            Expect.equal (plan |> List.map _.Shared) [ true; false ] "shared"
            Expect.equal (plan |> List.map _.Needed) [ false; true ] "needed"

        testCase "Windows and macOS load what the library needs before it"
        <| fun () ->
            Expect.equal
                (names (
                    LoadPlan.processor TargetSystem.Windows "t" [
                        "torch_cpu.dll"
                        "c10.dll"
                        "libiomp5md.dll"
                        "uv.dll"
                    ]
                ))
                [ "libiomp5md.dll"; "c10.dll"; "torch_cpu.dll" ]
                "Windows"

            Expect.equal
                (names (
                    LoadPlan.processor TargetSystem.MacOs "t" [
                        "libtorch_cpu.dylib"
                        "libc10.dylib"
                        "libomp.dylib"
                    ]
                ))
                [ "libomp.dylib"; "libc10.dylib"; "libtorch_cpu.dylib" ]
                "macOS"

        testCase "CUDA's libraries come after the processor's, c10_cuda first"
        <| fun () ->
            let plan =
                Expect.wantOk (LoadPlan.cuda TargetSystem.Linux "/t" cudaFiles) "there is one"

            Expect.equal (names plan) [ "libc10_cuda.so"; "libtorch_cuda.so" ] "order"

        testCase "a build without CUDA is told apart by its files"
        <| fun () ->
            let sentence =
                Expect.wantError
                    (LoadPlan.cuda TargetSystem.Linux "/t" [ "libtorch_cpu.so" ])
                    "no CUDA"

            Expect.equal
                sentence
                "the libtorch in /t is a build without CUDA (it has no libtorch_cuda.so)"
                "the sentence"

        testCase "companions are loaded after those that they look for"
        <| fun () ->
            let steps =
                LoadPlan.companions [
                    "/n/cublas/lib/libcublas.so.12"
                    "/n/cublas/lib/libcublasLt.so.12"
                    "/n/cublas/lib/libnvblas.so.12"
                    "/n/cuda_nvrtc/lib/libnvrtc-builtins.so.12.8"
                    "/n/cuda_nvrtc/lib/libnvrtc.so.12"
                    "/n/cuda_nvrtc/lib/libnvrtc.alt.so.12"
                    "/n/cusparse/lib/libcusparse.so.12"
                    "/n/nvjitlink/lib/libnvJitLink.so.12"
                    "/n/cuda_runtime/lib/libcudart.so.12"
                    "/n/cuda_runtime/lib/libcudart.so"
                    "/n/cudnn/lib/libcudnn.so.9"
                    "/n/cudnn/lib/libcudnn_ops.so.9"
                ]

            Expect.equal
                (names steps)
                [
                    "libcublasLt.so.12"
                    "libcublas.so.12"
                    "libcudnn.so.9"
                    "libnvrtc.so.12"
                    "libnvrtc-builtins.so.12.8"
                    "libcudart.so.12"
                    "libnvJitLink.so.12"
                    "libcusparse.so.12"
                ]
                "order"

            Expect.isTrue (steps |> List.forall (fun s -> s.Shared && not s.Needed)) "shared"

        testCase "what was loaded before a needed file failed is let go, newest first"
        <| fun () ->
            let loader = FakeLoader(fun name -> name = "torch_cpu.dll")

            let result =
                LoadPlan.processor TargetSystem.Windows "t" [ "libiomp5md.dll"; "c10.dll" ]
                |> LoadPlan.follow loader

            Expect.equal result (Error "torch_cpu.dll is refused") "the loader's words"

            Expect.equal
                loader.Log
                [
                    "load libiomp5md.dll"
                    "load c10.dll"
                    "load torch_cpu.dll"
                    "free 2"
                    "free 1"
                ]
                "order"

        testCase "a file that is not needed may fail"
        <| fun () ->
            let loader = FakeLoader(fun name -> name = "libtorch_global_deps.so")

            let handle =
                LoadPlan.processor TargetSystem.Linux "/t" cudaFiles |> LoadPlan.follow loader

            Expect.equal handle (Ok 2n) "the last one's handle"

        testCase "companions are loaded only when the library does not find them itself"
        <| fun () ->
            let companions = LoadPlan.companions [ "/n/cublas/lib/libcublas.so.12" ]

            let steps = Expect.wantOk (LoadPlan.cuda TargetSystem.Linux "/t" cudaFiles) "CUDA"

            let easy = FakeLoader(fun _ -> false)
            Expect.isOk (LoadPlan.followWith easy companions steps) "found by itself"
            Expect.equal easy.Log [ "load libc10_cuda.so"; "load libtorch_cuda.so" ] "no companion"

            let mutable there = false

            let hard =
                FakeLoader(fun name ->
                    if name = "libcublas.so.12" then
                        there <- true

                    name = "libtorch_cuda.so" && not there
                )

            Expect.equal (LoadPlan.followWith hard companions steps) (Ok 6n) "found at last"

            Expect.equal
                hard.Log
                [
                    "load libc10_cuda.so"
                    "load libtorch_cuda.so"
                    "free 1"
                    "share libcublas.so.12"
                    "load libc10_cuda.so"
                    "load libtorch_cuda.so"
                ]
                "order"
    ]
