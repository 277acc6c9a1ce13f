"""Products of long vectors in torch, seconds for one."""
import torch

from timing import Results, quick

torch.set_default_dtype(torch.float64)
results = Results("torch " + torch.__version__)
with torch.no_grad():
    for megabytes in (24, 40, 80, 160):
        x = torch.full((megabytes * 125_000,), 1.5)
        results.add(f"x y, a result of {megabytes} MB", "PyTorch", quick(lambda: x * x))
results.print()
