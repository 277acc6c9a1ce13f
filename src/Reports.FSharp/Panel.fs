namespace Optim.Reports

/// How a drawn line ends.
[<RequireQualifiedAccess>]
type internal LineEnd =
    | Converged
    | Stopped
    | BudgetSpent
    | Failed

/// One method in one panel: the median over seeds, with the smallest and the largest around it.
type internal Line = {
    /// The method's place in the comparison, which gives its color.
    Method: int
    X: float array
    Median: float array
    Low: float array
    High: float array
    /// Whether more than one seed stands behind the line, so that a band makes sense.
    HasBand: bool
    /// Where and how the line ends; the place is inside the panel.
    End: (float * float * LineEnd) option
    /// The runs that diverged or failed, each by itself: its finite points.
    Strays: (float * float) array list
}

/// One chart: a measure along an axis, ready to draw.
type internal Panel = {
    Id: string
    /// "step", "seconds" or "work".
    Axis: string
    XName: string
    IsLogX: bool
    IsLogY: bool
    IsPercent: bool
    /// The smallest positive x: where a logarithmic axis begins. A linear one begins at 0.
    XLow: float
    XHigh: float
    YLow: float
    YHigh: float
    /// The loss raced to, where this panel shows it.
    Target: float option
    Lines: Line list
}

/// One measure along all axes, with one y axis.
type internal PanelRow = { Id: string; Name: string; Panels: Panel list }
