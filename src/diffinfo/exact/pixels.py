"""The exact field of images whose pixels are independent, each with its own histogram.

Pixels live on a lattice: at most 256 values, of which a data set uses some. Given z, the posterior
of one pixel is

    P(x | z) ~ P(x) exp(-snr (z / a - x)^2 / 2)

and its mean and standard deviation are sums over the values. Where noise is wide, a few nodes of
the Gauss quadrature of each pixel's histogram stand for all values, exactly to float32. At high
log-SNR the posterior is one value, so eps is known exactly and entropy is produced at the rate of
half a nat per pixel and unit of log-SNR. A network does not learn that comb; it need only learn
what this field leaves.
"""

import math
from dataclasses import dataclass
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np

from diffinfo.process.denoise import v_of
from diffinfo.process.forward import coefficients
from diffinfo.spread import over_shares, shares_of

VALUES = 256
_UNROLLED = 16  # values per turn of the loop: fewer turns, each with less to read and write
_PARTS = 16  # parts of a batch, each of which takes the rule that its highest log-SNR needs
# Nodes of a quadrature, and the log-SNR up to which its mean and standard deviation are within 1e-6
# of the noise, whatever the histogram on [0, 1] (tests/exact/test_pixels.py).
_RULES = {"few": (16, 4.0), "more": (48, 6.5)}


def log_histograms(train: np.ndarray) -> np.ndarray:
    """Return log P of every value of every pixel and channel, `(D, 256)`.

    train: `(N, ...)` uint8. One further training image, spread evenly over the 256 values, keeps
    values that were never seen possible.
    """
    flat = train.reshape(len(train), -1)
    counts = np.stack([np.bincount(column, minlength=VALUES) for column in flat.T])
    return np.log((counts + 1 / VALUES) / (len(flat) + 1))


