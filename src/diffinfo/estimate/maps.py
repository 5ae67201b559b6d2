"""I(X;Y) of single images, divided among pixels and ranges of log-SNR."""

from functools import partial
from itertools import pairwise

import jax
import jax.numpy as jnp
import numpy as np

from diffinfo.estimate.integrand import class_fields, mixture_field
from diffinfo.process.denoise import Denoiser, at
from diffinfo.process.forward import noised


@partial(jax.jit, static_argnames=("classes", "draws"))
def _band(denoiser, log_posterior, x, y, low, high, key, classes, draws):
    def body(total, key):
        level_key, noise_key = jax.random.split(key)
        lam = low + (high - low) * jax.random.uniform(level_key, x.shape[:1])
        z, v = noised(x, lam, jax.random.normal(noise_key, x.shape))
        fields = class_fields(at(denoiser, z, lam), len(z), classes, y.dtype)
        mixture = mixture_field(log_posterior(z, lam), fields)
        conditional = fields[y, jnp.arange(x.shape[0])]
        gain = (jnp.square(v - mixture) - jnp.square(v - conditional)).sum(-1)
        alpha = jax.nn.sigmoid(lam)[:, None, None]
        return total + 0.5 * (high - low) * alpha * gain / draws, None

    with jax.default_matmul_precision("highest"):
        return jax.lax.scan(body, jnp.zeros(x.shape[:3]), jax.random.split(key, draws))[0]


def information_maps(
    denoiser: Denoiser,
    log_posterior,
    x: np.ndarray,
    y: np.ndarray,
    edges: np.ndarray,
    key: jax.Array,
    *,
    classes: int,
    draws: int,
) -> np.ndarray:
    """`1/2 int alpha E[|v - v_q|^2 - |v - v_y|^2] dlam` of every pixel (summed over channels)
    between neighbouring log-SNRs of `edges` `(R + 1,)`, in nats: `(N, R, H, W)`.

    `v_q = sum_y q(y|z) v_y` is the unconditional field that the conditional ones and the classifier
    `log_posterior(z, lam)` imply. For exact fields the sum over pixels and ranges is what this
    image tells of its label, `log p(y|x) / p(y)`, whose mean over images is I(X;Y); parts of it may
    be negative. (The squared difference of the fields has the same mean only, and for one image no
    bound.) x: `(N, H, W, C)` on the process's scale; y: `(N,)`; draws: the number of levels and
    noises drawn in each range.
    """
    x, y = jnp.asarray(x), jnp.asarray(y)
    bands = [
        _band(
            denoiser,
            log_posterior,
            x,
            y,
            low,
            high,
            jax.random.fold_in(key, number),
            classes,
            draws,
        )
        for number, (low, high) in enumerate(pairwise(edges))
    ]
    return np.stack(bands, axis=1)
