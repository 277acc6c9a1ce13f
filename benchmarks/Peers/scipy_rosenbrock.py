"""SciPy's own Rosenbrock function; its derivatives are written by hand, in NumPy."""
import numpy
import scipy
from scipy.optimize import rosen, rosen_der, rosen_hess_prod

from timing import Results, median

results = Results("SciPy " + scipy.__version__)
for n in (2, 10, 1000, 100000):
    x = numpy.tile([-1.2, 1.0], n // 2)
    v = numpy.full(n, 0.5)
    results.add(f"n = {n}, value", "SciPy by hand", median(lambda: rosen(x)))
    results.add(f"n = {n}, value and gradient", "SciPy by hand", median(lambda: (rosen(x), rosen_der(x))))
    results.add(f"n = {n}, Hessian product", "SciPy by hand", median(lambda: rosen_hess_prod(x, v)))
results.print()
