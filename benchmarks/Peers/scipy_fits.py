"""SciPy's curve_fit, one fit after the other, on a sample: fits a second."""
import numpy
import scipy
from scipy.optimize import curve_fit

from timing import Results, median

SAMPLE = 100
results = Results("SciPy " + scipy.__version__)
generator = numpy.random.default_rng(1)
t = numpy.linspace(0.0, 4.0, 50)
lows, highs = (1.0, 0.5, 0.0), (3.0, 2.0, 1.0)


def f(t, a, b, c):
    return a * numpy.exp(-b * t) + c


data = [f(t, *generator.uniform(lows, highs)) + 0.02 * generator.standard_normal(t.size) for _ in range(SAMPLE)]


def fits():
    return [curve_fit(f, t, y, p0=(y[0] - y[-1], 1.0, y[-1])) for y in data]


results.add("100000 fits of 3 numbers to 50 points", "SciPy curve_fit", SAMPLE / median(fits))
results.print()
