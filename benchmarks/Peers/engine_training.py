"""Steps of training a network with torch.nn and torch.optim in single precision, seconds for one."""
import inspect

import torch

from timing import Results, median

SIZES, BATCH = (784, 256, 128, 10), 128
results = Results("torch " + torch.__version__)
generator = torch.Generator().manual_seed(1)
inputs = torch.rand(BATCH, SIZES[0], generator=generator)
classes = torch.arange(BATCH) % SIZES[-1]


def step(create):
    layers = []
    for a, b in zip(SIZES, SIZES[1:]):
        layers += [torch.nn.Linear(a, b), torch.nn.Tanh()]
    model = torch.nn.Sequential(*layers[:-1])
    optimizer = create(model.parameters())

    def run():
        optimizer.zero_grad(set_to_none=True)
        torch.nn.functional.cross_entropy(model(inputs), classes).backward()
        optimizer.step()

    return run


for name, kind, rate in (("SGD", torch.optim.SGD, 1e-3), ("Adam", torch.optim.Adam, 1e-4)):
    ways = [{"foreach": False}, {"foreach": True}] if "foreach" in inspect.signature(kind).parameters else [{}]
    if "fused" in inspect.signature(kind).parameters and torch.__version__ >= "2.4":
        ways.append({"fused": True})
    times = [median(step(lambda p: kind(p, lr=rate, **way)), total=1.0) for way in ways]
    results.add(name, "PyTorch", min(times))
results.print()
