"""Deterministic sampling: the probability-flow ODE on the log-SNR clock.

With `dz = -beta/2 (z + score) ds` and `beta ds = -(1 - alpha) dlam`, the flow is   dz/dlam = -(a b / 2) v_hat(z, lam).
"""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np

from diffinfo.process.denoise import Denoiser, denoised
from diffinfo.process.forward import coefficients


@partial(jax.jit, static_argnames="whole")
def _heun(denoiser, y, start, lams, whole):
    """The last positions, and the path `(K, N, ...)` to them if it is wanted as a whole."""

    def slope(z, lam):
        lam = jnp.full(z.shape[0], lam)
        a, b = coefficients(lam, z)
        return -0.5 * a * b * denoiser(z, lam, y)

    def step(z, interval):
        low, high = interval
        first = slope(z, low)
        second = slope(z + (high - low) * first, high)
        z = z + 0.5 * (high - low) * (first + second)
        return z, z if whole else None

    return jax.lax.scan(step, start, (lams[:-1], lams[1:]))


def ode_path(denoiser: Denoiser, y, start: jax.Array, lams: np.ndarray) -> jax.Array:
    """Positions `(K + 1, N, ...)` at increasing log-SNRs `lams` `(K + 1,)`, from `start` `(N, ...)`
    by Heun's rule.

    y: conditions of N rows, or None for the unconditional field. Second order: the error falls like
    1/K^2.
    """
    _, path = _heun(denoiser, y, start, jnp.asarray(lams, jnp.float32), whole=True)
    return jnp.concatenate([start[None], path])


def sample_ode(
    denoiser: Denoiser, y, shape: tuple[int, ...], lams: np.ndarray, key: jax.Array
) -> jax.Array:
    """Samples `shape` = `(N, ...)`: where `ode_path` takes Gaussian noise, then the denoised mean."""
    z, _ = _heun(
        denoiser,
        y,
        jax.random.normal(key, tuple(shape)),
        jnp.asarray(lams, jnp.float32),
        whole=False,
    )
    return denoised(denoiser, y, z, lams[-1])
