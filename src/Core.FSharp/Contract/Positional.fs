namespace Optim.Contract

#nowarn "3559" // This file is about values whose type is known only at run time.

open System
open System.Reflection

/// One part of a positional type.
[<NoComparison; NoEquality>]
type internal PositionalPart = {
    Name: string
    Type: Type
    /// Whether the part may be null, as its declaration says.
    IsNullable: bool
}

/// A class or struct that is as much as the arguments of its constructor: what C# writes as `record State(int Count, …)`.
[<NoComparison; NoEquality>]
type internal Positional = {
    Parts: PositionalPart[]
    Read: obj -> (obj | null)[]
    Build: (obj | null)[] -> obj
}

/// Positional types found by reflection.
[<RequireQualifiedAccess>]
module internal Positional =

    let private own =
        BindingFlags.Instance
        ||| BindingFlags.Public
        ||| BindingFlags.NonPublic
        ||| BindingFlags.DeclaredOnly

    /// How many fields an object of the type has, those of its bases included.
    let rec private countFields (t: Type) : int =
        let above =
            match t.BaseType with
            | null -> 0
            | b -> countFields b

        above + t.GetFields(own).Length

    /// The one public constructor besides the one that copies.
    let private constructorOf (t: Type) : ConstructorInfo voption =
        let isCopying (c: ConstructorInfo) =
            match c.GetParameters() with
            | [| only |] -> only.ParameterType = t
            | _ -> false

        match t.GetConstructors() |> Array.filter (isCopying >> not) with
        | [| only |] when only.GetParameters().Length > 0 -> ValueSome only
        | _ -> ValueNone

    /// The readable property that gives a constructor's argument back.
    let private propertyOf (t: Type) (parameter: ParameterInfo) : PropertyInfo voption =
        t.GetProperties()
        |> Array.tryFind (fun p ->
            String.Equals(p.Name, parameter.Name, StringComparison.OrdinalIgnoreCase)
            && p.PropertyType = parameter.ParameterType
            && p.CanRead
            && p.GetIndexParameters().Length = 0
        )
        |> function
            | Some found -> ValueSome found
            | None -> ValueNone

    /// The type's parts, when it is positional: it is concrete, has one public constructor besides the one that copies, a
    /// readable property of the same name and type for each of its parameters, and no field beyond them, which would be lost.
    let tryOfType (t: Type) : Positional voption =
        if
            t.IsAbstract
            || t.IsPrimitive
            || t.IsPointer
            || t.IsByRefLike
            || t.ContainsGenericParameters
        then
            ValueNone
        else
            match constructorOf t with
            | ValueNone -> ValueNone
            | ValueSome maker ->
                let parameters = maker.GetParameters()
                let properties = parameters |> Array.map (propertyOf t)

                if
                    properties |> Array.exists ValueOption.isNone
                    || countFields t <> parameters.Length
                then
                    ValueNone
                else
                    let properties = properties |> Array.map ValueOption.get
                    let context = NullabilityInfoContext()

                    let part (parameter: ParameterInfo) (property: PropertyInfo) : PositionalPart =
                        let isAnnotated =
                            context.Create(parameter).WriteState = NullabilityState.Nullable

                        {
                            Name = property.Name
                            Type =
                                match Nullable.GetUnderlyingType parameter.ParameterType with
                                | null -> parameter.ParameterType
                                | inner -> inner
                            IsNullable = isAnnotated
                        }

                    ValueSome {
                        Parts = Array.map2 part parameters properties
                        Read = fun value -> properties |> Array.map (fun p -> p.GetValue value)
                        Build =
                            fun values ->
                                maker.Invoke(BindingFlags.DoNotWrapExceptions, null, values, null)
                    }
