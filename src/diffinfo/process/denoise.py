"""Views of one field. A *denoiser* is any callable

    denoiser(z, lam, y=None) -> v_hat        z: (N, ...), lam: (N,), y: (N, ...) condition or labels (N,); None = unconditional

that returns the v-prediction `v_hat = E[a eps - b x | z]`, of the shape of `z`. It is a JAX pytree,
so it passes through `jax.jit` as an argument: exact denoisers (`process/exact.py`) and networks
(`nn/build.py`) are interchangeable everywhere.

    eps_hat = b z + a v_hat,   x_hat = a z - b v_hat,   e_hat = -(a / b) v_hat,   score = e_hat - z = -eps_hat / b
"""

from collections.abc import Callable

import jax
import jax.numpy as jnp

from diffinfo.process.forward import coefficients

Denoiser = Callable[..., jax.Array]


def eps_hat(v_hat: jax.Array, z: jax.Array, lam: jax.Array) -> jax.Array:
    """Noise prediction E[eps | z]."""
    a, b = coefficients(lam, z)
    return b * z + a * v_hat


def x_hat(v_hat: jax.Array, z: jax.Array, lam: jax.Array) -> jax.Array:
    """Data prediction E[x | z]."""
    a, b = coefficients(lam, z)
    return a * z - b * v_hat


@jax.jit
def denoised(denoiser: Denoiser, y, z: jax.Array, lam: jax.Array) -> jax.Array:
    """E[x | z] of all rows at one log-SNR `lam`: the last step of a sampler."""
    lam = jnp.full(z.shape[0], lam)
    return x_hat(denoiser(z, lam, y), z, lam)


def e_hat(v_hat: jax.Array, z: jax.Array, lam: jax.Array) -> jax.Array:
    """Entropy-matching field of Eq. (5), `z + grad log p`; its optimum vanishes where p = p_eq =
    N(0, I).
    """
    a, b = coefficients(lam, z)
    return -(a / b) * v_hat


def score(v_hat: jax.Array, z: jax.Array, lam: jax.Array) -> jax.Array:
    """Score grad log p(z) (Tweedie / Miyasawa, Eq. 37)."""
    return e_hat(v_hat, z, lam) - z


def gaussian_v(
    residual: jax.Array,
    mean: jax.Array,
    variance: jax.Array,
    total: jax.Array,
    a: jax.Array,
    b: jax.Array,
) -> jax.Array:
    """E[v | z] of data N(mean, variance I): `a b (1 - variance) residual / total - b mean`.

    Here `residual = z - a mean`, and `total = a^2 variance + b^2` is the variance of z. Nothing
    cancels at either end of the log-SNR axis.
    """
    return a * b * (1 - variance) / total * residual - b * mean


def precondition(
    output: jax.Array, z: jax.Array, lam: jax.Array, mean: jax.Array, std: jax.Array
) -> jax.Array:
    """v-prediction from a network's unit-scale `output`: the exact field of N(mean, std^2 I) plus
    the scaled output.

    Under that Gaussian z has variance `total = a^2 std^2 + b^2` and `Var[v | z] = std^2 / total`,
    so the target left to the network has unit variance at every noise level. At mean 0, std 1 this
    is the identity: such a network stores nothing when p_d = p_eq. (The role of EDM's c_skip and
    c_out, for v.)
    """
    a, b = coefficients(lam, z)
    total = (a * std) ** 2 + b**2
    return gaussian_v(z - a * mean, mean, std**2, total, a, b) + std / jnp.sqrt(total) * output


def network_input(z: jax.Array, lam: jax.Array, mean: jax.Array, std: jax.Array) -> jax.Array:
    """`z` standardised under N(mean, std^2 I) data: the input that goes with `precondition`."""
    a, b = coefficients(lam, z)
    return (z - a * mean) / jnp.sqrt((a * std) ** 2 + b**2)
