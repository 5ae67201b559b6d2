"""I(X;Y) pixel by pixel and by range of log-SNR, for single images."""

from functools import partial
from itertools import pairwise

import jax
import jax.numpy as jnp
import numpy as np

from diffinfo.estimate.integrand import class_fields, mixture_field
from diffinfo.process.denoise import Denoiser
from diffinfo.process.forward import noised


@partial(jax.jit, static_argnames=("classes", "draws"))
def _band(denoiser, log_posterior, x, y, low, high, key, classes, draws):
    def body(total, key):
        level_key, noise_key = jax.random.split(key)
        lam = low + (high - low) * jax.random.uniform(level_key, x.shape[:1])
        z, _ = noised(x, lam, jax.random.normal(noise_key, x.shape))
        fields = class_fields(denoiser, z, lam, classes, y.dtype)
        mixture = mixture_field(log_posterior(z, lam), fields)
        squared = jnp.square(fields[y, jnp.arange(x.shape[0])] - mixture).sum(-1)
        return total + 0.5 * (high - low) * jax.nn.sigmoid(lam)[
            :, None, None
        ] * squared / draws, None

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
    """`1/2 int alpha |v_y - v_q|^2 dlam` of every pixel (channels added up), in nats: `(N,
    len(edges) - 1, H, W)`.

    `v_q = sum_y q(y|z) v_y` is the unconditional field that the conditional ones and the classifier
    `log_posterior(z, lam)` imply. Averaged over images of all labels, the sum over pixels and
    ranges is I(X;Y) (Eq. 13); of one image it is what that image tells of its label. x: `(N, H, W,
    C)` on the process's scale; y: `(N,)`; draws: of level and noise, for each range.
    """
    bands = []
    for number, (low, high) in enumerate(pairwise(edges)):
        band_key = jax.random.fold_in(key, number)
        bands.append(
            _band(
                denoiser,
                log_posterior,
                jnp.asarray(x),
                jnp.asarray(y),
                low,
                high,
                band_key,
                classes,
                draws,
            )
        )
    return np.stack([np.asarray(band) for band in bands], axis=1)
