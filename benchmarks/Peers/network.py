"""The network of the benchmarks in torch: tanh between dense layers, softmax cross-entropy, flat parameters."""
import torch

BATCH = 256
SIZES = ("64-10-10-10", "64-32-20-10")


def task(sizes, batch=BATCH):
    """The loss of (parameters, inputs, classes), parameters, inputs and classes."""
    widths = [int(part) for part in sizes.split("-")]
    generator = torch.Generator().manual_seed(1)
    count = sum(a * b + b for a, b in zip(widths, widths[1:]))
    parameters = 0.3 * torch.randn(count, generator=generator)
    inputs = torch.rand(batch, widths[0], generator=generator)
    classes = torch.randint(0, widths[-1], (batch,), generator=generator)

    def outputs(p, x):
        at = 0
        for layer, (a, b) in enumerate(zip(widths, widths[1:])):
            weights = p[at : at + a * b].reshape(a, b)
            biases = p[at + a * b : at + a * b + b]
            at += a * b + b
            x = x @ weights + biases
            if layer < len(widths) - 2:
                x = torch.tanh(x)
        return x

    # Not cross_entropy, which has no forward derivative in some versions.
    def loss(p, x, y):
        z = outputs(p, x)
        chosen = torch.gather(z, -1, y.unsqueeze(-1)).squeeze(-1)
        return (torch.logsumexp(z, -1) - chosen).mean()

    return loss, parameters, inputs, classes


def transforms():
    """The module with grad, vmap, jvp and hessian: torch.func, or functorch before it; None without both."""
    try:
        import torch.func

        return torch.func
    except ImportError:
        pass
    try:
        import functorch

        return functorch
    except ImportError:
        return None
