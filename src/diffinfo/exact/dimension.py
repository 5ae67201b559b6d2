"""How many noise levels can be told apart in d dimensions, and how many a sampler needs: about
sqrt(d) of either.

It holds the chains of DDIM on N(0, I), on a planted mixture of two shells and on a hidden codebook,
all through one-dimensional recursions, so that d may be large.
"""

from itertools import pairwise

import numpy as np
from scipy.optimize import brentq
from scipy.special import expit, gammainc, gammaln, logsumexp
from scipy.stats import chi2, poisson


def distinguishable_levels(dimension: int, ratio: float = 1e4, nats: float = 0.5) -> float:
    """How many variances between 1 and `ratio` are `nats` apart: `log ratio / u`, where u solves
    `KL(N(0, s e^u I) || N(0, s I)) = d/2 (e^u - 1 - u) = nats`.

    For large d this is `sqrt(d / (4 nats)) log ratio`.
    """
    u = brentq(lambda u: 0.5 * dimension * (np.expm1(u) - u) - nats, 1e-9, 50)
    return float(np.log(ratio) / u)


def gaussian_chain_variance(
    steps: int, eta: float, noisiest: float = 100.0, cleanest: float = 0.01
) -> float:
    """Variance per dimension, at noise of variance `cleanest`, of DDIM samples of N(0, I) after
    `steps` even steps of log-SNR from noise of variance `noisiest`, by recursion.
    """
    levels, value = np.geomspace(noisiest, cleanest, steps + 1), 1 + noisiest
    for a, b in pairwise(levels):
        spread = eta**2 * b * (a - b) / a
        kept = np.sqrt((b - spread) / a)
        value = (kept + (1 - kept) / (1 + a)) ** 2 * value + spread
    return float(value)


def gaussian_terminal_kl(
    dimension: int, steps: int, eta: float = 1.0, cleanest: float = 0.01
) -> float:
    """KL(true || sampled) in nats of N(0, I) at the cleanest level of `gaussian_chain_variance`."""
    ratio = (1 + cleanest) / gaussian_chain_variance(steps, eta, cleanest=cleanest)
    return 0.5 * dimension * float(ratio - 1 - np.log(ratio))


def planted_fraction(
    dimension: int,
    steps: int,
    n: int,
    seed: int,
    gap: float = 8.0,
    noisiest: float = 100.0,
    cleanest: float = 0.01,
) -> np.ndarray:
    """Whether each of n samples lies in the wide shell of `1/2 N(0, I) + 1/2 N(0, e^(gap / sqrt(d))
    I)`, `(n,)` of 0 and 1.

    The sampler is DDIM with eta 1 and the exact denoiser, on even steps of log-SNR that start from
    the exact noised mixture. Everything is radial, so only `|x|^2` is kept. For gap 8 the
    components are 16 nats apart, and half of the data lie in each.
    """
    rng = np.random.default_rng(seed)
    variances = np.array([1.0, np.exp(gap / np.sqrt(dimension))])

    def wide(square: np.ndarray, t: float) -> np.ndarray:
        total = variances + t
        log_odds = -0.5 * (square / total[1] + dimension * np.log(total[1])) + 0.5 * (
            square / total[0] + dimension * np.log(total[0])
        )
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


def visibility(
    log_t: np.ndarray,
    dimension: int,
    rate: float,
    power: float = 1.0,
    n: int = 40_000,
    seed: int = 0,
) -> np.ndarray:
    """How visible a hidden codebook is through noise of variance t, at each of `log_t` `(K,)`, from
    0 (not at all) to 1 (fully).

    The codebook has `e^(rate d)` codewords from N(0, power I), and is told from that Gaussian with
    probability `E 1 / (1 + e^(rate d - i))`, where i is the information density of a codeword and
    its noised self: one half at `t* = power / (e^(2 rate) - 1)`.
    """
    rng = np.random.default_rng(seed)
    noise, along, across = (
        rng.chisquare(dimension, n),
        rng.standard_normal(n),
        rng.chisquare(dimension - 1, n),
    )
    t = np.exp(np.atleast_1d(log_t))[:, None]
    # For x = c + z, |x|^2 splits into the part of c along z and the rest.
    square = (np.sqrt(power) * along + np.sqrt(t * noise)) ** 2 + power * across
    density = 0.5 * dimension * np.log1p(power / t) + 0.5 * square / (power + t) - 0.5 * noise
    return expit(density - rate * dimension).mean(1)


