"""Rosenbrock's function with JAX, compiled, double precision."""
import jax
import jax.numpy as jnp

from timing import Results, median

jax.config.update("jax_enable_x64", True)
results = Results("JAX " + jax.__version__)


def f(x):
    before, after = x[:-1], x[1:]
    return jnp.sum(100.0 * (after - before**2) ** 2 + (1.0 - before) ** 2)


def product(x, v):
    return jax.jvp(jax.grad(f), (x,), (v,))[1]


value_and_gradient, hessian_product = jax.jit(jax.value_and_grad(f)), jax.jit(product)
for n in (2, 1000, 100000):
    x = jnp.tile(jnp.array([-1.2, 1.0]), n // 2)
    v = jnp.full(n, 0.5)
    results.add(
        f"n = {n}, value and gradient", "JAX", median(lambda: jax.block_until_ready(value_and_gradient(x)))
    )
    results.add(f"n = {n}, Hessian product", "JAX", median(lambda: jax.block_until_ready(hessian_product(x, v))))
results.print()