def gauss_quadrature(values: np.ndarray, p: np.ndarray, nodes: int) -> tuple[np.ndarray, ...]:
    """Nodes and weights, `(D, nodes)` each, of the Gauss quadratures of D discrete distributions.

    They give the mean of any polynomial of a degree below `2 nodes` exactly (Golub and Welsch, by
    Lanczos with full orthogonalisation). values: `(K,)`, more than there are nodes; p: their
    probabilities, `(D, K)`, all positive.
    """
    found = []
    for some in np.array_split(p, max(1, len(p) // 16)):  # whose basis fits a cache
        basis = np.zeros((nodes, *some.shape))
        tridiagonal = np.zeros((len(some), nodes, nodes))
        vector = np.sqrt(some)
        for k in range(nodes):
            basis[k] = vector
            rest = values * vector
            tridiagonal[:, k, k] = (vector * rest).sum(1)
            for _ in range(2):
                along = np.einsum("jdk,dk->jd", basis[: k + 1], rest)
                rest = rest - np.einsum("jd,jdk->dk", along, basis[: k + 1])
            norm = np.linalg.norm(rest, axis=1)
            vector = rest / norm[:, None]
            if k + 1 < nodes:
                tridiagonal[:, k + 1, k] = tridiagonal[:, k, k + 1] = norm
        found.append(np.linalg.eigh(tridiagonal))
    return (
        np.concatenate([eigenvalues for eigenvalues, _ in found]),
        np.concatenate([vectors[:, 0] ** 2 for _, vectors in found]),
    )


@partial(
    jax.tree_util.register_dataclass,
    data_fields=["values", "log_p", "below", "above", "coarse"],
    meta_fields=[],
)
@dataclass
class IndependentPixels:
    """A denoiser of independent pixels, of the contract in `process/denoise.py`; labels tell it
    nothing.

    values: the K values that occur, increasing, `(K,)`, on the process's scale. log_p: their log
    probabilities at every pixel, `(K, H, W, C)`. below, above: the nearest of the values at or
    below, and at or above, each of the 256 levels, `(256,)`. coarse: "nodes" and "log_p"
    `(nodes, H, W, C)` of each quadrature that has fewer nodes than there are values.
    """

    values: jax.Array
    log_p: jax.Array
    below: jax.Array
    above: jax.Array
    coarse: dict[str, dict[str, jax.Array]]

    @classmethod
    def of(cls, train: np.ndarray) -> "IndependentPixels":
        """That of the histograms of training images, uint8 `(N, H, W, C)`."""
        used = np.unique(train)
        log_p = log_histograms(train)[:, used]
        log_p -= np.log(np.exp(log_p).sum(1, keepdims=True))
        levels = np.arange(VALUES)
        below = used[np.maximum(np.searchsorted(used, levels, "right") - 1, 0)]
        above = used[np.minimum(np.searchsorted(used, levels, "left"), len(used) - 1)]

        def by_pixel(array):
            return jnp.asarray(array.T.reshape(-1, *train.shape[1:]), jnp.float32)

        coarse = {}
        for name, (nodes, _) in _RULES.items():
            if nodes < len(used):
                where, weights = gauss_quadrature(used / 255, np.exp(log_p), nodes)
                coarse[name] = {"nodes": by_pixel(where), "log_p": by_pixel(np.log(weights))}
        used, below, above = (
            jnp.asarray(array / 255, jnp.float32) for array in (used, below, above)
        )
        return cls(used, by_pixel(log_p), below, above, coarse)

    def _nearest(self, noisy: jax.Array) -> jax.Array:
        """The value nearest to each entry of `noisy`."""
        level = jnp.clip(jnp.floor(255 * noisy), 0, VALUES - 2).astype(jnp.int32)
        below, above = jnp.take(self.below, level), jnp.take(self.above, level + 1)
        return jnp.where(noisy < 0.5 * (below + above), below, above)

    def moments(self, z: jax.Array, lam: jax.Array) -> tuple[jax.Array, jax.Array]:
        """Mean and standard deviation of every pixel given its own noisy value alone.

        Both have the shape of z `(N, H, W, C)`. Exponents are taken relative to the value nearest
        to z / a, and moments about it, so that nothing cancels or underflows in float32. Batches
        whose log-SNR increases, as training draws it, are the fastest: each sixteenth of the rows
        takes the rule that its highest log-SNR needs.
        """
        parts = math.gcd(len(z), _PARTS)
        rules = [(rule["nodes"], rule["log_p"]) for rule in self.coarse.values()]
        rules.append((self.values[:, None, None, None], self.log_p))
        limits = jnp.asarray([_RULES[name][1] for name in self.coarse])

        def of_part(part):
            z, lam = part
            rule = jnp.sum(jnp.max(lam) > limits)
            sums = [partial(self._moments, nodes, log_p) for nodes, log_p in rules]
            return jax.lax.switch(rule, sums, z, lam)

        # Parts of high log-SNR take longest, so devices that share them take them in turn.
        split = (-1, shares_of(parts), len(z) // parts)

        def of_share(z, lam):
            by_part = (z.reshape(-1, *z.shape[2:]), lam.reshape(-1, lam.shape[2]))
            return tuple(moment.reshape(z.shape) for moment in jax.lax.map(of_part, by_part))

        by_share = (z.reshape(*split, *z.shape[1:]), lam.reshape(split))
        mean, std = over_shares(of_share, *by_share, axis=1)
        return mean.reshape(z.shape), std.reshape(z.shape)

    def _moments(self, nodes, log_p, z, lam) -> tuple[jax.Array, jax.Array]:
        """`moments` by one rule: its nodes `(n, H, W, C)` or `(n, 1, 1, 1)`, and their `log_p`."""
        a, b = coefficients(lam, z)
        snr = (a / b) ** 2
        noisy = z / a
        nearest = self._nearest(noisy)
        beyond = noisy - nearest
        unrolled = min(_UNROLLED, len(nodes))
        more = ((0, -len(nodes) % unrolled), (0, 0), (0, 0), (0, 0))
        nodes, log_p = jnp.pad(nodes, more), jnp.pad(log_p, more, constant_values=-jnp.inf)

        def add(sums, some):
            for value, log_p_of_value in zip(*some, strict=True):
                step = value - nearest
                weight = jnp.exp(log_p_of_value + snr * step * (beyond - 0.5 * step))
                new = (weight, weight * step, weight * step * step)
                sums = tuple(total + part for total, part in zip(sums, new, strict=True))
            return sums, None

        zero = jnp.zeros_like(z)
        turns = tuple(rows.reshape(-1, unrolled, *rows.shape[1:]) for rows in (nodes, log_p))
        (total, first, second), _ = jax.lax.scan(add, (zero, zero, zero), turns)
        step = first / total
        variance = jnp.maximum(second / total - step**2, 0.0)
        return nearest + step, jnp.sqrt(variance)

    def __call__(self, z, lam, y=None):
        return v_of(self.moments(z, lam)[0], z, lam)
