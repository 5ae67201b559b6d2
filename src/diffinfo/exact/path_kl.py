"""What freezing the denoiser within each step costs: the KL between paths of the reverse process
and of the sampler, in nats, by formula, by bound and by simulated chains.

A grid is increasing SNRs `gamma_0 < ... < gamma_K` (`t = 1 / gamma`). With `r = t_{k+1} / t_k`, the
sampler takes K steps

    x_{k+1} = r x_k + (1 - r) m(t_k, x_k) + sqrt(r (t_k - t_{k+1})) noise,

which is DDIM with eta 1. Equation numbers are those of 2601.21943.
"""

from collections.abc import Callable
from itertools import pairwise

import numpy as np

from diffinfo.exact.mixture import Mixture

# A curve takes all SNRs at once.
Curve = Callable[[np.ndarray], np.ndarray]

# These 24 Gauss-Legendre nodes serve a piece of at most so many nats of log-SNR.
_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(24)
_PIECE = 1.0


def geometric_grid(gamma_0: float, gamma_k: float, steps: int) -> np.ndarray:
    """SNRs of equal ratio, `(steps + 1,)`, which are best for the bound (Eq. 4.6)."""
    return np.geomspace(gamma_0, gamma_k, steps + 1)


def integral(risk: Curve, low: float, high: float) -> float:
    """The integral `int risk dgamma` over `[low, high]`, by Gauss-Legendre in log-SNR."""
    edges = np.linspace(
        np.log(low), np.log(high), max(2, int(np.ceil((np.log(high) - np.log(low)) / _PIECE)) + 1)
    )
    total = 0.0
    for a, b in pairwise(edges):
        gammas = np.exp(0.5 * (a + b) + 0.5 * (b - a) * _NODES)
        total += 0.5 * (b - a) * float(_WEIGHTS @ (gammas * risk(gammas)))
    return total


def discretisation_error(mmse: Curve, grid: np.ndarray) -> float:
    """Path KL in nats of the best denoiser, frozen within steps (Eq. 4.1):
    `1/2 sum_k int_{gamma_k}^{gamma_{k+1}} [mmse(gamma_k) - mmse(gamma)] dgamma`.
    """
    return 0.5 * float(np.diff(grid) @ mmse(grid[:-1])) - 0.5 * sum(
        integral(mmse, a, b) for a, b in pairwise(grid)
    )


def path_cost(risk: Curve, grid: np.ndarray, information: float) -> float:
    """Path KL in nats of a denoiser of risk R, both of its errors together (Eq. 5.1):
    `1/2 sum_k (gamma_{k+1} - gamma_k) R(gamma_k) - information`.

    information: `I(x; x_{gamma_K}) - I(x; x_{gamma_0})` in nats, which no schedule changes
    (I-MMSE). With the mmse as risk the result is `discretisation_error`.
    """
    return 0.5 * float(np.diff(grid) @ risk(grid[:-1])) - information


def approximation_error(squared_difference: Curve, grid: np.ndarray) -> float:
    """What an imperfect denoiser m_hat adds to the path KL, in nats (Eq. 3.4):
    `1/2 sum_k (gamma_{k+1} - gamma_k) E|m - m_hat|^2(gamma_k)`.
    """
    return 0.5 * float(np.diff(grid) @ squared_difference(grid[:-1]))


def entropy_bound(renyi_half: float, grid: np.ndarray) -> float:
    """Upper bound in nats on a discrete target's discretisation error (Eq. 4.5):
    `6 max(2, H_1/2)^2 sum_k (gamma_{k+1} / gamma_k - 1)^2`.
    """
    ratios = grid[1:] / grid[:-1]
    return float(6 * max(2.0, renyi_half) ** 2 * np.sum((ratios - 1) ** 2))


def renyi_half_entropy(weights: np.ndarray) -> float:
    """Rényi entropy of order one half in nats, `H_1/2 = 2 log sum_j sqrt(w_j)`."""
    return float(2 * np.log(np.sqrt(weights).sum()))


def chain_kl(
    mixture: Mixture,
    grid: np.ndarray,
    n: int,
    rng: np.random.Generator,
    denoise: Callable[[np.ndarray, float], np.ndarray] | None = None,
    structured: bool = False,
    hold: int = 1,
) -> np.ndarray:
    """One draw per path of `sum_k log p(x_{k+1} | x_k) - log q(x_{k+1} | x_k)`, `(n,)`, whose mean
    is the path KL in nats.

    Paths are simulated forwards, `x + B_t`, and p follows by Bayes' rule from the exact p_t. Given
    both ends of a step, the true process and the sampler are the same Brownian bridge, so the KL of
    the chain is that of the path.

    denoise: the sampler's own denoiser, `(x (n, d), t) -> (n, d)`; by default the best one.
    structured: take the sampler that freezes only the components' mean and keeps the mixture's own
    variance exact; its step is the formula above with `variance + t` for t, and `denoise` gives M.
    hold: let the sampler look at every so many levels only and keep what it saw, so that the levels
    between merely observe its path.
    """
    denoise = denoise or (mixture.component_mean if structured else mixture.denoise)
    times = 1 / np.asarray(grid)
    kept = mixture.variance if structured else 0.0
    x = mixture.draw(n, rng)
    d = x.shape[1]
    # The paths are drawn from the cleanest level to the noisiest, and read the other way.
    levels = [x + np.sqrt(times[-1]) * rng.standard_normal(x.shape)]
    for clean, noisy in pairwise(times[::-1]):
        levels.append(levels[-1] + np.sqrt(noisy - clean) * rng.standard_normal(x.shape))
    levels.reverse()
    total = np.zeros(n)
    density = mixture.log_density(levels[0], times[0])
    for number, ((t, s), (here, there)) in enumerate(
        zip(pairwise(times), pairwise(levels), strict=True)
    ):
        density_there = mixture.log_density(there, s)
        noise, share = t - s, (s + kept) / (t + kept)
        spread = share * noise
        forward = -0.5 * (((here - there) ** 2).sum(1) / noise + d * np.log(2 * np.pi * noise))
        if number % hold == 0:
            seen = denoise(here, t)
        mean = share * here + (1 - share) * seen
        backward = -0.5 * (((there - mean) ** 2).sum(1) / spread + d * np.log(2 * np.pi * spread))
        total += density_there + forward - density - backward
        density = density_there
    return total
