"""Matrix products in torch, GFLOP/s."""
import torch

from shapes import SHAPES
from timing import Results, median

torch.set_default_dtype(torch.float64)
results = Results("torch " + torch.__version__)
for m, k, n in SHAPES:
    a, b, c = torch.rand(m, k), torch.rand(k, n), torch.empty(m, n)
    seconds = median(lambda: torch.matmul(a, b, out=c))
    results.add(f"({m}, {k}) ({k}, {n})", "torch", 2.0 * m * k * n / seconds / 1e9)
results.print()
