"""Value, gradient, Hessian product and per-example gradients of networks with torch.autograd and functorch."""
import torch

from network import SIZES, task, transforms
from timing import Results, median

torch.set_default_dtype(torch.float64)
results = Results("torch " + torch.__version__)
module = transforms()
for sizes in SIZES:
    loss, parameters, inputs, classes = task(sizes)
    leaf = parameters.clone().requires_grad_(True)

    def f(p):
        return loss(p, inputs, classes)

    def value():
        with torch.no_grad():
            return f(parameters)

    def gradient():
        return torch.autograd.grad(f(leaf), leaf)

    def product():
        (g,) = torch.autograd.grad(f(leaf), leaf, create_graph=True)
        return torch.autograd.grad(g, leaf, parameters)

    def each():
        return [torch.autograd.grad(loss(leaf, x, y), leaf)[0] for x, y in zip(inputs, classes)]

    for part, work in (("value", value), ("gradient", gradient), ("Hessian product", product)):
        results.add(f"{sizes}, {part}", "torch.autograd", median(work))
    results.add(f"{sizes}, per-example gradients", "torch.autograd", median(each))

    if module is None:
        for part in ("value", "gradient", "Hessian product", "per-example gradients"):
            results.miss(f"{sizes}, {part}", "functorch", "not installed")
    else:
        grad, jvp, vmap = module.grad, module.jvp, module.vmap

        def forward_over_reverse():
            return jvp(grad(f), (parameters,), (parameters,))

        def batched():
            return vmap(grad(loss), (None, 0, 0))(parameters, inputs, classes)

        results.add(f"{sizes}, gradient", "functorch", median(lambda: grad(f)(parameters)))
        results.add(f"{sizes}, Hessian product", "functorch", median(forward_over_reverse))
        results.add(f"{sizes}, per-example gradients", "functorch", median(batched))
results.print()
