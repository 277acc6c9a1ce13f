"""torch.optim.LBFGS with strong Wolfe on chained Rosenbrock, differentiated by torch.autograd."""
import torch

from timing import Results, median

torch.set_default_dtype(torch.float64)
results = Results("torch " + torch.__version__)
contender = "torch LBFGS"


def f(x):
    before, after = x[:-1], x[1:]
    return torch.sum(100.0 * (after - before**2) ** 2 + (1.0 - before) ** 2)


for n, limit in ((2, 1000), (10000, 100)):
    start = torch.tensor([-1.2, 1.0]).repeat(n // 2)

    def run():
        x = start.clone().requires_grad_(True)
        optimizer = torch.optim.LBFGS(
            [x],
            max_iter=limit,
            max_eval=10 * limit,
            history_size=10,
            tolerance_grad=1e-6,
            tolerance_change=0.0,
            line_search_fn="strong_wolfe",
        )

        def closure():
            optimizer.zero_grad()
            y = f(x)
            y.backward()
            return y

        optimizer.step(closure)
        state = optimizer.state[x]
        return state["n_iter"], state["func_evals"], f(x).item()

    iterations, evaluations, value = run()
    results.add(f"n = {n}", contender, median(run, total=3.0) / iterations)
    results.add(f"n = {n}, iterations", contender, iterations)
    results.add(f"n = {n}, evaluations", contender, evaluations)
    results.add(f"n = {n}, value at the end", contender, value)
results.print()