def visible_width(dimension: int, rate: float = 0.5, power: float = 1.0) -> float:
    """Width in log t of the window in which a hidden codebook is half visible: its visibility V has
    `V (1 - V)` at least half of the largest value there.
    """
    center = np.log(power / np.expm1(2 * rate))
    low, high = center - 20 / np.sqrt(dimension) - 1, center + 20 / np.sqrt(dimension) + 1

    def crossing(value: float) -> float:
        return brentq(
            lambda log_t: visibility(log_t, dimension, rate, power)[0] - value, low, high, xtol=1e-4
        )

    return crossing(0.5 - np.sqrt(0.125)) - crossing(0.5 + np.sqrt(0.125))


def _log_chi_square_cdf(x: np.ndarray, freedom: int) -> np.ndarray:
    """log P(chi^2 <= x). Where that is below the smallest float, it comes from the series of the
    incomplete gamma function.
    """
    a, half = 0.5 * freedom, 0.5 * np.maximum(x, 0.0)
    with np.errstate(divide="ignore"):
        log_cdf = np.log(gammainc(a, half))
        tail = (log_cdf < -600) & (half > 0)
        half = half[tail]
        log_cdf[tail] = a * np.log(half) - half - gammaln(a + 1)
    term, series = np.ones_like(half), np.ones_like(half)
    # So far in the tail each term is a fraction of the one before.
    for k in range(1, 200):
        term = term * half / (a + k)
        series += term
    log_cdf[tail] += np.log(series)
    return log_cdf


def search_success(
    dimension: int, levels: int, tolerance: float, queries: int = 200, hidden: int = 401
) -> float:
    """Probability that one of `levels` log-spaced levels detects a codebook of power 1 whose log t*
    is uniform on +-log 10.

    At each level `queries` points of the noised base law are tried. A point detects the codebook if
    1 to 20 codewords lie within a squared distance of `t (d + tolerance sqrt(2 d))`. Their number
    is Poisson with mean `e^(rate d) P(|x - c|^2 <= ...)`, however large or small. `hidden` is the
    number of values of log t* that are averaged over.
    """
    edges = np.linspace(-np.log(10), np.log(10), levels + 1)
    visited = np.exp(0.5 * (edges[1:] + edges[:-1]))
    rates = 0.5 * np.log1p(np.exp(-np.linspace(-np.log(10), np.log(10), hidden)))
    missed = np.ones(hidden)
    points = (np.arange(100) + 0.5) / 100
    along = np.linspace(-1, 1, 401)
    for t in visited:
        norm = np.sqrt((1 + t) * chi2.ppf(points, dimension))
        reach = np.sqrt(t * (dimension + tolerance * np.sqrt(2 * dimension)))
        # The part of c along x is within reach of x, and the rest of c is a chi square.
        c = norm[:, None] + reach * along
        inside = (
            _log_chi_square_cdf(reach**2 - (norm[:, None] - c) ** 2, dimension - 1)
            - 0.5 * c**2
            - 0.5 * np.log(2 * np.pi)
        )
        log_p = logsumexp(inside, axis=1) + np.log(reach * (along[1] - along[0]))
        mean = np.exp(np.minimum(rates[:, None] * dimension + log_p, 50.0))
        detected = (poisson.cdf(20, mean) - np.exp(-mean)).mean(1)
        missed *= (1 - np.minimum(detected, 1.0)) ** queries
    return float(1 - missed.mean())
