namespace Optim.Reports

/// Text that a web page may hold.
[<RequireQualifiedAccess>]
module Html =
    /// The text with the five characters that mean something in HTML written as entities.
    let escape (text: string) : string =
        text
            .Replace("&", "&amp;")
            .Replace("<", "&lt;")
            .Replace(">", "&gt;")
            .Replace("\"", "&quot;")
            .Replace("'", "&#39;")
