"""Views of one field. A *denoiser* is any callable

    denoiser(z, lam, y=None) -> v_hat

that returns the v-prediction `v_hat = E[a eps - b x | z]`, of the shape of z `(N, ...)`. Here lam
is the log-SNR `(N,)`, and y holds conditions `(N, ...)` or labels `(N,)`, or is None for the
unconditional field. A denoiser is a JAX pytree, so it passes through `jax.jit` as an argument.
Exact denoisers (`exact/denoisers.py`) and networks (`nn/build.py`) are interchangeable everywhere.
One whose fields share work may have a method `at(z, lam)` that returns them as a function of y.

    eps_hat = b z + a v_hat,         x_hat = a z - b v_hat,
    e_hat   = -(a / b) v_hat,        score = e_hat - z = -eps_hat / b
"""

from collections.abc import Callable
from functools import partial

import jax
import jax.numpy as jnp

from diffinfo.process.forward import coefficients

Denoiser = Callable[..., jax.Array]


def at(denoiser: Denoiser, z: jax.Array, lam: jax.Array) -> Callable[..., jax.Array]:
    """Return the fields at z `(N, ...)` and lam `(N,)`, `y=None -> v_hat`, so that denoisers which
    can compute only once what does not depend on y.
    """
    own = getattr(denoiser, "at", None)
    return partial(denoiser, z, lam) if own is None else own(z, lam)


def eps_hat(v_hat: jax.Array, z: jax.Array, lam: jax.Array) -> jax.Array:
    """Return the noise prediction E[eps | z], `(N, ...)`."""
    a, b = coefficients(lam, z)
    return b * z + a * v_hat


def x_hat(v_hat: jax.Array, z: jax.Array, lam: jax.Array) -> jax.Array:
    """Return the data prediction E[x | z], `(N, ...)`."""
    a, b = coefficients(lam, z)
    return a * z - b * v_hat


def v_of(x_hat: jax.Array, z: jax.Array, lam: jax.Array) -> jax.Array:
    """Return the v-prediction of a data prediction `x_hat` = E[x | z], `(N, ...)`.

    It is `(a z - x_hat) / b`, so arranged that as little as possible cancels at high log-SNR.
    """
    a, b = coefficients(lam, z)
    return a * (z - a * x_hat) / b - b * x_hat


@jax.jit
def denoised(denoiser: Denoiser, y, z: jax.Array, lam: jax.Array) -> jax.Array:
    """Return E[x | z] of all rows z `(N, ...)` at one log-SNR `lam`: a sampler's last step."""
    lam = jnp.full(z.shape[0], lam)
    return x_hat(denoiser(z, lam, y), z, lam)


def v_of_e(e_hat: jax.Array, lam: jax.Array) -> jax.Array:
    """Return the v-prediction of an entropy-matching field, `-(b / a) e_hat`, `(N, ...)`."""
    a, b = coefficients(lam, e_hat)
    return -(b / a) * e_hat


def e_hat(v_hat: jax.Array, z: jax.Array, lam: jax.Array) -> jax.Array:
    """Return the entropy-matching field of Eq. (5), `z + grad log p`, `(N, ...)`.

    Its optimum vanishes where p is the equilibrium N(0, I).
    """
    a, b = coefficients(lam, z)
    return -(a / b) * v_hat


def score(v_hat: jax.Array, z: jax.Array, lam: jax.Array) -> jax.Array:
    """Return the score grad log p(z), `(N, ...)` (Tweedie / Miyasawa, Eq. 37)."""
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
    """Return the v-prediction that a network's `output` `(N, ...)`, of unit scale, stands for.

    It is the exact field of N(mean, std^2 I) data plus the scaled output.
    Under that Gaussian z has variance `total = a^2 std^2 + b^2` and `Var[v | z] = std^2 / total`,
    so the target left to the network has unit variance at every noise level. At mean 0, std 1 this
    is the identity: such a network stores nothing when p_d = p_eq. (The role of EDM's c_skip and
    c_out, for v.)
    """
    a, b = coefficients(lam, z)
    total = (a * std) ** 2 + b**2
    return gaussian_v(z - a * mean, mean, std**2, total, a, b) + std / jnp.sqrt(total) * output


def network_input(z: jax.Array, lam: jax.Array, mean: jax.Array, std: jax.Array) -> jax.Array:
    """Return z standardised under N(mean, std^2 I) data, the input that suits `precondition`."""
    a, b = coefficients(lam, z)
    return (z - a * mean) / jnp.sqrt((a * std) ** 2 + b**2)
