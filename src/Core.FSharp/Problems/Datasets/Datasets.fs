namespace Optim.Core

open System
open System.IO
open System.IO.Compression
open Optim

/// Real data that travel inside the library. Each call reads them anew: a few milliseconds.
[<RequireQualifiedAccess>]
module Datasets =

    let private opened (resource: string) : TextReader =
        match typeof<DataSet>.Assembly.GetManifestResourceStream resource with
        | null -> invalidOp $"the library lacks its resource {resource}"
        | stream when resource.EndsWith(".gz", StringComparison.Ordinal) ->
            new StreamReader(new GZipStream(stream, CompressionMode.Decompress))
        | stream -> new StreamReader(stream)

    /// 1,797 handwritten digits in 10 classes: images of 8 × 8 pixels, row by row, from 0 (paper) to 1 (ink).
    /// Source: the test part of "Optical Recognition of Handwritten Digits", E. Alpaydin and C. Kaynak 1998, UCI Machine
    /// Learning Repository, CC BY 4.0. Differs: counts of 0 to 16 are divided by 16.
    let digits () : DataSet =
        use reader = opened "digits.csv.gz"
        let data = Csv.parse { Csv.defaults with Header = CsvHeader.Absent } "digits" reader

        {
            data with
                Inputs = data.Inputs / 16.0
                InputNames = [
                    for row in 0..7 do
                        for column in 0..7 do
                            $"pixel {row} {column}"
                ]
                Source =
                    "Optical Recognition of Handwritten Digits, Alpaydin and Kaynak 1998, CC BY 4.0"
        }

    let private measures = [
        "radius"
        "texture"
        "perimeter"
        "area"
        "smoothness"
        "compactness"
        "concavity"
        "concave points"
        "symmetry"
        "fractal dimension"
    ]

    /// 569 biopsies in the classes malignant and benign: mean, standard error and worst value of ten measures of cell
    /// nuclei, in their original units. Source: Breast Cancer Wisconsin (Diagnostic), Wolberg, Street and Mangasarian
    /// 1995, UCI Machine Learning Repository, CC BY 4.0.
    let breastCancer () : DataSet =
        use reader = opened "breast_cancer.csv"
        // The first line says 569, 30, and the names of the classes.
        reader.ReadLine() |> ignore

        let data =
            Csv.parse { Csv.defaults with Header = CsvHeader.Absent } "breast-cancer" reader

        {
            data with
                Classes = [ "malignant"; "benign" ]
                InputNames = [
                    for m in measures do
                        $"mean {m}"
                    for m in measures do
                        $"{m} error"
                    for m in measures do
                        $"worst {m}"
                ]
                Source =
                    "Breast Cancer Wisconsin (Diagnostic), Wolberg, Street and Mangasarian 1995, CC BY 4.0"
        }

    /// 442 patients: age, sex (1, 2), body mass index, blood pressure and six blood values in their original units, and
    /// as target the disease's progression after a year. Source: Efron, Hastie, Johnstone and Tibshirani 2004, "Least
    /// Angle Regression".
    let diabetes () : DataSet =
        use inputs = opened "diabetes_data_raw.csv.gz"
        use targets = opened "diabetes_target.csv.gz"
        let inputs = Csv.numbers ' ' "diabetes inputs" inputs
        let targets = Csv.numbers ' ' "diabetes targets" targets

        {
            DataSet.ofNumbers inputs targets with
                Name = "diabetes"
                InputNames = [ "age"; "sex"; "bmi"; "bp"; "s1"; "s2"; "s3"; "s4"; "s5"; "s6" ]
                Source = "Least Angle Regression, Efron, Hastie, Johnstone and Tibshirani 2004"
        }

    /// The data sets by name.
    let private known: (string * (unit -> DataSet)) list = [
        "digits", digits
        "breast-cancer", breastCancer
        "diabetes", diabetes
    ]

    /// The names that `load` knows.
    let names: string list = List.map fst known

    /// The data set of this name. Errors: ArgumentException that lists the names there are.
    let load (name: string) : DataSet =
        match
            known
            |> List.tryFind (fun (n, _) ->
                String.Equals(n, name, StringComparison.OrdinalIgnoreCase)
            )
        with
        | Some(_, read) -> read ()
        | None ->
            let list = String.concat ", " names

            raise (
                ArgumentException($"no data set is named \"{name}\"; there are {list}", nameof name)
            )

    /// Training and test part of a data set, ready for a network: one example of five is for tests, chosen class by class
    /// from the key alone. Data in units of their own are standardized, by means and deviations of the training part;
    /// pixels, which share one unit, are not.
    let trainAndTest (key: Key) (data: DataSet) : DataSet * DataSet =
        let train, test = DataSet.split 0.2 key data

        let isUniform =
            data.Inputs.ToArray() |> Array.forall (fun x -> x >= 0.0 && x <= 1.0)

        if isUniform then
            train, test
        else
            let units = Standardization.fit train
            Standardization.apply units train, Standardization.apply units test
