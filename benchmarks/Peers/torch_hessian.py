"""Exact Hessians of networks with functorch (or torch.func) and torch.autograd.functional."""
import torch

from network import SIZES, task, transforms
from timing import Results, median

torch.set_default_dtype(torch.float64)
results = Results("torch " + torch.__version__)
module = transforms()
for sizes in SIZES:
    loss, parameters, inputs, classes = task(sizes)
    is_small = parameters.numel() < 1000

    def f(p):
        return loss(p, inputs, classes)

    def few(work):
        return median(work, warm_up=0.2 if is_small else 0.0, total=2.0)

    def autograd(vectorize):
        return torch.autograd.functional.hessian(f, parameters, vectorize=vectorize)

    if module is None:
        results.miss(sizes, "functorch", "not installed")
    else:
        results.add(sizes, "functorch", few(lambda: module.hessian(f)(parameters)))
    if is_small:
        results.add(sizes, "torch.autograd", few(lambda: autograd(False)))
    else:
        results.miss(sizes, "torch.autograd", "too slow")
    results.add(sizes, "torch.autograd vectorized", few(lambda: autograd(True)))
results.print()
