"""Noising on the log-SNR clock: `z = a x + b eps`, `a^2 = sigmoid(lam)`, `b^2 = sigmoid(-lam)`."""

from collections.abc import Iterator

import jax
import jax.numpy as jnp
import numpy as np


def decoded(x):
    """Return data as the process sees it: uint8 pixels become [0, 1], the paper's scale.

    Vectors stay as they are. x is a NumPy or JAX array of any shape.
    """
    return x.astype(np.float32) / 255 if x.dtype == np.uint8 else x


def blocks(n: int, size: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Numbers of n examples in as few blocks of at most `size` as there can be: those of a block,
    and as many as a whole block has, of which the first are they. One shape is compiled once, and
    blocks are alike, so that few examples are taken twice.
    """
    size = -(-n // -(-n // size)) if n else 1
    for start in range(0, n, size):
        rows = np.arange(start, min(start + size, n))
        yield rows, np.resize(rows, size)


def expand(coefficient: jax.Array, like: jax.Array) -> jax.Array:
    """Reshape one coefficient per example, `(N,)`, to `(N, 1, ..., 1)` of the rank of `like`."""
    return coefficient.reshape(coefficient.shape + (1,) * (like.ndim - coefficient.ndim))


def coefficients(lam: jax.Array, like: jax.Array) -> tuple[jax.Array, jax.Array]:
    """Return `(a, b)` at log-SNR `lam` `(N,)`, shaped to multiply `like` `(N, ...)`."""
    lam = expand(lam, like)
    return jnp.sqrt(jax.nn.sigmoid(lam)), jnp.sqrt(jax.nn.sigmoid(-lam))


def noised(x: jax.Array, lam: jax.Array, eps: jax.Array) -> tuple[jax.Array, jax.Array]:
    """Return noised data and the target of v-prediction, both of the shape of x `(N, ...)`.

    z = a x + b eps,   v = a eps - b x
    """
    a, b = coefficients(lam, x)
    return a * x + b * eps, a * eps - b * x
