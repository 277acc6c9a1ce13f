namespace Optim.Laws

open System

/// A function and its gradient written out by hand.
[<NoComparison; NoEquality>]
type internal Formula = { Value: float[] -> float; Gradient: float[] -> float[] }

/// Values and gradients in closed form, in plain arithmetic.
[<RequireQualifiedAccess>]
module internal Formula =

    /// A function that is a sum over elements.
    let separable (value: float -> float) (slope: float -> float) : Formula = {
        Value = Array.sumBy value
        Gradient = Array.map slope
    }

    /// Σ ½ λ y² + ¼ quartic y⁴ with y = Q (x − m); rows of Q are the axes.
    let wells (axes: float[][]) (spectrum: float[]) (quartic: float[]) (center: float[]) : Formula =
        let coordinates (x: float[]) =
            Floats.times axes (Floats.subtract x center)

        let value (x: float[]) =
            coordinates x
            |> Array.mapi (fun i y -> 0.5 * spectrum[i] * y * y + 0.25 * quartic[i] * y * y * y * y)
            |> Array.sum

        let gradient (x: float[]) =
            coordinates x
            |> Array.mapi (fun i y -> spectrum[i] * y + quartic[i] * y * y * y)
            |> Floats.times (Floats.transpose axes)

        { Value = value; Gradient = gradient }

    let rosenbrock (steepness: float) : Formula =
        let value (x: float[]) =
            Array.pairwise x
            |> Array.sumBy (fun (a, b) ->
                steepness * (b - a * a) * (b - a * a) + (1.0 - a) * (1.0 - a)
            )

        let gradient (x: float[]) =
            let g = Array.zeroCreate<float> x.Length

            for i in 0 .. x.Length - 2 do
                let bend = x[i + 1] - x[i] * x[i]
                g[i] <- g[i] - 4.0 * steepness * x[i] * bend - 2.0 * (1.0 - x[i])
                g[i + 1] <- g[i + 1] + 2.0 * steepness * bend

            g

        { Value = value; Gradient = gradient }

    /// Mean of log (1 + exp (−label · rowᵀ w)) + ½ penalty |w|². labels: ±1.
    let logistic (rows: float[][]) (labels: float[]) (penalty: float) : Formula =
        let count = float rows.Length

        let value (w: float[]) =
            let losses =
                Array.map2
                    (fun row label -> Floats.softplus (-label * Floats.dot row w))
                    rows
                    labels

            Array.sum losses / count + 0.5 * penalty * Floats.dot w w

        let gradient (w: float[]) =
            Array.map2
                (fun row label ->
                    Floats.scale (-label * Floats.sigmoid (-label * Floats.dot row w) / count) row
                )
                rows
                labels
            |> Array.fold Floats.add (Floats.scale penalty w)

        { Value = value; Gradient = gradient }

    /// ½ mean (w₂ᵀ tanh (W₁ u + b₁) + b₂ − t)² for three hidden units: parameters W₁ (3, 2), b₁ (3), w₂ (3), b₂.
    let network (inputs: float[][]) (targets: float[]) : Formula =
        let count = float inputs.Length

        let forward (p: float[]) (u: float[]) : float[] * float =
            let hidden =
                Array.init 3 (fun j -> tanh (p[2 * j] * u[0] + p[2 * j + 1] * u[1] + p[6 + j]))

            hidden, p[12] + (Seq.init 3 (fun j -> p[9 + j] * hidden[j]) |> Seq.sum)

        let value (p: float[]) =
            let errors = Array.map2 (fun u t -> snd (forward p u) - t) inputs targets
            0.5 * Floats.dot errors errors / count

        let gradient (p: float[]) =
            let one (u: float[]) (t: float) : float[] =
                let hidden, output = forward p u
                let error = (output - t) / count
                let back = Array.init 3 (fun j -> error * p[9 + j] * (1.0 - hidden[j] * hidden[j]))

                Array.concat [
                    back |> Array.collect (fun b -> [| b * u[0]; b * u[1] |])
                    back
                    Array.map (fun h -> error * h) hidden
                    [| error |]
                ]

            Array.map2 one inputs targets |> Array.reduce Floats.add

        { Value = value; Gradient = gradient }

    let linear (slopes: float[]) : Formula = {
        Value = Floats.dot slopes
        Gradient = fun _ -> slopes
    }

    let scaled (factor: float) (formula: Formula) : Formula = {
        Value = fun x -> factor * formula.Value x
        Gradient = fun x -> Floats.scale factor (formula.Gradient x)
    }

    let moved (map: AffineMap) (formula: Formula) : Formula =
        let original (z: float[]) =
            Floats.add (Floats.times map.Matrix z) map.Shift

        let transposed = Floats.transpose map.Matrix

        {
            Value = original >> formula.Value
            Gradient = original >> formula.Gradient >> Floats.times transposed
        }

    /// The matrix of second derivatives by central differences of the gradient, made symmetric.
    let hessian (formula: Formula) (x: float[]) : float[][] =
        let h = Math.Cbrt 2.2e-16

        let rows =
            Array.init
                x.Length
                (fun i ->
                    let step = h * max 1.0 (abs x[i])

                    let at (t: float) =
                        formula.Gradient(Array.updateAt i (x[i] + t) x)

                    Floats.scale (0.5 / step) (Floats.subtract (at step) (at -step))
                )

        Array.init
            x.Length
            (fun i -> Array.init x.Length (fun j -> 0.5 * (rows[i][j] + rows[j][i])))
