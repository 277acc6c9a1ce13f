"""Medians of batches, printed as JSON on the last line."""
import json
import statistics
import time


def median(work, warm_up=0.3, batch=0.05, batches=7, total=1.5):
    """Seconds for one call: the median of several batches."""
    work()
    began = time.perf_counter()
    calls = 0
    while calls < 1 or time.perf_counter() - began < warm_up:
        work()
        calls += 1
    each = (time.perf_counter() - began) / calls
    size = max(1, int(batch / each))
    times = []
    began = time.perf_counter()
    while len(times) < 3 or (len(times) < batches and time.perf_counter() - began < total):
        start = time.perf_counter()
        for _ in range(size):
            work()
        times.append((time.perf_counter() - start) / size)
    return statistics.median(times)


def quick(work):
    """As median, for tables of many rows."""
    return median(work, warm_up=0.1, batch=0.02, batches=7, total=0.4)


def thrice(work):
    """Seconds for one call of work that takes long: the median of three after one."""
    work()
    times = []
    for _ in range(3):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return statistics.median(times)


class Results:
    def __init__(self, library):
        self.library = library
        self.results = []

    def add(self, row, contender, value):
        self.results.append({"row": row, "contender": contender, "value": value})

    def miss(self, row, contender, why):
        self.results.append({"row": row, "contender": contender, "missing": why})

    def print(self):
        print(json.dumps({"library": self.library, "results": self.results}))
