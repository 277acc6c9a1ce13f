"""SciPy's L-BFGS-B through the whole valley of chained Rosenbrock, with the derivative written by hand."""
import time

import numpy
import scipy
from scipy.optimize import minimize, rosen, rosen_der

from timing import Results

LENGTH, LIMIT = 10000, 60.0
results = Results("SciPy " + scipy.__version__)
row, contender = f"n = {LENGTH}", "SciPy L-BFGS-B"
began = time.perf_counter()


class OutOfTime(Exception):
    pass


def f(x):
    if time.perf_counter() - began > LIMIT:
        raise OutOfTime
    return rosen(x)


try:
    options = {"maxcor": 10, "gtol": 1e-6, "ftol": 0.0, "maxiter": 10**7, "maxfun": 10**8}
    start = numpy.tile([-1.2, 1.0], LENGTH // 2)
    outcome = minimize(f, start, jac=rosen_der, method="L-BFGS-B", options=options)
    seconds = time.perf_counter() - began
    if numpy.abs(outcome.jac).max() <= 1e-6:
        results.add(row, contender, seconds)
    else:
        results.miss(row, contender, "gave up")
except OutOfTime:
    results.miss(row, contender, f"over {LIMIT:g} s")
results.print()
