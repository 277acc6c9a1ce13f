"""Rosenbrock's function with torch.autograd, double precision."""
import torch

from timing import Results, median

torch.set_default_dtype(torch.float64)
results = Results("torch " + torch.__version__)


def f(x):
    before, after = x[:-1], x[1:]
    return torch.sum(100.0 * (after - before**2) ** 2 + (1.0 - before) ** 2)


for n in (2, 10, 1000, 100000):
    plain = torch.tensor([-1.2, 1.0]).repeat(n // 2)
    x = plain.clone().requires_grad_(True)
    v = torch.full((n,), 0.5)

    def value():
        with torch.no_grad():
            return f(plain).item()

    def gradient():
        y = f(x)
        (g,) = torch.autograd.grad(y, x)
        return y.item(), g

    def product():
        (g,) = torch.autograd.grad(f(x), x, create_graph=True)
        return torch.autograd.grad(g, x, v)

    results.add(f"n = {n}, value", "torch.autograd", median(value))
    results.add(f"n = {n}, value and gradient", "torch.autograd", median(gradient))
    results.add(f"n = {n}, Hessian product", "torch.autograd", median(product))
results.print()
