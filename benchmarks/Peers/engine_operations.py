"""Operations of growing size in torch, seconds for one."""
import torch

from timing import Results, quick

torch.set_default_dtype(torch.float64)
results = Results("torch " + torch.__version__)
contender = "PyTorch"


def numbers(*shape):
    return 2.0 * torch.rand(*shape) - 1.0


def rosenbrock(x):
    before, after = x[:-1], x[1:]
    return torch.sum(100.0 * (after - before**2) ** 2 + (1.0 - before) ** 2)


with torch.no_grad():
    for n in (10, 100, 1_000, 10_000, 100_000, 1_000_000):
        x, y = numbers(n), numbers(n)
        results.add(f"x y, n = {n}", contender, quick(lambda: x * y))
        results.add(f"exp(-x) x + x, n = {n}", contender, quick(lambda: torch.exp(-x) * x + x))
        results.add(f"sum of x, n = {n}", contender, quick(lambda: x.sum()))
        if n >= 100:
            rows = x.reshape(-1, 100)
            results.add(f"softmax of rows of 100, n = {n}", contender, quick(lambda: torch.softmax(rows, 1)))
    for n in (4, 16, 64, 256, 1024):
        a, b = numbers(n, n), numbers(n, n)
        results.add(f"product of matrices, n = {n}", contender, quick(lambda: a @ b))

for n in (10, 1_000, 100_000):
    x = torch.tensor([-1.2, 1.0]).repeat(n // 2).requires_grad_(True)

    def gradient():
        return torch.autograd.grad(rosenbrock(x), x)

    results.add(f"Rosenbrock, value and gradient, n = {n}", contender, quick(gradient))
results.print()
