"""The tasks of the cuda section in torch on a graphics processor, each by the fastest of its ways, seconds; and memory, MiB."""
import subprocess
import time

import torch

from network import task, transforms
from timing import Results

results = Results("torch " + torch.__version__)
contender = "PyTorch"
module = transforms()
SMALL, MIDDLE, LARGE = "64-10-10-10", "64-32-20-10", "64-56-20-10"


def best(work):
    """The best of a few: a graphics processor works on until somebody reads."""

    def once():
        start = time.perf_counter()
        work().reshape(-1)[0].item()
        return time.perf_counter() - start

    began = time.perf_counter()
    times = [once(), once()]
    while len(times) < 5 and time.perf_counter() - began < 1.0:
        times.append(once())
    return min(times)


def used():
    command = ["nvidia-smi", "--query-gpu=memory.used", "--format=csv,noheader,nounits", "--id=0"]
    return float(subprocess.run(command, capture_output=True, text=True, check=True).stdout)


def on_device(sizes):
    loss, parameters, inputs, classes = task(sizes)
    inputs, classes = inputs.cuda(), classes.cuda()
    return lambda p: loss(p, inputs, classes), parameters.cuda()


def hessians(f, parameters):
    identity = torch.eye(parameters.numel(), device="cuda")

    def along(v):
        return module.jvp(module.grad(f), (parameters,), (v,))[1]

    return {
        "vmap": lambda: module.vmap(along)(identity),
        "hessian": lambda: module.hessian(f)(parameters),
        "autograd": lambda: torch.autograd.functional.hessian(f, parameters, vectorize=True),
    }


if not torch.cuda.is_available():
    results.print()
    raise SystemExit
# What the libraries take for themselves is in use before the first task.
small = torch.eye(8, device="cuda", dtype=torch.float64)
torch.linalg.eigh(small @ small)
torch.linalg.solve(small, small)
before = used()
for name, dtype in (("float64", torch.float64), ("float32", torch.float32)):
    torch.set_default_dtype(dtype)

    def add(row, work):
        results.add(f"{row}, {name}", contender, best(work))

    # First, so that nothing else has asked for memory.
    for sizes in (LARGE, MIDDLE):
        f, parameters = on_device(sizes)
        n = parameters.numel()
        row = f"exact Hessian of {n} parameters, {name}"
        ways = {} if module is None else hessians(f, parameters)
        times = []
        for way, work in ways.items():
            times.append(best(work))
            if (name, sizes, way) == ("float64", LARGE, "vmap"):
                results.add("memory", contender, used() - before)
        if times:
            results.add(row, contender, min(times))
        else:
            results.miss(row, contender, "no torch.func")

    for n in (1024, 4096):
        a, b = torch.randn(n, n, device="cuda"), torch.randn(n, n, device="cuda")
        add(f"product of matrices of order {n}", lambda: a @ b)
    x = torch.randn(1_000_000, device="cuda")
    add("exp(-x) x + x of 1000000 numbers", lambda: torch.exp(-x) * x + x)

    f, parameters = on_device(MIDDLE)
    leaf = parameters.clone().requires_grad_(True)
    add(f"gradient of {leaf.numel()} parameters", lambda: torch.autograd.grad(f(leaf), leaf)[0])

    for sizes in (SMALL, MIDDLE, LARGE):
        f, parameters = on_device(sizes)
        n = parameters.numel()
        h = torch.autograd.functional.hessian(f, parameters, vectorize=True)
        leaf = parameters.clone().requires_grad_(True)
        (g,) = torch.autograd.grad(f(leaf), leaf)

        def move():
            values, vectors = torch.linalg.eigh(h)
            size = values.abs()
            return vectors @ ((vectors.T @ g) / (size + 0.01 * size.max()))

        add(f"saddle-free Newton's move from a Hessian of order {n}", move)
results.print()
