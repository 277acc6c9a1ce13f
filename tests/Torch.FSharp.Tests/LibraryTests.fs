module Optim.TorchTests.LibraryTests

open System
open System.IO
open System.Threading
open Expecto
open Optim
open Optim.Torch
open Optim.TorchTests.LoadPlanTests
open Optim.TorchTests.Testing

/// Runs with a new empty folder, which is removed at the end.
let private inFolder (body: string -> unit) =
    let folder = Directory.CreateTempSubdirectory("optim-torch-").FullName

    try
        body folder
    finally
        Directory.Delete(folder, true)

/// An empty file below the folder, with all folders above it; gives the folder that it lies in.
let private put (folder: string) (parts: string list) =
    let file = Path.Combine(Array.ofList (folder :: parts))
    let home = string (Path.GetDirectoryName file)
    Directory.CreateDirectory home |> ignore
    File.WriteAllText(file, "")
    home

let private below (folder: string) (variable: string) (configured: string) = {
    System = TargetSystem.Linux
    Identifier = "linux-x64"
    Variable = variable
    Configured = configured
    Application = Path.Combine(folder, "program")
    Packages = Path.Combine(folder, "packages")
}

let private accepting () = FakeLoader(fun _ -> false)

let private found (s: Surroundings) =
    let place, _ = Search.search (accepting ()) s
    place.Folder

let private refusal (s: Surroundings) =
    let failure =
        Expect.throwsC (fun () -> Search.search (accepting ()) s |> ignore<Place * nativeint>) id

    match failure with
    | :? EngineException as e -> e
    | other -> failtest $"{other.GetType().Name} instead of an EngineException"

let private package version = [
    "packages"
    "libtorch-cpu-linux-x64"
    version
    "runtimes"
    "linux-x64"
    "native"
    "libtorch_cpu.so"
]

let private searches =
    testList "search" [
        testCase "the newest package that is new enough is found in NuGet's folder"
        <| fun () ->
            inFolder (fun folder ->
                for version in [ "2.9.1"; "2.10.0"; "2.9.0" ] do
                    put folder (package version) |> ignore<string>

                let newest = put folder (package "2.11.3")
                Expect.equal (found (below folder "" "")) newest "2.11.3"
            )

        testCase "old packages are not taken"
        <| fun () ->
            inFolder (fun folder ->
                put folder (package "2.9.1") |> ignore<string>

                Expect.stringContains
                    (refusal (below folder "" "")).Detail
                    "NuGet's packages"
                    "says so"
            )

        testCase "the program's folder comes before NuGet's, the runtime configuration before both"
        <| fun () ->
            inFolder (fun folder ->
                put folder (package "2.10.0") |> ignore<string>

                let published =
                    put folder [ "program"; "runtimes"; "linux-x64"; "native"; "libtorch_cpu.so" ]

                Expect.equal (found (below folder "" "")) published "runtimes below the program"
                let beside = put folder [ "program"; "libtorch_cpu.so" ]
                Expect.equal (found (below folder "" "")) beside "beside the program"
                let configured = put folder [ "configured"; "libtorch_cpu.so" ]
                Expect.equal (found (below folder "" configured)) configured "configured"
            )

        testCase "OPTIM_LIBTORCH comes first, and may name the folder above `lib`"
        <| fun () ->
            inFolder (fun folder ->
                put folder (package "2.10.0") |> ignore<string>
                let libraries = put folder [ "torch"; "lib"; "libtorch_cpu.so" ]
                Expect.equal (found (below folder libraries "")) libraries "the folder itself"

                Expect.equal
                    (found (below folder (Path.Combine(folder, "torch")) ""))
                    libraries
                    "the one above"
            )

        testCase "an OPTIM_LIBTORCH without a library is an error, though others are there"
        <| fun () ->
            inFolder (fun folder ->
                put folder (package "2.10.0") |> ignore<string>
                let empty = Path.Combine(folder, "empty")
                Directory.CreateDirectory empty |> ignore
                let e = refusal (below folder empty "")

                Expect.stringContains
                    e.Detail
                    $"OPTIM_LIBTORCH, {empty}: no libtorch_cpu.so"
                    "what"

                Expect.stringContains
                    e.Detail
                    "Either unset OPTIM_LIBTORCH and restore"
                    "what to do"

                Expect.isFalse (e.Detail.Contains "NuGet's packages, ") "no other place"
            )

        testCase "a library that cannot be loaded is passed over"
        <| fun () ->
            inFolder (fun folder ->
                put folder [ "program"; "libtorch_cpu.so" ] |> ignore<string>
                let good = put folder (package "2.10.0")
                let mutable first = true

                let loader =
                    FakeLoader(fun _ ->
                        let refused = first
                        first <- false
                        refused
                    )

                let place, _ = Search.search loader (below folder "" "")
                Expect.equal place.Folder good "the next one"
            )

        testCase "a failure names every place, what was there, and both remedies"
        <| fun () ->
            inFolder (fun folder ->
                put folder [ "program"; "libtorch_cpu.so" ] |> ignore<string>
                let s = below folder "" (Path.Combine(folder, "configured"))
                let loader = FakeLoader(fun _ -> true)

                let detail =
                    try
                        Search.search loader s |> ignore<Place * nativeint>
                        ""
                    with :? EngineException as e ->
                        Expect.equal (e.Operation, e.Device) ("LoadLibrary", "torch") "what failed"
                        e.Detail

                let native = Path.Combine(s.Application, "runtimes", "linux-x64", "native")
                let packages = Path.Combine(s.Packages, "libtorch-cpu-linux-x64")

                let expected =
                    "no usable libtorch was found. Looked at: OPTIM_LIBTORCH is not set; "
                    + $"the runtime configuration's Optim.LibTorchPath, {s.Configured}: no such folder; "
                    + $"the program's folder, {s.Application}: libtorch_cpu.so could not be loaded (libtorch_cpu.so is refused); "
                    + $"the program's folder, {native}: no such folder; "
                    + $"NuGet's packages, {packages}: no such folder. "
                    + $"Either restore the NuGet package libtorch-cpu-linux-x64 (2.10.0 or newer) into {s.Packages}, "
                    + "or set OPTIM_LIBTORCH to the folder torch/lib of a PyTorch installation, 2.10 or newer "
                    + "(python3 -c \"import os, torch; print(os.path.join(torch.__path__[0], 'lib'))\")."

                Expect.equal detail expected "the whole of it"
            )

        testCase "the system's loader says what is wrong with a file"
        <| fun () ->
            inFolder (fun folder ->
                let file = Path.Combine(put folder [ "libtorch_cpu.so" ], "libtorch_cpu.so")

                for shared in [ false; true ] do
                    let reason =
                        Expect.wantError (SystemLoader.loader.Load(file, shared)) "an empty file"

                    Expect.stringContains reason file "names the file"
                    Expect.isFalse (reason.Contains '\n') "one line"
            )

        testCase "the companions of a folder are those of NVIDIA's packages beside it"
        <| fun () ->
            inFolder (fun folder ->
                let libraries = put folder [ "site"; "torch"; "lib"; "libtorch_cpu.so" ]

                let cublas = put folder [ "site"; "nvidia"; "cublas"; "lib"; "libcublas.so.12" ]

                put folder [ "site"; "nvidia"; "cublas"; "include"; "cublas.h" ]
                |> ignore<string>

                Expect.equal
                    (SystemLoader.companionsOf libraries)
                    [ Path.Combine(cublas, "libcublas.so.12") ]
                    "one library"

                Expect.isEmpty (SystemLoader.companionsOf folder) "none elsewhere"
            )
    ]

