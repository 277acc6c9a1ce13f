"""Gradients and exact Hessians of networks in torch, each by the fastest of its ways, seconds."""
import torch

from network import SIZES, task, transforms
from timing import Results, quick, thrice

torch.set_default_dtype(torch.float64)
results = Results("torch " + torch.__version__)
contender = "PyTorch"
module = transforms()
for sizes in SIZES:
    loss, parameters, inputs, classes = task(sizes)
    n = parameters.numel()
    leaf = parameters.clone().requires_grad_(True)

    def f(p):
        return loss(p, inputs, classes)

    def by_autograd():
        return torch.autograd.grad(f(leaf), leaf)

    results.add(f"gradient, n = {n}", contender, quick(by_autograd))

    def vectorized():
        return torch.autograd.functional.hessian(f, parameters, vectorize=True)

    ways = [vectorized]
    if module is not None:
        identity = torch.eye(n)

        def along(v):
            return module.jvp(module.grad(f), (parameters,), (v,))[1]

        ways.append(lambda: module.hessian(f)(parameters))
        ways.append(lambda: module.vmap(along)(identity))
    results.add(f"Hessian, n = {n}", contender, min(thrice(way) for way in ways))
results.print()
