"""Deterministic sampling: the probability-flow ODE on the log-SNR clock.

With `dz = -beta/2 (z + score) ds` and `beta ds = -(1 - alpha) dlam`, the flow is   dz/dlam = -(a b / 2) v_hat(z, lam).
"""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np

from diffinfo.denoise import Denoiser, x_hat
from diffinfo.process.forward import coefficients


@partial(jax.jit, static_argnames="shape")
def _integrate(denoiser, y, key, lams, shape):
    z = jax.random.normal(key, shape)

    def slope(z, lam):
        a, b = coefficients(lam, z)
        return -0.5 * a * b * denoiser(z, lam, y)

    def heun(z, interval):
        low, high = (jnp.full(shape[0], lam) for lam in interval)
        first = slope(z, low)
        second = slope(z + (interval[1] - interval[0]) * first, high)
        return z + 0.5 * (interval[1] - interval[0]) * (first + second), None

    z, _ = jax.lax.scan(heun, z, (lams[:-1], lams[1:]))
    lam = jnp.full(shape[0], lams[-1])
    return x_hat(denoiser(z, lam, y), z, lam)


def sample_ode(denoiser: Denoiser, y, shape: tuple[int, ...], lams: np.ndarray, key: jax.Array) -> jax.Array:
    """Samples `shape` = `(N, ...)` by Heun's rule along increasing log-SNRs `lams` `(K + 1,)`, then the denoised mean.

    y: conditions of N rows, or None for the unconditional field. Second order: the error falls like 1/K^2.
    """
    return _integrate(denoiser, y, key, jnp.asarray(lams, jnp.float32), tuple(shape))
