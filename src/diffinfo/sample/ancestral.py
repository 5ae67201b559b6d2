"""Stochastic sampling: the ancestral (DDPM) chain on any grid of log-SNRs."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np

from diffinfo.process.denoise import Denoiser, denoised, x_hat
from diffinfo.process.forward import coefficients


@partial(jax.jit, static_argnames=("shape", "whole"))
def _chain(denoiser, y, key, lams, shape, whole):
    start_key, chain_key = jax.random.split(key)
    z = jax.random.normal(start_key, shape)

    def step(z, inputs):
        low, high, noise_key = inputs
        low, high = jnp.full(shape[0], low), jnp.full(shape[0], high)
        (a, b), (a_next, b_next) = coefficients(low, z), coefficients(high, z)
        # Posterior of z_next given z and x: r = SNR(low) / SNR(high) is the share of the way not
        # yet gone.
        ratio = jnp.exp(low - high).reshape(b.shape)
        mean = ratio * (a_next / a) * z + (1 - ratio) * a_next * x_hat(denoiser(z, low, y), z, low)
        z = mean + b_next * jnp.sqrt(1 - ratio) * jax.random.normal(noise_key, shape)
        return z, z if whole else None

    keys = jax.random.split(chain_key, len(lams) - 1)
    last, path = jax.lax.scan(step, z, (lams[:-1], lams[1:], keys))
    return last, jnp.concatenate([z[None], path]) if whole else None


def ancestral_path(
    denoiser: Denoiser, y, shape: tuple[int, ...], lams: np.ndarray, key: jax.Array
) -> jax.Array:
    """Positions `(K + 1, N, ...)` of N = shape[0] chains at each of the increasing log-SNRs `lams`
    `(K + 1,)`.
    """
    return _chain(denoiser, y, key, jnp.asarray(lams, jnp.float32), tuple(shape), whole=True)[1]


def sample_ancestral(
    denoiser: Denoiser, y, shape: tuple[int, ...], lams: np.ndarray, key: jax.Array
) -> jax.Array:
    """Samples `shape` = `(N, ...)` along increasing log-SNRs `lams` `(K + 1,)`, then the denoised
    mean.

    y: conditions of N rows, or None for the unconditional field. First order: the error in
    distribution falls like 1/K.
    """
    z, _ = _chain(denoiser, y, key, jnp.asarray(lams, jnp.float32), tuple(shape), whole=False)
    return denoised(denoiser, y, z, lams[-1])
