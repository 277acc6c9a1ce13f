module Optim.CoreTests.CsvTests

open System
open System.IO
open System.IO.Compression
open Expecto
open Optim
open Optim.Core
open Optim.CoreTests

let private parse (options: CsvOptions) (lines: string list) : DataSet =
    use reader = new StringReader(String.concat "\n" lines)
    Csv.parse options "table" reader

let private numbers: CsvOptions = { Csv.defaults with Target = CsvTarget.Numbers }

let private reading =
    testList "reading" [
        testCase
            "a table of numbers with classes in its last column"
            (fun () ->
                let data = parse Csv.defaults [ "1,2,b"; "3,4.5,a"; ""; "-5e-1,6,b" ]
                Expect.equal data.Inputs.Shape (Shape.Of(3, 2)) "shape"
                Expect.equal (data.Inputs.ToArray()) [| 1.0; 2.0; 3.0; 4.5; -0.5; 6.0 |] "inputs"
                Expect.equal data.Classes [ "a"; "b" ] "classes by ordinal"
                Expect.equal (data.Targets.ToArray()) [| 1.0; 0.0; 1.0 |] "their numbers"
                Expect.isEmpty data.InputNames "no header"
            )

        testCase
            "a header is found, and asked for"
            (fun () ->
                let lines = [ "age,size,kind"; "1,2,x" ]
                Expect.equal (parse Csv.defaults lines).InputNames [ "age"; "size" ] "found"

                let years = [ "1990,1991,kind"; "1,2,x"; "3,4,y" ]

                Expect.equal
                    (DataSet.count (parse Csv.defaults years))
                    3
                    "numbers are taken as an example"

                let named = parse { Csv.defaults with Header = CsvHeader.Present } years

                Expect.equal
                    (named.InputNames, DataSet.count named)
                    ([ "1990"; "1991" ], 2)
                    "asked for"

                Near.raises<InvalidDataException>
                    [ "line 1"; "column 1"; "\"age\"" ]
                    (fun () ->
                        parse { Csv.defaults with Header = CsvHeader.Absent } lines |> ignore
                    )
            )

        testCase
            "classes that are numbers stand in numerical order"
            (fun () ->
                Expect.equal
                    (parse Csv.defaults [ "1,10"; "1,9"; "1,-1" ]).Classes
                    [ "-1"; "9"; "10" ]
                    "order"
            )

        testCase
            "numbers as targets, in any column"
            (fun () ->
                let data = parse { numbers with TargetColumn = 1 } [ "a,goal,b"; "1,2,3"; "4,5,6" ]
                Expect.equal (data.Targets.ToArray()) [| 2.0; 5.0 |] "targets"
                Expect.equal data.Targets.Shape (Shape.Of(2, 1)) "one column"
                Expect.equal (data.Inputs.ToArray()) [| 1.0; 3.0; 4.0; 6.0 |] "inputs"
                Expect.equal data.InputNames [ "a"; "b" ] "names of inputs"
            )

        testCase
            "tabs, semicolons, runs of blanks"
            (fun () ->
                for delimiter, line in [ '\t', "1\t 2\t3"; ';', "1;2 ;3"; ' ', "  1   2 \t 3 " ] do
                    let data = parse { numbers with Delimiter = delimiter } [ line ]
                    Expect.equal (data.Inputs.ToArray()) [| 1.0; 2.0 |] $"inputs of {line}"
                    Expect.equal (data.Targets.ToArray()) [| 3.0 |] $"target of {line}"
            )

        testCase
            "quotes hold delimiters and doubled quotes"
            (fun () ->
                let data =
                    parse Csv.defaults [
                        "\"size, in cm\",\"5\"\" disk\",kind"
                        "\"1\",2,\"x, y\""
                    ]

                Expect.equal data.InputNames [ "size, in cm"; "5\" disk" ] "names"
                Expect.equal data.Classes [ "x, y" ] "class"
                Expect.equal (data.Inputs.ToArray()) [| 1.0; 2.0 |] "numbers"
            )

        testCase
            "files, packed or not"
            (fun () ->
                let folder = Directory.CreateTempSubdirectory "optim-csv"

                try
                    let plain = Path.Combine(folder.FullName, "plain.csv")
                    let packed = Path.Combine(folder.FullName, "packed.csv.gz")
                    File.WriteAllText(plain, "x,y\r\n1,2\r\n3,4\r\n")

                    using
                        (new StreamWriter(
                            new GZipStream(File.Create packed, CompressionLevel.Fastest)
                        ))
                        (fun writer -> writer.Write "x,y\n1,2\n3,4\n")

                    for path in [ plain; packed ] do
                        let data = Csv.read numbers path
                        Expect.equal data.Name (Path.GetFileName path |> string) "name"
                        Expect.equal data.Source path "source"
                        Expect.equal (data.Inputs.ToArray()) [| 1.0; 3.0 |] "inputs"
                        Expect.equal (data.Targets.ToArray()) [| 2.0; 4.0 |] "targets"
                finally
                    folder.Delete true
            )
    ]

let private refusals =
    testList "refusals" [
        for what, lines, fragments in
            [
                "a word", [ "1,2,3"; "4,five,6" ], [ "table"; "line 2"; "column 2"; "\"five\"" ]
                "a word below a name",
                [ "a,b,c"; "1,2,3"; "x,5,6" ],
                [ "line 3"; "column 1 (a)"; "\"x\"" ]
                "a missing number", [ "1,2,3"; "4,,6" ], [ "line 2"; "column 2"; "\"\"" ]
                "a comma in a number",
                [ "1;2"; "1,5;2" ],
                [ "line 2"; "2 fields"; "expected 1"; "line 1" ]
                "NaN", [ "1,2,3"; "4,NaN,6" ], [ "\"NaN\""; "finite" ]
                "infinity", [ "1,2,3"; "4,5,1e999" ], [ "column 3"; "1e999"; "finite" ]
                "a short line", [ "1,2,3"; ""; "4,5" ], [ "line 3"; "2 fields"; "expected 3" ]
                "an open quote", [ "1,2,3"; "4,\"5,6" ], [ "line 2"; "quoted" ]
                "one column", [ "1"; "2" ], [ "one column" ]
                "no lines", [ ""; "  " ], [ "empty" ]
                "names only", [ "a,b" ], [ "names of columns only" ]
            ] do
            testCase
                $"{what} is refused by place and text"
                (fun () ->
                    Near.raises<InvalidDataException>
                        fragments
                        (fun () -> parse numbers lines |> ignore)
                )

        testCase
            "a target column that is not there"
            (fun () ->
                for column in [ 2; -3 ] do
                    Near.raises<ArgumentOutOfRangeException>
                        [ "2 columns"; string column ]
                        (fun () ->
                            parse { numbers with TargetColumn = column } [ "1,2" ] |> ignore
                        )
            )

        testCase
            "a file that is not there is the file system's complaint"
            (fun () ->
                Near.raises<FileNotFoundException>
                    [ "no-such-file.csv" ]
                    (fun () ->
                        Csv.read
                            numbers
                            (Path.Combine(AppContext.BaseDirectory, "no-such-file.csv"))
                        |> ignore
                    )
            )
    ]

[<Tests>]
let csv = testList "Csv" [ reading; refusals ]
