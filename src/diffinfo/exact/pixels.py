"""The exact field of images whose pixels are independent, each with its own histogram.

Pixels live on a lattice: at most 256 values, of which a data set uses some. Given z, the posterior
of one pixel is

    P(x | z) ~ P(x) exp(-snr (z / a - x)^2 / 2)

and its mean and standard deviation are sums over the values. At high log-SNR the posterior is one
value, so eps is known exactly and entropy is produced at the rate of half a nat per pixel and unit
of log-SNR. A network does not learn that comb; it need only learn what this field leaves.
"""

from dataclasses import dataclass
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np

from diffinfo.process.denoise import v_of
from diffinfo.process.forward import coefficients

VALUES = 256
_UNROLLED = 16  # values per turn of the loop: fewer turns, each with less to read and write


def log_histograms(train: np.ndarray) -> np.ndarray:
    """Return log P of every value of every pixel and channel, `(D, 256)`.

    train: `(N, ...)` uint8. One further training image, spread evenly over the 256 values, keeps
    values that were never seen possible.
    """
    flat = train.reshape(len(train), -1)
    counts = np.stack([np.bincount(column, minlength=VALUES) for column in flat.T])
    return np.log((counts + 1 / VALUES) / (len(flat) + 1))


@partial(
    jax.tree_util.register_dataclass,
    data_fields=["values", "log_p", "below", "above"],
    meta_fields=[],
)
@dataclass
class IndependentPixels:
    """A denoiser of independent pixels, of the contract in `process/denoise.py`; labels tell it
    nothing.

    values: the K values that occur, increasing, `(K,)`, on the process's scale. log_p: their log
    probabilities at every pixel, `(K, H, W, C)`. below, above: the nearest of the values at or
    below, and at or above, each of the 256 levels, `(256,)`.
    """

    values: jax.Array
    log_p: jax.Array
    below: jax.Array
    above: jax.Array

    @classmethod
    def of(cls, train: np.ndarray) -> "IndependentPixels":
        """That of the histograms of training images, uint8 `(N, H, W, C)`."""
        used = np.unique(train)
        log_p = log_histograms(train)[:, used]
        log_p -= np.log(np.exp(log_p).sum(1, keepdims=True))
        levels = np.arange(VALUES)
        below = used[np.maximum(np.searchsorted(used, levels, "right") - 1, 0)]
        above = used[np.minimum(np.searchsorted(used, levels, "left"), len(used) - 1)]
        arrays = (used / 255, log_p.T.reshape(-1, *train.shape[1:]), below / 255, above / 255)
        return cls(*(jnp.asarray(array, jnp.float32) for array in arrays))

    def _nearest(self, noisy: jax.Array) -> jax.Array:
        """The value nearest to each entry of `noisy`."""
        level = jnp.clip(jnp.floor(255 * noisy), 0, VALUES - 2).astype(jnp.int32)
        below, above = jnp.take(self.below, level), jnp.take(self.above, level + 1)
        return jnp.where(noisy < 0.5 * (below + above), below, above)

    def moments(self, z: jax.Array, lam: jax.Array) -> tuple[jax.Array, jax.Array]:
        """Mean and standard deviation of every pixel given its own noisy value alone.

        Both have the shape of z `(N, H, W, C)`. Exponents are taken relative to the value nearest
        to z / a, and moments about it, so that nothing cancels or underflows in float32.
        """
        a, b = coefficients(lam, z)
        snr = (a / b) ** 2
        noisy = z / a
        nearest = self._nearest(noisy)
        beyond = noisy - nearest
        unrolled = min(_UNROLLED, len(self.values))
        shape = (-1, unrolled, *self.log_p.shape[1:])
        padding = -len(self.values) % unrolled
        values = jnp.pad(self.values, (0, padding)).reshape(shape[:2])
        log_p = jnp.pad(
            self.log_p, ((0, padding), *((0, 0),) * (self.log_p.ndim - 1)), constant_values=-jnp.inf
        ).reshape(shape)

        def add(sums, some):
            for value, log_p_of_value in zip(*some, strict=True):
                step = value - nearest
                weight = jnp.exp(log_p_of_value + snr * step * (beyond - 0.5 * step))
                parts = (weight, weight * step, weight * step * step)
                sums = tuple(total + part for total, part in zip(sums, parts, strict=True))
            return sums, None

        zero = jnp.zeros_like(z)
        (total, first, second), _ = jax.lax.scan(add, (zero, zero, zero), (values, log_p))
        step = first / total
        variance = jnp.maximum(second / total - step**2, 0.0)
        return nearest + step, jnp.sqrt(variance)

    def __call__(self, z, lam, y=None):
        return v_of(self.moments(z, lam)[0], z, lam)
