module Optim.ReportsTests.ProfileTests

open System
open Expecto
open FsCheck
open FsCheck.FSharp
open Optim.Reports

/// Problems × methods, a fifth of the costs not solved.
type private Costs = { Methods: string list; Table: float list list }

let private costs =
    gen {
        let! methods = Gen.choose (1, 4)
        let! problems = Gen.choose (1, 8)

        let cost =
            Gen.frequency [
                4, Gen.choose (1, 1000) |> Gen.map float
                1, Gen.elements [ infinity; nan ]
            ]

        let! table = Gen.listOfLength problems (Gen.listOfLength methods cost)

        return { Methods = List.init methods (sprintf "m%d"); Table = table }
    }
    |> Arb.fromGen

let private forAll check = Prop.forAll costs check

let private profileOf own =
    Profile.compute (Profile.grid 12 own.Table) own.Methods own.Table

let private refuses name action =
    testCase name (fun () -> Expect.throwsT<ArgumentException> action name)

[<Tests>]
let profile =
    testList "Profile" [
        testCase
            "by hand: two methods, four problems"
            (fun () ->
                let table = [ [ 1.0; 2.0 ]; [ 6.0; 2.0 ]; [ 5.0; 5.0 ]; [ 7.0; nan ] ]
                let profile = Profile.compute [ 1.0; 2.0; 3.0 ] [ "a"; "b" ] table

                Expect.equal
                    profile.Curves
                    [
                        { Method = "a"; Fractions = [ 0.75; 0.75; 1.0 ]; Solved = 1.0 }
                        { Method = "b"; Fractions = [ 0.5; 0.75; 0.75 ]; Solved = 0.75 }
                    ]
                    "curves"
            )
        testCase
            "a problem that nobody solved counts for nobody"
            (fun () ->
                Expect.equal
                    (Profile.ratios [ [ nan; infinity ] ])
                    [ [ infinity; infinity ] ]
                    "ratios"

                Expect.equal (Profile.grid 5 [ [ nan ] ]) [ 1.0 ] "grid"
            )
        testCase
            "a best cost of zero"
            (fun () ->
                Expect.equal
                    (Profile.ratios [ [ 0.0; 3.0 ] ])
                    [ [ 1.0; Double.MaxValue ] ]
                    "solved, but last"
            )
        testCase
            "the grid runs from 1 to the largest ratio, evenly in the logarithm"
            (fun () ->
                let grid = Profile.grid 3 [ [ 1.0; 16.0 ] ]

                for actual, expected in List.zip grid [ 1.0; 4.0; 16.0 ] do
                    Expect.floatClose Accuracy.high actual expected "even steps"

                Expect.equal (List.last grid) 16.0 "the end exactly"
            )
        testProperty
            "fractions never fall and stay within 0 and 1"
            (forAll (fun own ->
                (profileOf own).Curves
                |> List.forall (fun curve ->
                    List.pairwise curve.Fractions |> List.forall (fun (a, b) -> a <= b)
                    && List.forall (fun part -> 0.0 <= part && part <= 1.0) curve.Fractions
                )
            ))
        testProperty
            "the last fraction is the part solved, as counted in the costs"
            (forAll (fun own ->
                let counted index =
                    let solved = own.Table |> List.filter (List.item index >> Double.IsFinite)
                    float solved.Length / float own.Table.Length

                (profileOf own).Curves
                |> List.indexed
                |> List.forall (fun (index, curve) ->
                    List.last curve.Fractions = curve.Solved && curve.Solved = counted index
                )
            ))
        testProperty
            "at factor 1 every solved problem has a winner"
            (forAll (fun own ->
                let solved = own.Table |> List.filter (List.exists Double.IsFinite) |> List.length

                let firsts =
                    (profileOf own).Curves |> List.sumBy (fun curve -> List.head curve.Fractions)

                firsts >= float solved / float own.Table.Length - 1e-12
            ))
        testProperty
            "a problem's unit does not matter"
            (forAll (fun own ->
                let scaled = own.Table |> List.map (List.map (fun cost -> 8.0 * cost))
                let grid = Profile.grid 12 own.Table

                Profile.compute grid own.Methods scaled =
                    Profile.compute grid own.Methods own.Table
            ))
        refuses "no problems" (fun () -> Profile.compute [ 1.0 ] [ "a" ] [] |> ignore)
        refuses "a short row" (fun () -> Profile.compute [ 1.0 ] [ "a"; "b" ] [ [ 1.0 ] ] |> ignore)
        refuses "a negative cost" (fun () -> Profile.compute [ 1.0 ] [ "a" ] [ [ -1.0 ] ] |> ignore)
        refuses
            "factors that fall"
            (fun () -> Profile.compute [ 2.0; 1.0 ] [ "a" ] [ [ 1.0 ] ] |> ignore)
        refuses "a factor below 1" (fun () -> Profile.compute [ 0.5 ] [ "a" ] [ [ 1.0 ] ] |> ignore)
        testCase
            "a grid of one is refused"
            (fun () ->
                Expect.throwsT<ArgumentOutOfRangeException>
                    (fun () -> Profile.grid 1 [ [ 1.0 ] ] |> ignore)
                    "count"
            )
    ]
