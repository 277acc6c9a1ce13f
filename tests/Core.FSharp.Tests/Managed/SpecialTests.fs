module Optim.CoreTests.SpecialTests

open System
open Expecto
open Optim
open Optim.Managed
open Optim.CoreTests.Plain

/// Reference values computed with mpmath at 700 digits, for exactly the floating-point argument given.
module private Reference =

    let erf = [
        struct (-6.5, -1.0)
        struct (-3.0, -0.9999779095030014)
        struct (-1.0, -0.8427007929497149)
        struct (-0.999, -0.8422852702064969)
        struct (-0.5, -0.5204998778130465)
        struct (-1e-08, -1.1283791670955126e-08)
        struct (1e-300, 1.1283791670955126e-300)
        struct (1e-05, 1.1283791670579e-05)
        struct (0.1, 0.1124629160182849)
        struct (0.3, 0.3286267594591274)
        struct (0.5, 0.5204998778130465)
        struct (0.75, 0.7111556336535151)
        struct (0.99, 0.8385080695553698)
        struct (1.0, 0.8427007929497149)
        struct (1.01, 0.8468104962282768)
        struct (1.5, 0.9661051464753108)
        struct (2.0, 0.9953222650189527)
        struct (2.7, 0.9998656672600594)
        struct (3.3, 0.9999969422902035)
        struct (4.0, 0.9999999845827421)
        struct (5.5, 0.9999999999999927)
    ]

    let erfc = [
        struct (-6.5, 2.0)
        struct (-3.0, 1.9999779095030015)
        struct (-1.0, 1.8427007929497148)
        struct (-0.5, 1.5204998778130465)
        struct (0.0, 1.0)
        struct (1e-05, 0.9999887162083294)
        struct (0.1, 0.887537083981715)
        struct (0.3, 0.6713732405408726)
        struct (0.5, 0.4795001221869535)
        struct (0.75, 0.28884436634648486)
        struct (0.99, 0.1614919304446302)
        struct (1.0, 0.15729920705028513)
        struct (1.01, 0.1531895037717233)
        struct (1.5, 0.033894853524689274)
        struct (2.0, 0.004677734981047266)
        struct (2.7, 0.0001343327399405242)
        struct (3.3, 3.0577097964381654e-06)
        struct (4.0, 1.541725790028002e-08)
        struct (5.5, 7.357847917974398e-15)
        struct (8.125, 1.47282375446827e-30)
        struct (11.3, 1.7442148479967189e-57)
        struct (16.7, 2.555908965108869e-123)
        struct (20.01, 3.614792300817123e-176)
        struct (25.99, 9.528353049116707e-296)
        struct (26.5, 2.2109076642637343e-307)
    ]

    let logGamma = [
        struct (1e-300, 690.7755278982137)
        struct (1e-10, 23.025850929882736)
        struct (0.01, 4.599479878042022)
        struct (0.2, 1.5240638224307845)
        struct (0.5, 0.5723649429247001)
        struct (0.75, 0.20328095143129538)
        struct (0.999, 0.0005780385328913802)
        struct (0.9999999, 5.772157468444193e-08)
        struct (1.0000001, -5.772155829918507e-08)
        struct (1.1, -0.049872441259839764)
        struct (1.25, -0.09827183642181316)
        struct (1.4616321449683622, -0.12148629053584961)
        struct (1.75, -0.08440112102048555)
        struct (1.999, -0.0004224618006921073)
        struct (2.0000001, 4.227843666532498e-08)
        struct (2.001, 0.000423106734800117)
        struct (2.5, 0.2846828704729192)
        struct (3.0, 0.6931471805599453)
        struct (3.5, 1.2009736023470743)
        struct (4.2, 2.04855563696059)
        struct (5.0, 3.1780538303479458)
        struct (7.9, 8.32426586800881)
        struct (9.99, 12.779315214350193)
        struct (10.0, 12.801827480081469)
        struct (10.5, 13.940625219403763)
        struct (15.0, 25.19122118273868)
        struct (33.3, 82.60372358165495)
        struct (100.0, 359.1342053695754)
        struct (1234.5, 7550.550901077895)
        struct (1000000.0, 12815504.569147611)
        struct (1000000000000000.0, 3.3538776394910668e+16)
        struct (1e+100, 2.2925850929940456e+102)
        struct (1e+300, 6.897755278982137e+302)
        struct (-0.25, 1.589575312551186)
        struct (-0.5, 1.2655121234846454)
        struct (-0.75, 1.5757045971498584)
        struct (-1.5, 0.860047015376481)
        struct (-2.2, 0.7907186736757122)
        struct (-3.7, -1.3797399049658245)
        struct (-10.3, -14.457515440024208)
        struct (-25.5, -58.48311621003493)
        struct (-100.25, -363.4009232278215)
        struct (-1e-12, 27.631021115929126)
        struct (-1234.5, -7556.52459250083)
    ]

    let polygamma = [
        struct (0, 1e-08, -100000000.57721564)
        struct (0, 0.01, -100.56088545786868)
        struct (0, 0.3, -3.502524222200133)
        struct (0, 0.5, -1.9635100260214235)
        struct (0, 1.0, -0.5772156649015329)
        struct (0, 1.2, -0.2890398965921884)
        struct (0, 2.0, 0.42278433509846713)
        struct (0, 3.7, 1.1671535393615113)
        struct (0, 5.0, 1.5061176684318005)
        struct (0, 9.9, 2.2411803166063815)
        struct (0, 10.1, 2.262214357094148)
        struct (0, 50.0, 3.901989673427892)
        struct (0, 100000.0, 11.512920464961896)
        struct (0, 1000000000000000.0, 34.538776394910684)
        struct (0, -0.3, 2.113309779635399)
        struct (0, -0.5, 0.03648997397857652)
        struct (0, -1.25, 3.714139120213528)
        struct (0, -3.75, -1.6923885983113303)
        struct (0, -10.3, 4.662403493582087)
        struct (0, -50.6, 2.9130351222910114)
        struct (1, 1e-08, 1.0000000000000002e+16)
        struct (1, 0.01, 10001.621213528313)
        struct (1, 0.3, 12.245364546107732)
        struct (1, 0.5, 4.934802200544679)
        struct (1, 1.0, 1.6449340668482264)
        struct (1, 1.5, 0.9348022005446793)
        struct (1, 2.0, 0.6449340668482264)
        struct (1, 3.7, 0.3100378576700383)
        struct (1, 9.9, 0.1062830416287406)
        struct (1, 12.5, 0.08328522460157838)
        struct (1, 50.0, 0.020201333226697125)
        struct (1, 100000.0, 1.0000050000166667e-05)
        struct (1, 10000000000.0, 1.00000000005e-10)
        struct (1, -0.3, 13.945160267805722)
        struct (1, -0.5, 8.934802200544679)
        struct (1, -1.25, 19.181879647671607)
        struct (1, -3.75, 19.504980060599575)
        struct (1, -10.3, 14.986887065722637)
        struct (1, -50.6, 10.891997414257988)
        struct (2, 0.01, -2000002.340398677)
        struct (2, 0.3, -75.27253658872604)
        struct (2, 0.5, -16.82879664423432)
        struct (2, 1.0, -2.4041138063191885)
        struct (2, 2.0, -0.4041138063191886)
        struct (2, 3.7, -0.09539530872855403)
        struct (2, 9.9, -0.011285526423707164)
        struct (2, 12.5, -0.006932436585788241)
        struct (2, 50.0, -0.0004080799893375969)
        struct (2, 100000.0, -1.00001000005e-10)
        struct (2, -0.3, 67.63908119988317)
        struct (2, -1.25, 123.72136678366236)
        struct (2, -3.7, -68.89345468867354)
        struct (2, -10.3, 68.82898861103696)
        struct (3, 0.01, 600000006.2510618)
        struct (3, 0.5, 97.40909103400244)
        struct (3, 1.0, 6.493939402266829)
        struct (3, 2.5, 0.22390584881725206)
        struct (3, 13.5, 0.0009076528049134051)
        struct (3, 500.0, 1.6048063999872002e-08)
        struct (3, -0.5, 193.40909103400244)
        struct (3, -1.25, 1558.2209125348506)
        struct (3, -10.3, 769.0193334243987)
        struct (4, 0.01, -240000000023.7009)
        struct (4, 0.5, -771.4742498266672)
        struct (4, 1.0, -24.88626612344088)
        struct (4, 2.5, -0.3137559995067314)
        struct (4, 13.5, -0.00020904822258538706)
        struct (4, 500.0, -9.638463999820801e-11)
        struct (4, -0.3, 9731.83495623352)
        struct (4, -1.25, 24481.063714184584)
        struct (4, -10.3, 9738.759863954216)
        struct (7, 0.2, 1968751181.8505843)
        struct (7, 1.0, 5060.54987523764)
        struct (7, 4.5, 0.038408502587912424)
        struct (7, 22.0, 3.373478324182093e-07)
        struct (7, -0.3, 76905059.63376132)
        struct (7, -5.4, 7990964.661871235)
        struct (12, 0.2, -5.84718750044786e+17)
        struct (12, 1.0, -479060379.8898314)
        struct (12, 4.5, -1.6729031737728706)
        struct (12, 22.0, -4.034825645144126e-09)
        struct (12, -0.3, 3004370619256656.0)
        struct (12, -5.4, 71010055016660.03)
        struct (31, 0.9, 2.3947570844821658e+35)
        struct (31, 1.0, 8.222838656092456e+33)
        struct (31, 4.5, 10302210864333.936)
        struct (31, 60.0, 2.5620097950770818e-23)
        struct (31, -0.3, 4.4375332247657395e+50)
        struct (31, -5.4, 4.4576200983657855e+46)
        struct (40, 0.9, -6.133412601494854e+49)
        struct (40, 1.0, -8.159152832482688e+47)
        struct (40, 4.5, -1.3491124695797428e+21)
        struct (40, 60.0, -2.092026225149306e-25)
        struct (40, -0.3, 2.2370393559400477e+69)
        struct (40, -5.4, 1.6872731577420993e+64)
        struct (150, 1.0, -5.713383956445855e+262)
        struct (150, 30.5, -4.2752609608998554e+38)
        struct (150, 200.0, -3.7942152199759047e-85)
        struct (150, 5000.0, -5.518230619425729e-295)
    ]

