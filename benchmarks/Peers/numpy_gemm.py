"""Matrix products in NumPy, GFLOP/s."""
import numpy

from shapes import SHAPES
from timing import Results, median

results = Results("NumPy " + numpy.__version__)
generator = numpy.random.default_rng(1)
for m, k, n in SHAPES:
    a, b, c = generator.random((m, k)), generator.random((k, n)), numpy.empty((m, n))
    seconds = median(lambda: numpy.matmul(a, b, out=c))
    results.add(f"({m}, {k}) ({k}, {n})", "NumPy", 2.0 * m * k * n / seconds / 1e9)
results.print()
