"""Value and gradient of networks with torch.autograd, at the sizes of the compiled section."""
import torch

from network import task
from timing import Results, median

torch.set_default_dtype(torch.float64)
results = Results("torch " + torch.__version__)
for sizes, batch in (("64-10-10-10", 256), ("784-256-128-10", 128)):
    loss, parameters, inputs, classes = task(sizes, batch)
    leaf = parameters.clone().requires_grad_(True)

    def gradient():
        return torch.autograd.grad(loss(leaf, inputs, classes), leaf)

    results.add(sizes, "torch.autograd", median(gradient))
results.print()