let private through (kind: Unary) (x: float) : float =
    (engine.Unary(kind, tensor [ 1 ] [| x |])).ToScalar()

let private erf: float -> float = through Unary.Erf
let private erfc: float -> float = through Unary.Erfc

let private near (name: string) (tolerance: float) (expected: float) (actual: float) : unit =
    let error = Math.Abs(actual - expected) / Math.Max(Math.Abs expected, 1e-300)

    Expect.isTrue
        (error <= tolerance)
        $"{name}: got {actual:R}, expected {expected:R}, relative error {error:E1} above {tolerance:E1}"

let private check
    (name: string)
    (tolerance: float)
    (f: float -> float)
    (table: list<struct (float * float)>)
    =
    testCase
        name
        (fun () ->
            for struct (x, expected) in table do
                near $"{name} {x:R}" tolerance expected (f x)
        )

[<Tests>]
let special =
    testList "Special" [
        check "erf" 4e-16 erf Reference.erf
        check "erfc" 2e-15 erfc Reference.erfc
        check "logGamma" 1e-14 Special.LogGamma Reference.logGamma

        testCase
            "polygamma"
            (fun () ->
                for struct (order, x, expected) in Reference.polygamma do
                    near
                        $"polygamma {order} {x:R}"
                        1e-14
                        expected
                        (Special.Polygamma(order).Invoke x)
            )

        testCase
            "closed forms"
            (fun () ->
                let euler = 0.57721566490153286
                near "log Γ(1/2)" 1e-15 (0.5 * Math.Log Math.PI) (Special.LogGamma 0.5)
                near "ψ(1)" 1e-15 -euler (Special.Polygamma(0).Invoke 1.0)
                near "ψ(1/2)" 1e-15 (-euler - 2.0 * Math.Log 2.0) (Special.Polygamma(0).Invoke 0.5)
                near "ψ′(1)" 1e-15 (Math.PI * Math.PI / 6.0) (Special.Polygamma(1).Invoke 1.0)

                near
                    "ψ‴(1)"
                    1e-15
                    (Math.Pow(Math.PI, 4.0) / 15.0)
                    (Special.Polygamma(3).Invoke 1.0)

                Expect.equal (Special.LogGamma 1.0) 0.0 "Γ(1) = 1"
                Expect.equal (Special.LogGamma 2.0) 0.0 "Γ(2) = 1"
            )

        testCase
            "log Γ is the sum of logarithms at whole numbers"
            (fun () ->
                let mutable sum = 0.0

                for n in 2..60 do
                    sum <- sum + Math.Log(float n)
                    near $"log {n}!" 1e-14 sum (Special.LogGamma(float n + 1.0))
            )

        testCase
            "recurrence ψₙ(x + 1) = ψₙ(x) + (−1)ⁿ n! / x^(n + 1), on both sides of 0"
            (fun () ->
                let mutable factorial = 1.0

                for order in 0..6 do
                    let f = Special.Polygamma order

                    for x in [ -7.63; -2.41; -0.37; 0.21; 0.88; 3.3; 11.9 ] do
                        let step =
                            (if order % 2 = 0 then 1.0 else -1.0) * factorial
                            / Math.Pow(x, float order + 1.0)

                        let scale = Math.Abs(f.Invoke x) + Math.Abs step
                        let error = Math.Abs(f.Invoke(x + 1.0) - f.Invoke x - step) / scale
                        Expect.isLessThan error 2e-14 $"order {order} at {x}"

                    factorial <- factorial * float (order + 1)
            )

        testCase
            "poles and ends"
            (fun () ->
                Expect.equal (Special.LogGamma 0.0) Double.PositiveInfinity "log Γ(0)"
                Expect.equal (Special.LogGamma -3.0) Double.PositiveInfinity "log Γ(−3)"

                Expect.equal
                    (Special.LogGamma Double.PositiveInfinity)
                    Double.PositiveInfinity
                    "log Γ(∞)"

                Expect.equal (Special.LogGamma 1e308) Double.PositiveInfinity "log Γ overflows"
                Expect.isTrue (Double.IsNaN(Special.LogGamma Double.NaN)) "log Γ(NaN)"
                Expect.equal (Special.Polygamma(0).Invoke 0.0) Double.NegativeInfinity "ψ(+0)"
                Expect.equal (Special.Polygamma(0).Invoke -0.0) Double.PositiveInfinity "ψ(−0)"
                Expect.isTrue (Double.IsNaN(Special.Polygamma(0).Invoke -2.0)) "ψ(−2)"
                Expect.equal (Special.Polygamma(1).Invoke -2.0) Double.PositiveInfinity "ψ′(−2)"
                Expect.equal (Special.Polygamma(1).Invoke Double.PositiveInfinity) 0.0 "ψ′(∞)"
                Expect.isTrue (Double.IsNaN(Special.Polygamma(2).Invoke Double.NaN)) "ψ″(NaN)"
                Expect.equal (erf Double.PositiveInfinity) 1.0 "erf ∞"
                Expect.equal (erf Double.NegativeInfinity) -1.0 "erf −∞"
                Expect.equal (erfc Double.PositiveInfinity) 0.0 "erfc ∞"
                Expect.equal (erfc Double.NegativeInfinity) 2.0 "erfc −∞"
                Expect.isTrue (Double.IsNaN(erf Double.NaN)) "erf NaN"
                Expect.isTrue (Double.IsNegative(erf -0.0)) "erf −0 = −0"

                Expect.throwsT<ArgumentOutOfRangeException>
                    (fun () -> Special.Polygamma -1 |> ignore)
                    "a negative order"
            )
    ]
