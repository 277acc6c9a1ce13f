namespace Optim.Reports

open System.IO
open System.Text

/// A comparison of methods, for people to read.
[<RequireQualifiedAccess>]
module Report =

    /// The comparison as plain text: where the methods ended, what it took them, who wins, what went wrong.
    /// At most 110 columns for names of up to 24 characters; longer ones are cut. Ends with a new line.
    /// Errors: ArgumentException, as `Comparison.check`.
    let text (comparison: Comparison) : string = Text.ofComparison comparison

    /// A performance profile as a plain text table: a line a method, a column for up to seven factors of the grid,
    /// and the part of the problems solved at all. Ends with a new line.
    let profileText (profile: Profile) : string = Text.profile profile

    /// The comparison as one HTML page that loads nothing: verdict, curves by step, second and
    /// gradient-equivalent, tables, every run, and how it was measured.
    /// Errors: ArgumentException, as `Comparison.check`.
    let html (comparison: Comparison) : string = Html.ofComparison comparison

    /// Writes the HTML page to a file, whole or not at all: through a temporary file in the same folder, which must exist.
    /// Errors: ArgumentException, as `Comparison.check`, before anything is written; IOException and
    /// UnauthorizedAccessException from the file system, after which the temporary file is gone.
    let write (path: string) (comparison: Comparison) : unit =
        let page = html comparison
        let target = Path.GetFullPath path
        let temporary = target + "." + Path.GetRandomFileName() + ".part"

        try
            File.WriteAllText(
                temporary,
                page,
                UTF8Encoding(encoderShouldEmitUTF8Identifier = false)
            )

            File.Move(temporary, target, overwrite = true)
        finally
            // After a successful move there is nothing left to delete.
            File.Delete temporary
