"""Mixtures of Gaussians with one variance, seen through noise of variance t: `x_t = x + sqrt(t)
noise`, SNR `gamma = 1 / t`.

tau = variance + t,   p_t = sum_j w_j N(mu_j, tau I),   M = E[mu_J | x_t],   E[x | x_t] = M + variance / tau (x_t - M)
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.special import logsumexp, xlogy


@dataclass(frozen=True)
class Mixture:
    """means `(J, d)`, weights `(J,)` that sum to one, and the variance of every component (0: a
    discrete distribution).
    """

    means: np.ndarray
    weights: np.ndarray
    variance: float = 0.0

    @cached_property
    def entropy(self) -> float:
        """H(J) in nats."""
        return float(-xlogy(self.weights, self.weights).sum())

    @cached_property
    def spread(self) -> float:
        """R = E|mu_J - E mu_J|^2."""
        return float(self.weights @ ((self.means - self.weights @ self.means) ** 2).sum(1))

    def draw(self, n: int, rng: np.random.Generator) -> np.ndarray:
        """n examples, `(n, d)`."""
        labels = rng.choice(len(self.weights), n, p=self.weights)
        return self.means[labels] + np.sqrt(self.variance) * rng.standard_normal(
            (n, self.means.shape[1])
        )

    def _log_joint(self, x: np.ndarray, t: float) -> np.ndarray:
        """log w_j N(x; mu_j, tau I), `(n, J)`."""
        tau, d = self.variance + t, x.shape[1]
        distances = (x**2).sum(1)[:, None] - 2 * x @ self.means.T + (self.means**2).sum(1)
        with np.errstate(divide="ignore"):
            return np.log(self.weights) - 0.5 * (distances / tau + d * np.log(2 * np.pi * tau))

    def log_density(self, x: np.ndarray, t: float) -> np.ndarray:
        """log p_t of x `(n, d)`, `(n,)`."""
        return logsumexp(self._log_joint(x, t), axis=1)

    def posterior(self, x: np.ndarray, t: float) -> np.ndarray:
        """P(J = j | x_t = x), `(n, J)`."""
        log_joint = self._log_joint(x, t)
        return np.exp(log_joint - logsumexp(log_joint, axis=1, keepdims=True))

    def component_mean(self, x: np.ndarray, t: float) -> np.ndarray:
        """M = E[mu_J | x_t = x], `(n, d)`."""
        return self.posterior(x, t) @ self.means

    def denoise(self, x: np.ndarray, t: float) -> np.ndarray:
        """E[x_0 | x_t = x], `(n, d)`: the best denoiser."""
        mean = self.component_mean(x, t)
        return mean + self.variance / (self.variance + t) * (x - mean)


def _line(mixture: Mixture, t: float, points: int = 8001) -> tuple[np.ndarray, np.ndarray]:
    """Points over all of a one-dimensional p_t, and its mass at each: the trapezoid is exact to
    rounding for such densities.
    """
    if mixture.means.shape[1] != 1:
        raise ValueError(
            f"quadrature is for one dimension, and these means have {mixture.means.shape[1]}"
        )
    # Dense near every component, however narrow: the points are those of the components' own
    # scales.
    width = np.sqrt(mixture.variance + t)
    lowest, highest = mixture.means.min() - 12 * width, mixture.means.max() + 12 * width
    count = max(points, int(24 * (highest - lowest) / width))
    x = np.linspace(lowest, highest, count)[:, None]
    return x, np.exp(mixture.log_density(x, t)) * (x[1, 0] - x[0, 0])


def mmse(mixture: Mixture, gamma, best: Mixture | None = None):
    """E|x_0 - E[x_0 | x_t]|^2 at SNR gamma (a number, or an array of them) of a one-dimensional
    mixture, by quadrature.

    best: another mixture, whose denoiser is used instead; then the risk R(gamma) of that one.
    """
    if np.ndim(gamma):
        return np.array([mmse(mixture, each, best) for each in gamma])
    t = 1 / gamma
    x, mass = _line(mixture, t)
    tau = mixture.variance + t
    posterior = mixture.posterior(x, t)
    # E[x_0 | x_t, j]
    means = mixture.means[:, 0] + mixture.variance / tau * (x - mixture.means[:, 0])
    guess = (best or mixture).denoise(x, t)
    return float(mass @ (posterior * (means - guess) ** 2).sum(1) + mixture.variance * t / tau)


def information(mixture: Mixture, gamma: float) -> float:
    """I(x_0; x_t) in nats at SNR gamma of a one-dimensional mixture, by quadrature."""
    x, mass = _line(mixture, 1 / gamma)
    return float(-mass @ mixture.log_density(x, 1 / gamma) - 0.5 * np.log(2 * np.pi * np.e / gamma))
