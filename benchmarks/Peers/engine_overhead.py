"""One operation on 10 numbers in torch, seconds."""
import torch

from timing import Results, quick

torch.set_default_dtype(torch.float64)
results = Results("torch " + torch.__version__)
n = 10
x, y = torch.rand(n) + 0.1, torch.rand(n) + 0.1
a, b = torch.rand(2, 5), torch.rand(5, 2)
truth, indices = x > y, torch.arange(n).flip(0)
OPERATIONS = {
    "x + y": lambda: x + y,
    "x y": lambda: x * y,
    "2 x + 1": lambda: 2.0 * x + 1.0,
    "exp x": lambda: torch.exp(x),
    "x > y": lambda: x > y,
    "where": lambda: torch.where(truth, x, y),
    "maximum": lambda: torch.maximum(x, y),
    "float32 of x": lambda: x.to(torch.float32),
    "sum of x": lambda: x.sum(),
    "largest of x": lambda: x.amax(),
    "position of the largest": lambda: x.argmax(0),
    "running sum": lambda: x.cumsum(0),
    "(2, 5) (5, 2)": lambda: a @ b,
    "transpose": lambda: a.transpose(0, 1),
    "reshape": lambda: a.reshape(10),
    "slice": lambda: x[2:8],
    "expand": lambda: x.expand(4, n),
    "concat": lambda: torch.cat([x, y]),
    "index select": lambda: torch.index_select(x, 0, indices),
    "gather": lambda: torch.gather(x, 0, indices),
    "zeros": lambda: torch.zeros(n),
}
with torch.no_grad():
    for name, work in OPERATIONS.items():
        results.add(name, "PyTorch", quick(work))
results.print()
