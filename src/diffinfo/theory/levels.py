"""Noise levels that a sampler needs in d dimensions: about sqrt(d) of them, distinguishable or visited (`schedules.md` 5)."""

from itertools import pairwise

import numpy as np
from scipy.optimize import brentq
from scipy.special import expit


def distinguishable_levels(dimension: int, ratio: float = 1e4, nats: float = 0.5) -> float:
    """How many variances between 1 and `ratio` are `nats` apart: `log ratio / u`, `d/2 (e^u - 1 - u) = nats`.

    `KL(N(0, s e^u I) || N(0, s I)) = d/2 (e^u - 1 - u)`; for large d, `sqrt(d / (4 nats)) log ratio`.
    """
    u = brentq(lambda u: 0.5 * dimension * (np.expm1(u) - u) - nats, 1e-9, 50)
    return float(np.log(ratio) / u)


def gaussian_chain_variance(steps: int, eta: float, noisiest: float = 100.0, cleanest: float = 0.01) -> float:
    """Variance, per dimension, of DDIM samples of N(0, I) with that `eta`, on `steps` even steps of log-SNR: a recursion."""
    levels, value = np.geomspace(noisiest, cleanest, steps + 1), 1 + noisiest
    for a, b in pairwise(levels):
        spread = eta**2 * b * (a - b) / a
        kept = np.sqrt((b - spread) / a)
        value = (kept + (1 - kept) / (1 + a)) ** 2 * value + spread
    return float(value)


def gaussian_terminal_kl(dimension: int, steps: int, eta: float = 1.0, cleanest: float = 0.01) -> float:
    """KL(true || sampled) in nats of N(0, I) at its cleanest level, after that many steps."""
    ratio = (1 + cleanest) / gaussian_chain_variance(steps, eta, cleanest=cleanest)
    return 0.5 * dimension * float(ratio - 1 - np.log(ratio))


def planted_fraction(
    dimension: int, steps: int, n: int, seed: int, gap: float = 8.0, noisiest: float = 100.0, cleanest: float = 0.01
) -> np.ndarray:
    """Whether each of n samples lies in the wide shell of `1/2 N(0, I) + 1/2 N(0, e^(gap / sqrt(d)) I)`, `(n,)` of 0 and 1.

    DDIM with eta 1, the exact denoiser, even steps of log-SNR from the exact noised mixture; everything is radial, so only
    `|x|^2` is kept. For gap 8 the components are 16 nats apart, and half of the data lie in each.
    """
    rng = np.random.default_rng(seed)
    variances = np.array([1.0, np.exp(gap / np.sqrt(dimension))])

    def wide(square: np.ndarray, t: float) -> np.ndarray:
        tau = variances + t
        log_odds = -0.5 * (square / tau[1] + dimension * np.log(tau[1])) + 0.5 * (square / tau[0] + dimension * np.log(tau[0]))
        return expit(log_odds)

    square = (variances[rng.integers(0, 2, n)] + noisiest) * rng.chisquare(dimension, n)
    levels = np.geomspace(noisiest, cleanest, steps + 1)
    for a, b in pairwise(levels):
        p = wide(square, a)
        shrunk = (1 - p) * variances[0] / (variances[0] + a) + p * variances[1] / (variances[1] + a)
        kept, deviation = b / a + (1 - b / a) * shrunk, np.sqrt(b * (a - b) / a)
        along = kept * np.sqrt(square) + deviation * rng.standard_normal(n)
        square = along**2 + (deviation**2 * rng.chisquare(dimension - 1, n) if dimension > 1 else 0)
    return (wide(square, cleanest) > 0.5).astype(float)
