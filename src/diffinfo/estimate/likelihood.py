"""Likelihood of 8-bit images, in nats per image on held-out images, and what it says of total
correlation.

With K = 256 values per pixel, x = k / 255, and any levels `[lam_min, lam_c]`, the variational bound

    -log P(x) <= KL(q(z_min | x) || N(0, I)) + 1/2 int E|eps - eps_hat|^2 dlam + E[-log p(x | z_c)]

is free of dequantisation. `p(x | z_c)` takes every pixel by itself, in proportion to q(z_c | x)
(Kingma et al. 2021, "Variational Diffusion Models", Eqs. 11-15) times how often the pixel has that
value in training: grey levels that never occur need not be learnt. Between all of it left to the
field (lam_c large) and all of it to the histograms (small), the cut-off lam_c is the one that other
images ask for. Dequantised evenly, `u = (k + U) / 256`, the same pixels have the differential
entropy h = H - D log 256, the total entropy `S_tot = D/2 log 2 pi + 1/2 E|u|^2 - h` and the same
total correlation (Eq. 7).
"""

import jax
import jax.numpy as jnp
import numpy as np

from diffinfo.estimate.integrand import Strata, Terms
from diffinfo.estimate.statistics import Estimate, folds
from diffinfo.process.forward import decoded

VALUES = 256
_CUT_OFFS = 12  # tried


def prior_term(x: np.ndarray, lam_min: float) -> np.ndarray:
    """KL(q(z_min | x) || N(0, I)) per example, `(N, ...) -> (N,)`."""
    signal, noise = 1 / (1 + np.exp(-lam_min)), 1 / (1 + np.exp(lam_min))
    terms = noise + signal * np.asarray(x, float) ** 2 - 1 - np.log(noise)
    return 0.5 * terms.reshape(len(x), -1).sum(1)


def log_histograms(train: np.ndarray) -> np.ndarray:
    """log P of every value of every pixel (and channel), `(N, ...) -> (D, 256)`, from training
    images.

    One further training image, spread evenly over the 256 values, keeps values never seen possible.
    """
    flat = train.reshape(len(train), -1)
    counts = np.stack([np.bincount(column, minlength=VALUES) for column in flat.T])
    return np.log((counts + 1 / VALUES) / (len(flat) + 1))


def independent_pixels(log_p: np.ndarray, test: np.ndarray) -> np.ndarray:
    """-log P of each test image, `(N,)`, were its pixels independent with `log_histograms` `(D,
    256)`.
    """
    return -log_p[np.arange(len(log_p)), test.reshape(len(test), -1)].sum(1)


@jax.jit
def _reconstruction(pixels, log_p, lam, key):
    def of_one(args):
        row, key = args
        values = jnp.arange(VALUES) / (VALUES - 1)
        noisy = values[row] + jnp.exp(-lam / 2) * jax.random.normal(key, row.shape)
        log_q = jax.nn.log_softmax(
            log_p - 0.5 * jnp.square(noisy[:, None] - values) * jnp.exp(lam), axis=1
        )
        return -jnp.sum(jnp.take_along_axis(log_q, row[:, None], axis=1))

    return jax.lax.map(of_one, (pixels, jax.random.split(key, len(pixels))))


def reconstruction_term(
    pixels: np.ndarray, log_p: np.ndarray, lam: float, key: jax.Array
) -> np.ndarray:
    """-log p(x | z at lam) per example, one noise draw each. pixels: `(N, ...)` uint8; log_p:
    `log_histograms`.
    """
    flat = jnp.asarray(pixels.reshape(len(pixels), -1), jnp.int32)
    return np.asarray(
        _reconstruction(flat, jnp.asarray(log_p, jnp.float32), jnp.float32(lam), key), float
    )


def likelihood(
    terms: Terms, strata: Strata, train: np.ndarray, test: np.ndarray, key: jax.Array
) -> dict[str, Estimate]:
    """Bounds from the unconditional field. train, test: `(N, H, W, C)` uint8; `terms` are those of
    all of `test` in `strata`.

    nll: the bound above, in nats per image, each half of the images at the cut-off that is best for
    the other; nll_independent: were pixels independent; total_correlation: what lies between them,
    a lower bound in expectation (both on the same held-out images); total_entropy: S_tot, a lower
    bound; pixel_entropy: the part of it that single pixels account for, sum_k KL(p(u_k) || N(0,
    1)).
    """
    log_p = log_histograms(train)
    last = np.unique(np.linspace(0, len(strata.high) - 1, _CUT_OFFS).round().astype(int))
    below = terms.loss_u.cumsum(1)[:, last]
    keys = jax.random.split(key, len(last))
    rest = [
        reconstruction_term(test, log_p, lam, k)
        for lam, k in zip(strata.high[last], keys, strict=True)
    ]
    bounds = prior_term(decoded(test), strata.low[0])[:, None] + below + np.stack(rest, 1)
    nll = np.empty(len(test))
    for apply, fit in folds(len(test), 2):
        nll[apply] = bounds[apply, bounds[fit].mean(0).argmin()]
    independent = independent_pixels(log_p, test)
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
    return Estimate(
        nll.value / dimension / np.log(2), nll.standard_error / dimension / np.log(2), nll.n
    )