let private versions =
    testList "version" [
        testCase "a version is read from its code"
        <| fun () ->
            Expect.equal
                (Library.versionOf 0x020A_0100_0000_0000UL)
                (System.Version(2, 10, 1))
                "2.10.1"

        testCase "2.10 and newer pass, older ones are named"
        <| fun () ->
            let s = below "/x" "/old" ""

            let place = { Origin = "OPTIM_LIBTORCH"; Folder = "/old" }

            for version in
                [ System.Version(2, 10, 0); System.Version(2, 13, 1); System.Version(3, 0, 0) ] do
                Library.demandVersion s place version

            let detail version =
                try
                    Library.demandVersion s place version
                    ""
                with :? EngineException as e ->
                    e.Detail

            Expect.stringStarts
                (detail (System.Version(2, 9, 1)))
                "the libtorch in /old (found by OPTIM_LIBTORCH) is version 2.9.1; 2.10 or newer is needed."
                "2.9.1"

            Expect.stringContains
                (detail (System.Version(0, 0)))
                "too old to say its version"
                "unknown"
    ]

let private loads =
    testList "load" [
        onLibrary
            "many threads that ask at once get the same library"
            (fun first ->
                let all = Array.Parallel.init 8 (fun _ -> Library.load ())

                Expect.all all (fun one -> obj.ReferenceEquals(one, first)) "one object"
                Expect.isGreaterThanOrEqual first.Version Search.oldest "new enough"
                Expect.isTrue (File.Exists first.Path) "its file"
            )

        onLibrary
            "a build without CUDA is refused for cuda:0 in one sentence"
            (fun found ->
                if
                    not (
                        File.Exists(
                            Path.Combine(found.Place.Folder, Platform.cudaLibrary Platform.current)
                        )
                    )
                then
                    let e = Expect.throwsC (fun () -> Cuda.load 0) id :?> EngineException

                    Expect.equal e.Device "cuda:0" "the device"

                    Expect.equal
                        e.Detail
                        ($"the libtorch in {found.Place.Folder} is a build without CUDA (it has no {Platform.cudaLibrary Platform.current}); "
                         + "set OPTIM_LIBTORCH to the folder torch/lib of a PyTorch installation with CUDA, or compute with the engine torch")
                        "the sentence"
            )

        onLibrary
            "a device that is not there is told from a build without CUDA"
            (fun _ ->
                let e = Expect.throwsC (fun () -> Cuda.probe 63) id :?> EngineException

                Expect.equal e.Device "cuda:63" "the device"

                Expect.stringStarts
                    e.Detail
                    "libtorch is loaded, but it can use no device cuda:63 ("
                    "the sentence"

                Expect.isFalse (e.Detail.Contains '\n') "one line"
            )
    ]

[<Tests>]
let tests = testList "library" [ searches; versions; loads ]
