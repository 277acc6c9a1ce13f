namespace Optim.Cli

open System
open FParsec
open Optim
open Optim.Core

/// A formula in ordinary notation.
[<RequireQualifiedAccess>]
type Expression =
    /// A number.
    | Number of float
    /// A variable or a constant, by name.
    | Variable of string
    /// −a.
    | Negate of Expression
    /// a + b.
    | Add of Expression * Expression
    /// a − b.
    | Subtract of Expression * Expression
    /// a · b.
    | Multiply of Expression * Expression
    /// a / b.
    | Divide of Expression * Expression
    /// a to the power b.
    | Power of Expression * Expression
    /// A function of its arguments.
    | Call of name: string * arguments: Expression list

/// A part of a formula while it is computed: known beforehand, or depending on the point.
[<RequireQualifiedAccess; NoComparison; NoEquality>]
type private Part =
    | Known of float
    | Dependent of (Tensor -> Tensor)

/// Formulas as functions of tensors, so that their derivatives are exact.
[<RequireQualifiedAccess>]
module Formula =

    let private functions: (string * ((Tensor -> Tensor) * (float -> float))) list = [
        "exp", (Tensor.exp, exp)
        "log", (Tensor.log, log)
        "ln", (Tensor.log, log)
        "log1p", (Tensor.log1p, fun x -> (Tensor.log1p (Tensor.scalar x)).ToScalar())
        "expm1", (Tensor.expm1, fun x -> (Tensor.expm1 (Tensor.scalar x)).ToScalar())
        "sqrt", (Tensor.sqrt, sqrt)
        "square", (Tensor.square, (fun x -> x * x))
        "abs", (Tensor.abs, abs)
        "sin", (Tensor.sin, sin)
        "cos", (Tensor.cos, cos)
        "tan", (Tensor.tan, tan)
        "asin", (Tensor.asin, asin)
        "acos", (Tensor.acos, acos)
        "atan", (Tensor.atan, atan)
        "sinh", (Tensor.sinh, sinh)
        "cosh", (Tensor.cosh, cosh)
        "tanh", (Tensor.tanh, tanh)
        "sigmoid", (Tensor.sigmoid, fun x -> 1.0 / (1.0 + exp -x))
        "softplus", (Tensor.softplus, fun x -> (Tensor.softplus (Tensor.scalar x)).ToScalar())
        "relu", (Tensor.relu, max 0.0)
        "erf", (Tensor.erf, fun x -> (Tensor.erf (Tensor.scalar x)).ToScalar())
    ]

    let private functionsOfTwo
        : (string * ((Tensor -> Tensor -> Tensor) * (float -> float -> float))) list = [
        "min", (Tensor.minimum, min)
        "max", (Tensor.maximum, max)
        "atan2", (Tensor.atan2, (fun y x -> atan2 y x))
        "pow", (Tensor.pow, (fun a b -> a ** b))
    ]

    let private constants: (string * float) list = [ "pi", Math.PI; "e", Math.E ]

    /// The names of all functions.
    let functionNames: string list =
        List.map fst functions @ List.map fst functionsOfTwo

    // The grammar.

    let private spaced (p: Parser<'a, unit>) : Parser<'a, unit> = p .>> spaces
    let private symbol (text: string) : Parser<string, unit> = spaced (pstring text)

    let private number: Parser<Expression, unit> =
        numberLiteral
            (NumberLiteralOptions.AllowFraction ||| NumberLiteralOptions.AllowExponent)
            "a number"
        |> spaced
        |>> fun literal ->
            Expression.Number(
                Double.Parse(literal.String, Globalization.CultureInfo.InvariantCulture)
            )

    let private name: Parser<string, unit> =
        spaced (
            many1Satisfy2L isAsciiLetter (fun c -> isAsciiLetter c || isDigit c || c = '_') "a name"
        )

    let private grammar: Parser<Expression, unit> =
        let operators = OperatorPrecedenceParser<Expression, unit, unit>()
        let expression = operators.ExpressionParser

        let inParentheses p = between (symbol "(") (symbol ")") p

        let nameOrCall =
            name
            >>= fun word ->
                inParentheses (sepBy1 expression (symbol ","))
                |>> (fun arguments -> Expression.Call(word, arguments))
                <|> preturn (Expression.Variable word)

        operators.TermParser <- choice [ number; nameOrCall; inParentheses expression ]

        let infix text precedence associativity make =
            operators.AddOperator(
                InfixOperator(text, spaces, precedence, associativity, fun a b -> make (a, b))
            )

        infix "+" 1 Associativity.Left Expression.Add
        infix "-" 1 Associativity.Left Expression.Subtract
        infix "*" 2 Associativity.Left Expression.Multiply
        infix "/" 2 Associativity.Left Expression.Divide
        operators.AddOperator(PrefixOperator("-", spaces, 3, true, Expression.Negate))
        operators.AddOperator(PrefixOperator("+", spaces, 3, true, id))
        infix "^" 4 Associativity.Right Expression.Power
        spaces >>. expression .>> eof

    /// The formula, or what was wrong, with an arrow under the column.
    let parse (text: string) : Result<Expression, string> =
        match run grammar text with
        | _ when String.IsNullOrWhiteSpace text -> Result.Error "the formula is empty"
        | Success(expression, _, _) -> Result.Ok expression
        | Failure(message, error, _) ->
            let place = $"the formula cannot be read at column {error.Position.Column}:"
            // FParsec's own text begins with a line that says the same.
            let lines = message.TrimEnd().Split('\n') |> Array.skip 1
            Result.Error(String.Join("\n", Array.append [| place |] lines))

    /// The names of the variables, in order of appearance, without the constants pi and e.
    let rec variables (expression: Expression) : string list =
        match expression with
        | Expression.Number _ -> []
        | Expression.Variable name ->
            if List.exists (fst >> (=) name) constants then
                []
            else
                [ name ]
        | Expression.Negate a -> variables a
        | Expression.Add(a, b)
        | Expression.Subtract(a, b)
        | Expression.Multiply(a, b)
        | Expression.Divide(a, b)
        | Expression.Power(a, b) -> List.distinct (variables a @ variables b)
        | Expression.Call(_, arguments) -> List.distinct (List.collect variables arguments)

    let private lift (part: Part) : Tensor -> Tensor =
        match part with
        | Part.Known c -> fun x -> Tensor.fullLike x[0] c
        | Part.Dependent f -> f

    let private unary (ofFloat: float -> float) (ofTensor: Tensor -> Tensor) (a: Part) : Part =
        match a with
        | Part.Known c -> Part.Known(ofFloat c)
        | Part.Dependent f -> Part.Dependent(f >> ofTensor)

    let private power (a: Part) (b: Part) : Part =
        match a, b with
        | Part.Known c, Part.Known d -> Part.Known(c ** d)
        | Part.Dependent f, Part.Known 2.0 -> Part.Dependent(f >> Tensor.square)
        | Part.Dependent f, Part.Known d -> Part.Dependent(f >> Tensor.power d)
        | _, Part.Dependent g ->
            let f = lift a
            Part.Dependent(fun x -> Tensor.pow (f x) (g x))

    /// a ∘ b, where operations with known numbers need no constant tensors.
    let private binary
        (ofFloats: float -> float -> float)
        (left: float -> Tensor -> Tensor)
        (right: Tensor -> float -> Tensor)
        (both: Tensor -> Tensor -> Tensor)
        (a: Part)
        (b: Part)
        : Part =
        match a, b with
        | Part.Known c, Part.Known d -> Part.Known(ofFloats c d)
        | Part.Known c, Part.Dependent g -> Part.Dependent(fun x -> left c (g x))
        | Part.Dependent f, Part.Known d -> Part.Dependent(fun x -> right (f x) d)
        | Part.Dependent f, Part.Dependent g -> Part.Dependent(fun x -> both (f x) (g x))

    let private call (name: string) (arguments: Part list) : Part =
        let find table =
            table |> List.tryFind (fst >> (=) name) |> Option.map snd

        match find functions, find functionsOfTwo, arguments with
        | Some(ofTensor, ofFloat), _, [ a ] -> unary ofFloat ofTensor a
        | None, Some(both, ofFloats), a :: b :: rest when
            rest.IsEmpty || name = "min" || name = "max"
            ->
            let combine =
                binary
                    ofFloats
                    (fun c y -> both (Tensor.fullLike y c) y)
                    (fun x d -> both x (Tensor.fullLike x d))
                    both

            List.fold combine (combine a b) rest
        | None, None, _ ->
            let known = String.concat ", " functionNames

            raise (
                ArgumentException
                    $"the formula calls {name}, which is no function; there are {known}"
            )
        | Some _, _, _ ->
            raise (
                ArgumentException
                    $"{name} takes 1 argument, the formula gives it {arguments.Length}"
            )
        | None, Some _, _ ->
            raise (
                ArgumentException
                    $"{name} takes 2 arguments, the formula gives it {arguments.Length}"
            )

    /// The function of a vector whose elements are the variables in this order.
    /// Errors: ArgumentException for a variable that is not in the list, or an unknown function.
    let toFunction (variables: string list) (expression: Expression) : Tensor -> Tensor =
        let rec compute (expression: Expression) : Part =
            match expression with
            | Expression.Number c -> Part.Known c
            | Expression.Variable name ->
                match
                    List.tryFindIndex ((=) name) variables, List.tryFind (fst >> (=) name) constants
                with
                | Some index, _ -> Part.Dependent(fun x -> x[index])
                | None, Some(_, value) -> Part.Known value
                | None, None ->
                    let given = String.concat ", " variables

                    raise (
                        ArgumentException
                            $"the formula uses {name}, but the start gives only {given}"
                    )
            | Expression.Negate a -> unary (~-) (~-) (compute a)
            | Expression.Add(a, b) ->
                binary (+) (fun c y -> c + y) (fun x d -> x + d) (+) (compute a) (compute b)
            | Expression.Subtract(a, b) ->
                binary (-) (fun c y -> c - y) (fun x d -> x - d) (-) (compute a) (compute b)
            | Expression.Multiply(a, b) ->
                binary (*) (fun c y -> c * y) (fun x d -> x * d) (*) (compute a) (compute b)
            | Expression.Divide(a, b) ->
                binary (/) (fun c y -> c / y) (fun x d -> x / d) (/) (compute a) (compute b)
            | Expression.Power(a, b) -> power (compute a) (compute b)
            | Expression.Call(name, arguments) -> call name (List.map compute arguments)

        lift (compute expression)
