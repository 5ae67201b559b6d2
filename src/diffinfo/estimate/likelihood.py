"""Likelihood of held-out 8-bit images, in nats per image, and their total correlation.

With K = 256 values per pixel, x = k / 255, and any levels `[lam_min, lam_c]`, the variational bound

    -log P(x) <= KL(q(z_min | x) || N(0, I)) + 1/2 int E|eps - eps_hat|^2 dlam + E[-log p(x | z_c)]

needs no dequantisation (Kingma et al. 2021, "Variational Diffusion Models", Eqs. 11-15). Here
`p(x | z_c)` takes every pixel by itself, in proportion to q(z_c | x) times how often the pixel has
that value in training, so values that never occur need not be learnt. A large cut-off lam_c leaves
all of it to the field and a small one to the histograms; the one used is the best for other images.

Up to a level lam (b^2 = 1 - alpha is its noise), where H(x | z) is left of H, the same bound on H
implies the total entropy, with the total correlation of the pixels in it (Eq. 7):

    S_tot = KL(p(z) || N(0, I)) = 1/2 E|z|^2 - D/2 (1 + log b^2) - H + H(x | z)
"""

import jax
import jax.numpy as jnp
import numpy as np

from diffinfo.estimate.integrand import Strata, Terms
from diffinfo.estimate.statistics import Estimate, folds
from diffinfo.exact.pixels import VALUES, log_histograms
from diffinfo.process.forward import decoded

_CUT_OFFS = 12  # how many are tried


def prior_term(x: np.ndarray, lam_min: float) -> np.ndarray:
    """Return KL(q(z_min | x) || N(0, I)) per example, `(N, ...) -> (N,)`, in nats."""
    signal, noise = 1 / (1 + np.exp(-lam_min)), 1 / (1 + np.exp(lam_min))
    terms = noise + signal * np.asarray(x, float) ** 2 - 1 - np.log(noise)
    return 0.5 * terms.reshape(len(x), -1).sum(1)


def independent_pixels(log_p: np.ndarray, test: np.ndarray) -> np.ndarray:
    """Return -log P of each test image `(N, ...)` if its pixels were independent, `(N,)`, in nats.

    log_p: `(D, 256)` from `log_histograms`.
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
    """Return -log p(x | z at lam) per example, `(N,)` in nats, with one noise draw each.

    pixels: `(N, ...)` uint8; log_p: `(D, 256)` from `log_histograms`.
    """
    flat = jnp.asarray(pixels.reshape(len(pixels), -1), jnp.int32)
    return np.asarray(
        _reconstruction(flat, jnp.asarray(log_p, jnp.float32), jnp.float32(lam), key), float
    )


def likelihood(
    terms: Terms, strata: Strata, train: np.ndarray, test: np.ndarray, key: jax.Array
) -> dict[str, Estimate]:
    """Return bounds from the unconditional field, in nats per image.

    train, test: `(N, H, W, C)` uint8; `terms` are those of all of `test` in `strata`.

    nll                the bound above, each half of the images at the other half's best cut-off
    nll_independent    -log P if pixels were independent, on the same images
    total_correlation  the difference of the two, of either sign's error: nll is an upper bound,
                       which lowers it, and nll_independent exceeds the entropies of the pixels by
                       what histograms of the training images miss of others, which raises it
    total_correlation_integral   the same from fields alone, without the histograms' part at the
                       cut-off: 1/2 int (E|eps - eps_i|^2 - E|eps - eps_u|^2) dlam, where eps_i is
                       the field of independent pixels; only if `terms` has its loss
    total_entropy      S_tot up to the last level of the strata, a lower bound where H(x | z) there
                       is that of pixels by themselves, or little
    pixel_entropy      the part of it that single pixels account for, sum_k KL(p(z_k) || N(0, 1))
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
    signal, noise = 1 / (1 + np.exp(-strata.high[-1])), 1 / (1 + np.exp(strata.high[-1]))
    squares = signal * np.square(decoded(test), dtype=float).reshape(len(test), -1).sum(1)
    of_noise = 0.5 * dimension * (noise - 1 - np.log(noise))
    total = 0.5 * squares + of_noise - nll + rest[-1]  # the last cut-off is the last level
    parts = {
        "nll": nll,
        "nll_independent": independent,
        "total_correlation": independent - nll,
        "total_entropy": total,
        "pixel_entropy": total - (independent - nll),
    }
    if terms.loss_independent is not None:
        parts["total_correlation_integral"] = (terms.loss_independent - terms.loss_u).sum(1)
    return {name: Estimate.of(values) for name, values in parts.items()}


def bits_per_dimension(nll: Estimate, dimension: int) -> Estimate:
    """Convert nats per image to bits per pixel and channel, of which an image has `dimension`."""
    return Estimate(
        nll.value / dimension / np.log(2), nll.standard_error / dimension / np.log(2), nll.n
    )
