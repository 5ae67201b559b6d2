"""Noising on the log-SNR clock: `z = a x + b eps`, `a^2 = sigmoid(lam)`, `b^2 = sigmoid(-lam)`."""

import jax
import jax.numpy as jnp
import numpy as np


def decoded(x):
    """Data as the process sees it: uint8 pixels become [0, 1] (the paper's scale), vectors stay.
    NumPy or JAX, any shape.
    """
    return x.astype(np.float32) / 255 if x.dtype == np.uint8 else x


def expand(coefficient: jax.Array, like: jax.Array) -> jax.Array:
    """Reshape per-example `(N,)` to `(N, 1, ..., 1)` with the rank of `like`."""
    return coefficient.reshape(coefficient.shape + (1,) * (like.ndim - coefficient.ndim))


def coefficients(lam: jax.Array, like: jax.Array) -> tuple[jax.Array, jax.Array]:
    """`(a, b)` at log-SNR `lam` of shape `(N,)`, shaped to multiply `like` of shape `(N, ...)`."""
    lam = expand(lam, like)
    return jnp.sqrt(jax.nn.sigmoid(lam)), jnp.sqrt(jax.nn.sigmoid(-lam))


def noised(x: jax.Array, lam: jax.Array, eps: jax.Array) -> tuple[jax.Array, jax.Array]:
    """Noised data and the v-target: `z = a x + b eps`, `v = a eps - b x`, both of the shape of `x`,
    `(N, ...)`.
    """
    a, b = coefficients(lam, x)
    return a * x + b * eps, a * eps - b * x
