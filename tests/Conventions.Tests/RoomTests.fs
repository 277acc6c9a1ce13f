/// The rooms of the core: each uses only rooms above it in the project's file list.
module Optim.ConventionsTests.RoomTests

open System
open Expecto
open Optim.ConventionsTests

let private folder = "src/Core.FSharp"
let private listed = lazy (Sources.compiled $"{folder}/Core.FSharp.fsproj")

/// The room of a file: its first folder, or nothing for a file beside the project.
let private roomOf (path: string) : string =
    match path.IndexOf '/' with
    | -1 -> ""
    | at -> path.Substring(0, at)

/// The rooms in the order in which the file list enters them; a room entered twice stands twice.
let private entered: Lazy<string list> =
    lazy
        (listed.Value
         |> List.map roomOf
         |> List.fold
             (fun rooms room ->
                 match rooms with
                 | last :: _ when last = room -> rooms
                 | _ -> room :: rooms
             )
             []
         |> List.rev)

let private openedRoom (rooms: string list) (line: string) : string option =
    let words = line.Trim().Split([| ' '; '.' |], StringSplitOptions.RemoveEmptyEntries)

    match List.ofArray words with
    | "open" :: "Optim" :: room :: _
    | "open" :: "type" :: "Optim" :: room :: _ when List.contains room rooms -> Some room
    | _ -> None

[<Tests>]
let rooms =
    testList "Rooms" [
        testCase
            "the file list of the core is read"
            (fun () -> Expect.isNonEmpty listed.Value "compiled files")

        testCase
            "every file below the core is compiled"
            (fun () ->
                let compiled =
                    listed.Value |> List.map (fun path -> $"{folder}/{path}") |> Set.ofList

                [
                    for file in Sources.code folder do
                        if file.Is ".fs" && not (compiled.Contains file.Path) then
                            file.Path
                ]
                |> Sources.expectNone "a file that no build reads"
            )

        testCase
            "a room stands in one piece"
            (fun () ->
                entered.Value
                |> List.countBy id
                |> List.filter (fun (_, times) -> times > 1)
                |> List.map (fun (room, times) -> $"{room} is entered {times} times")
                |> Sources.expectNone "the file list goes through each room once"
            )

        testCase
            "no room opens a room below it"
            (fun () ->
                let order =
                    List.indexed entered.Value |> List.map (fun (i, r) -> r, i) |> Map.ofList

                [
                    for file in Sources.code folder do
                        let room = roomOf (file.Path.Substring(folder.Length + 1))

                        for index, line in Array.indexed file.Lines do
                            match openedRoom entered.Value line, Map.tryFind room order with
                            | Some opened, Some own when order[opened] > own ->
                                $"{file.Path}:{index + 1}: {room} opens {opened}"
                            | _ -> ()
                ]
                |> Sources.expectNone "dependencies point upwards in the file list"
            )

        testCase
            "a file's namespace is the library's or its room's"
            (fun () ->
                [
                    for file in Sources.code folder do
                        let room = roomOf (file.Path.Substring(folder.Length + 1))

                        for index, line in Array.indexed file.Lines do
                            match List.ofArray (line.Split([| ' '; '.' |])) with
                            | "namespace" :: "Optim" :: named :: _ when
                                List.contains named entered.Value && named <> room
                                ->
                                $"{file.Path}:{index + 1}: {line}"
                            | _ -> ()
                ]
                |> Sources.expectNone "no file declares another room's namespace"
            )
    ]
