namespace Optim.Laws

open FsCheck
open FsCheck.FSharp
open Optim

/// The same elements in other places.
[<RequireQualifiedAccess>]
module internal MovementLaws =

    let private operand (dtype: DType) (dims: int[]) : Gen<Operand> =
        EngineGenerators.operand dtype (EngineGenerators.wild dtype) dims

    let private at (x: Operand) (index: int[]) : float =
        x.Plain.Numbers[Plain.ravel x.Plain.Dims index]

    let private shapeText (dims: int[]) : string = $"{Shape.Of dims}"

    /// Other lengths with the same product: axes merged, split and put in.
    let private sameLength (dims: int[]) : Gen<int[]> =
        let n = Plain.length dims

        if n = 0 then
            Gen.elements [ dims; [| 0 |]; [| 2; 0 |]; [| 0; 3; 1 |] ]
        else
            gen {
                let! first =
                    Gen.elements [
                        for d in 1..n do
                            if n % d = 0 then
                                d
                    ]

                let! second =
                    Gen.elements [
                        for d in 1 .. n / first do
                            if n / first % d = 0 then
                                d
                    ]

                let! ones = Gen.choose (0, 1)
                let parts = [| first; second; n / first / second |]
                return Array.append parts (Array.create ones 1)
            }

    let private reshape (dtype: DType) : Gen<OperationCase> =
        gen {
            let! dims = EngineGenerators.shapes
            let! x = operand dtype dims
            let! target = sameLength dims

            return
                OperationCase.ofExact
                    $"Reshape to {shapeText target}"
                    [ x ]
                    (fun engine inputs -> engine.Reshape(Shape.Of target, inputs[0]))
                    { x.Plain with Dims = target }
        }

    let private permute (dtype: DType) : Gen<OperationCase> =
        gen {
            let! dims = EngineGenerators.shapes
            let! x = operand dtype dims
            let! axes = Gen.shuffle [| 0 .. dims.Length - 1 |]
            let inside = axes |> Array.map string |> String.concat ", "
            let target = axes |> Array.map (fun axis -> dims[axis])

            let source (index: int[]) : int[] =
                Array.init dims.Length (fun axis -> index[Array.findIndex ((=) axis) axes])

            return
                OperationCase.ofExact
                    $"Permute [{inside}]"
                    [ x ]
                    (fun engine inputs -> engine.Permute(axes, inputs[0]))
                    (Plain.init dtype target (source >> at x))
        }

    let private expand (dtype: DType) : Gen<OperationCase> =
        gen {
            let! target = EngineGenerators.shapes
            let! dims = EngineGenerators.parts target
            let! x = operand dtype dims

            return
                OperationCase.ofExact
                    $"Expand to {shapeText target}"
                    [ x ]
                    (fun engine inputs -> engine.Expand(Shape.Of target, inputs[0]))
                    (Plain.init dtype target (fun index -> x.Plain.Numbers[Plain.met dims index]))
        }

    let private rangesText (ranges: AxisRange[]) : string =
        ranges
        |> Array.map (fun r -> $"{r.Count} from {r.Start} by {r.Step}")
        |> String.concat ", "

    let private slice (dtype: DType) : Gen<OperationCase> =
        gen {
            let! dims = EngineGenerators.shapes
            let! x = operand dtype dims
            let! ranges = Gen.collectToArray EngineGenerators.range dims

            let source (index: int[]) : int[] =
                Array.map2 (fun (r: AxisRange) k -> r.Start + k * r.Step) ranges index

            return
                OperationCase.ofExact
                    $"Slice [{rangesText ranges}]"
                    [ x ]
                    (fun engine inputs -> engine.Slice(ranges, inputs[0]))
                    (Plain.init dtype (Array.map _.Count ranges) (source >> at x))
        }

    let private assembled
        (dtype: DType)
        (dims: int[])
        (ranges: AxisRange[] list)
        (pieces: Operand list)
        : OperationCase =
        let numbers = Array.zeroCreate<float>(Plain.length dims)

        for ranges, piece in List.zip ranges pieces do
            for index in Plain.indices piece.Plain.Dims do
                let place = Array.map2 (fun (r: AxisRange) k -> r.Start + k * r.Step) ranges index

                let i = Plain.ravel dims place
                numbers[i] <- numbers[i] + at piece index

        let places = ranges |> List.map rangesText |> String.concat "] and ["

        OperationCase.ofExact
            $"Assemble {shapeText dims} at [{places}]"
            pieces
            (fun engine inputs ->
                engine.Assemble(Shape.Of dims, Array.ofList ranges, Array.ofList inputs)
            )
            (Plain.create dtype dims numbers)

    /// Pieces that may lie on top of each other, of whole numbers, so that every order of additions is exact.
    let private assemble (dtype: DType) : Gen<OperationCase> =
        gen {
            let! dims = EngineGenerators.shapes
            let! count = Gen.choose (1, 3)
            let! ranges = Gen.listOfLength count (Gen.collectToArray EngineGenerators.range dims)

            let! pieces =
                ranges
                |> Gen.collectToList (fun ranges ->
                    EngineGenerators.operand
                        dtype
                        EngineGenerators.whole
                        (Array.map _.Count ranges)
                )

            return assembled dtype dims ranges pieces
        }

    /// Truth values beside each other along the first axis.
    let private assembleTruths: Gen<OperationCase> =
        gen {
            let! dims = EngineGenerators.shapesOfRank 1
            let! cut = Gen.choose (0, dims[0])

            let at (start: int) (count: int) : AxisRange[] =
                Array.append
                    [| { Start = start; Step = 1; Count = count } |]
                    (Array.map Operand.whole dims[1..])

            let ranges = [ at 0 cut; at (if cut = dims[0] then 0 else cut) (dims[0] - cut) ]

            let! pieces =
                ranges
                |> Gen.collectToList (fun ranges -> operand DType.Bool (Array.map _.Count ranges))

            return assembled DType.Bool dims ranges pieces
        }

    let private law
        (settings: EngineLawSettings)
        (name: string)
        (statement: string)
        (cases: Gen<OperationCase> list)
        : EngineLaw =
        EngineLaw.forAll
            settings
            EngineFamily.Movement
            name
            statement
            OperationCase.text
            cases
            OperationCase.examine

    /// Views of views of views, each step at random.
    let private chain (dtype: DType) : Gen<OperationCase> =
        gen {
            let! dims = EngineGenerators.shapesOfRank 2
            let! x = operand dtype dims
            let! ranges = Gen.collectToArray EngineGenerators.range dims
            let! axes = Gen.shuffle [| 0 .. dims.Length - 1 |]
            let taken = Array.map (fun (r: AxisRange) -> r.Count) ranges
            let turned = axes |> Array.map (fun axis -> taken[axis])
            let! target = sameLength turned
            let tall = Array.append [| 2 |] target
            let! last = Gen.collectToArray EngineGenerators.range tall

            let source (index: int[]) : float =
                let inTall = Array.map2 (fun (r: AxisRange) k -> r.Start + k * r.Step) last index
                let inTurned = Plain.unravel turned (Plain.ravel target inTall[1..])
                let inTaken = Array.zeroCreate dims.Length
                axes |> Array.iteri (fun i axis -> inTaken[axis] <- inTurned[i])
                at x (Array.map2 (fun (r: AxisRange) k -> r.Start + k * r.Step) ranges inTaken)

            return
                OperationCase.ofExact
                    $"Slice [{rangesText ranges}], Permute, Reshape to {shapeText target}, Expand to {shapeText tall} and Slice [{rangesText last}]"
                    [ x ]
                    (fun engine inputs ->
                        let y = engine.Permute(axes, engine.Slice(ranges, inputs[0]))
                        let z = engine.Expand(Shape.Of tall, engine.Reshape(Shape.Of target, y))
                        engine.Slice(last, z)
                    )
                    (Plain.init dtype (Array.map _.Count last) source)
        }

    /// One call of a movement.
    let cases (dtype: DType) : Gen<OperationCase> list = [
        reshape dtype
        permute dtype
        expand dtype
        slice dtype
        assemble dtype
    ]

    /// The laws of this family.
    let laws (settings: EngineLawSettings) : EngineLaw list =
        let every (case: DType -> Gen<OperationCase>) = List.map case EngineGenerators.every

        [
            law
                settings
                "Reshape"
                "Reshape keeps the elements in row-major order, of views too."
                (every reshape)
            law
                settings
                "Permute"
                "Axis i of the result is axis axes[i] of x, exactly."
                (every permute)
            law
                settings
                "Expand"
                "Expand repeats along axes of length 1 and in front, exactly, of views too."
                (every expand)
            law
                settings
                "Slice"
                "Slice takes the positions that each range says, forwards and backwards, exactly."
                (every slice)
            law
                settings
                "Assemble"
                "Assemble adds each piece to zeros at its ranges, also backwards and on top of each other."
                (assembleTruths :: List.map assemble EngineGenerators.numeric)
            law
                settings
                "views of views"
                "A view of a view of a view holds the elements it says."
                (every chain)
        ]
