"""Likelihood of 8-bit images, in nats per image on held-out images, and what it says of total correlation.

With K = 256 values per pixel, x = k / 255, and the levels `[lam_min, lam_max]` of the estimate, the variational bound

    -log P(x) <= KL(q(z_min | x) || N(0, I)) + 1/2 int E|eps - eps_hat|^2 dlam + E[-log p(x | z_max)]

is free of dequantisation; `p(x | z_max)` takes every pixel by itself, in proportion to q(z_max | x) (Kingma et al. 2021,
"Variational Diffusion Models", Eqs. 11-15). Dequantised evenly, `u = (k + U) / 256`, the same pixels have the differential
entropy h = H - D log 256, the total entropy `S_tot = D/2 log 2 pi + 1/2 E|u|^2 - h` and the same total correlation (Eq. 7).
"""

import jax
import jax.numpy as jnp
import numpy as np

from diffinfo.estimate.entropy import Estimate
from diffinfo.estimate.integrand import Terms
from diffinfo.process.forward import decoded

VALUES = 256


def prior_term(x: np.ndarray, lam_min: float) -> np.ndarray:
    """KL(q(z_min | x) || N(0, I)) per example, `(N, ...) -> (N,)`."""
    signal, noise = 1 / (1 + np.exp(-lam_min)), 1 / (1 + np.exp(lam_min))
    terms = noise + signal * np.asarray(x, float) ** 2 - 1 - np.log(noise)
    return 0.5 * terms.reshape(len(x), -1).sum(1)


@jax.jit
def _reconstruction(pixels, lam_max, key):
    def of_one(args):
        row, key = args
        values = jnp.arange(VALUES) / (VALUES - 1)
        noisy = values[row] + jnp.exp(-lam_max / 2) * jax.random.normal(key, row.shape)
        log_p = jax.nn.log_softmax(-0.5 * jnp.square(noisy[:, None] - values) * jnp.exp(lam_max), axis=1)
        return -jnp.sum(jnp.take_along_axis(log_p, row[:, None], axis=1))

    return jax.lax.map(of_one, (pixels, jax.random.split(key, len(pixels))))


def reconstruction_term(pixels: np.ndarray, lam_max: float, key: jax.Array) -> np.ndarray:
    """-log p(x | z_max) per example, one noise draw each. pixels: `(N, ...)` uint8."""
    flat = jnp.asarray(pixels.reshape(len(pixels), -1), jnp.int32)
    return np.asarray(_reconstruction(flat, jnp.float32(lam_max), key), float)


def independent_pixels(train: np.ndarray, test: np.ndarray) -> np.ndarray:
    """-log P of each test image, `(N,)`, were its pixels independent: histograms of the training images, pixel by pixel.

    One further training image, spread evenly over the 256 values, keeps values never seen possible.
    """
    flat = train.reshape(len(train), -1)
    counts = np.zeros((flat.shape[1], VALUES))
    for pixel, column in enumerate(flat.T):
        counts[pixel] = np.bincount(column, minlength=VALUES)
    log_p = np.log((counts + 1 / VALUES) / (len(flat) + 1))
    return -log_p[np.arange(flat.shape[1]), test.reshape(len(test), -1)].sum(1)


def likelihood(terms: Terms, train: np.ndarray, test: np.ndarray, lam_min, lam_max, key) -> dict[str, Estimate]:
    """Bounds from the unconditional field. train, test: `(N, H, W, C)` uint8; `terms` are those of all of `test`.

    nll: the bound above, in nats per image; nll_independent: were pixels independent; total_correlation: what lies between
    them, a lower bound in expectation (both on the same held-out images); total_entropy: S_tot, a lower bound;
    pixel_entropy: the part of it that single pixels account for, sum_k KL(p(u_k) || N(0, 1)).
    """
    nll = prior_term(decoded(test), lam_min) + terms.loss_u.sum(1) + reconstruction_term(test, lam_max, key)
    independent = independent_pixels(train, test)
    dimension = int(np.prod(test.shape[1:]))
    squares = ((test + 0.5) ** 2 + 1 / 12).reshape(len(test), -1).sum(1) / VALUES**2
    total = 0.5 * dimension * np.log(2 * np.pi) + 0.5 * squares - nll + dimension * np.log(VALUES)
    parts = {
        "nll": nll,
        "nll_independent": independent,
        "total_correlation": independent - nll,
        "total_entropy": total,
        "pixel_entropy": total - (independent - nll),
    }
    return {name: Estimate.of(values) for name, values in parts.items()}


def bits_per_dimension(nll: Estimate, dimension: int) -> Estimate:
    """From nats per image to bits per pixel and channel."""
    return Estimate(nll.value / dimension / np.log(2), nll.standard_error / dimension / np.log(2), nll.n)
