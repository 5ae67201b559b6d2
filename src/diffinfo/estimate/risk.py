"""The risk curve of a denoiser: how much its prediction of the data misses at each SNR.

    R(snr) = E|x - x_hat|^2 = b^2 E|v - v_hat|^2 = E|eps - eps_hat|^2 / snr

It is the training loss in another unit.
"""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np

from diffinfo.estimate.statistics import mean_and_error
from diffinfo.loss import squared_error
from diffinfo.process.denoise import Denoiser
from diffinfo.process.forward import noised


@partial(jax.jit, static_argnames="conditional")
def _errors(denoiser, x, y, lams, key, conditional):
    eps = jax.random.normal(key, x.shape)

    def at(lam):
        lam = jnp.full(x.shape[0], lam)
        z, v = noised(x, lam, eps)
        v_hat = denoiser(z, lam, y) if conditional else denoiser(z, lam)
        return jax.nn.sigmoid(-lam) * squared_error(v, v_hat)

    return jax.lax.map(at, lams)


def risk_curve(
    denoiser: Denoiser,
    x: np.ndarray,
    lams: np.ndarray,
    key: jax.Array,
    y: np.ndarray | None = None,
    block: int = 2048,
) -> tuple[np.ndarray, np.ndarray]:
    """Return R at each log-SNR of `lams` `(K,)` and its standard error over the examples.

    Both are `(K,)`, in squared units of x `(N, ...)`. y: conditions `(N, ...)`, or None for the
    unconditional field. Each example has one draw of noise, the same at every level, so the curve
    is as smooth as the field and a schedule fitted to it sees no valleys of chance.
    """
    lams = jnp.asarray(lams, jnp.float32)
    parts = [
        np.asarray(
            _errors(
                denoiser,
                jnp.asarray(x[start : start + block], jnp.float32),
                None if y is None else jnp.asarray(y[start : start + block]),
                lams,
                jax.random.fold_in(key, start),
                y is not None,
            ),
            float,
        )
        for start in range(0, len(x), block)
    ]
    return mean_and_error(np.concatenate(parts, axis=1), axis=1)
