"""Factorizations of growing order in torch, seconds for one."""
import torch

from timing import Results, quick

torch.set_default_dtype(torch.float64)
results = Results("torch " + torch.__version__)
contender = "PyTorch"
with torch.no_grad():
    for n in (10, 50, 200, 600):
        a = torch.randn(n, n)
        a = a @ a.T / n + torch.eye(n)
        b = a[:, :1].contiguous()
        results.add(f"Cholesky, n = {n}", contender, quick(lambda: torch.linalg.cholesky(a)))
        results.add(f"solve, one right side, n = {n}", contender, quick(lambda: torch.linalg.solve(a, b)))
        results.add(f"symmetric eigenvectors, n = {n}", contender, quick(lambda: torch.linalg.eigh(a)))
results.print()
