namespace Optim.Methods;

/// <summary>Which curvature matrix a method multiplies with.</summary>
public enum CurvatureMatrix
{
    /// <summary>The exact Hessian.</summary>
    Hessian,

    /// <summary>The Gauss-Newton matrix of an objective that says how it is composed; positive semidefinite for a convex loss.</summary>
    GaussNewton,
}
