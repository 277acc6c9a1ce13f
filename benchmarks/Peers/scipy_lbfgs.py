"""SciPy's L-BFGS-B on chained Rosenbrock, with the derivative written by hand."""
import numpy
import scipy
from scipy.optimize import minimize, rosen, rosen_der

from timing import Results, median

results = Results("SciPy " + scipy.__version__)
contender = "SciPy L-BFGS-B"
for n, limit in ((2, 1000), (10000, 100)):
    start = numpy.tile([-1.2, 1.0], n // 2)

    def run():
        options = {"maxcor": 10, "gtol": 1e-6, "ftol": 0.0, "maxiter": limit, "maxfun": 10 * limit}
        return minimize(rosen, start, jac=rosen_der, method="L-BFGS-B", options=options)

    outcome = run()
    results.add(f"n = {n}", contender, median(run, total=3.0) / outcome.nit)
    results.add(f"n = {n}, iterations", contender, outcome.nit)
    results.add(f"n = {n}, evaluations", contender, outcome.nfev)
    results.add(f"n = {n}, value at the end", contender, float(outcome.fun))
results.print()
