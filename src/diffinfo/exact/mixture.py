"""Mixtures of Gaussians of one common variance in float64, seen through noise of variance t:
their densities, posteriors and best denoisers, and in one dimension their mmse and information.

With `x_t = x + sqrt(t) noise`, the SNR is `gamma = 1 / t`, and

    p_t = sum_j w_j N(mu_j, total I),   total = variance + t,
    E[x | x_t] = M + variance / total (x_t - M),   M = E[mu_J | x_t].
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.special import xlogy

from diffinfo.exact.denoisers import MixtureDenoiser


@dataclass(frozen=True)
class Mixture:
    """A mixture of means `(J, d)` and weights `(J,)` that sum to one; every component has the same
    `variance` (0: a discrete distribution).
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
        """The spread of the means, R = E|mu_J - E mu_J|^2."""
        return float(self.weights @ ((self.means - self.weights @ self.means) ** 2).sum(1))

    def draw(self, n: int, rng: np.random.Generator) -> np.ndarray:
        """Draw n examples, `(n, d)`."""
        labels = rng.choice(len(self.weights), n, p=self.weights)
        return self.means[labels] + np.sqrt(self.variance) * rng.standard_normal(
            (n, self.means.shape[1])
        )

    def denoiser(self) -> MixtureDenoiser:
        """The exact field of the mixture; its labels are the components' numbers."""
        labels = np.arange(len(self.weights))
        return MixtureDenoiser.of(self.means, self.variance, self.weights, labels)

    def _log_joint(self, x: np.ndarray, t: float) -> np.ndarray:
        """log w_j N(x; mu_j, total I), `(n, J)`."""
        total, d = self.variance + t, x.shape[1]
        distances = (x**2).sum(1)[:, None] - 2 * x @ self.means.T + (self.means**2).sum(1)
        with np.errstate(divide="ignore"):
            return np.log(self.weights) - 0.5 * (distances / total + d * np.log(2 * np.pi * total))

    def density_and_posterior(self, x: np.ndarray, t: float) -> tuple[np.ndarray, np.ndarray]:
        """`log_density` `(n,)` and `posterior` `(n, J)` of x `(n, d)` at the price of one."""
        # This takes less than half of the time of SciPy's logsumexp.
        log_joint = self._log_joint(x, t)
        largest = log_joint.max(1)
        posterior = np.exp(log_joint - largest[:, None])
        total = posterior.sum(1)
        return largest + np.log(total), posterior / total[:, None]

    def log_density(self, x: np.ndarray, t: float) -> np.ndarray:
        """log p_t(x) of x `(n, d)`, `(n,)`."""
        return self.density_and_posterior(x, t)[0]

    def posterior(self, x: np.ndarray, t: float) -> np.ndarray:
        """P(J = j | x_t = x), `(n, J)`."""
        return self.density_and_posterior(x, t)[1]

    def component_mean(self, x: np.ndarray, t: float) -> np.ndarray:
        """The posterior mean of the component's mean, M = E[mu_J | x_t = x], `(n, d)`."""
        return self.posterior(x, t) @ self.means

    def denoise(self, x: np.ndarray, t: float) -> np.ndarray:
        """The best denoiser, E[x_0 | x_t = x], `(n, d)`."""
        return self._given_mean(self.component_mean(x, t), x, t)

    def _given_mean(self, mean: np.ndarray, x: np.ndarray, t: float) -> np.ndarray:
        # This is E[x_0 | x_t = x] of the Gaussian around `mean`.
        return mean + self.variance / (self.variance + t) * (x - mean)


def _line(mixture: Mixture, t: float, points: int = 8001) -> tuple[np.ndarray, float]:
    """Evenly spaced points `(n, 1)` over all of a one-dimensional p_t, and their spacing: for such
    densities the trapezoidal rule is exact to rounding.
    """
    if mixture.means.shape[1] != 1:
        raise ValueError(
            f"quadrature is for one dimension, and these means have {mixture.means.shape[1]}"
        )
    # The components' own width sets the spacing, so that none is too narrow for the points.
    width = np.sqrt(mixture.variance + t)
    lowest, highest = mixture.means.min() - 12 * width, mixture.means.max() + 12 * width
    count = max(points, int(24 * (highest - lowest) / width))
    x = np.linspace(lowest, highest, count)[:, None]
    return x, x[1, 0] - x[0, 0]


def mmse(mixture: Mixture, gamma, best: Mixture | None = None):
    """E|x_0 - E[x_0 | x_t]|^2 at SNR gamma (a number, or an array of them) of a one-dimensional
    mixture, by quadrature.

    best: another mixture whose denoiser is used instead; the result is then that denoiser's risk
    R(gamma). Raises: ValueError for a mixture in more than one dimension.
    """
    if np.ndim(gamma):
        return np.array([mmse(mixture, each, best) for each in gamma])
    t = 1 / gamma
    x, spacing = _line(mixture, t)
    log_density, posterior = mixture.density_and_posterior(x, t)
    own = mixture._given_mean(posterior @ mixture.means, x, t)
    guess = best.denoise(x, t) if best else own
    each = mixture._given_mean(mixture.means[:, 0], x, t)
    squares = (posterior * (each - guess) ** 2).sum(1)
    within = mixture.variance * t / (mixture.variance + t)
    return float((np.exp(log_density) * spacing) @ squares + within)


def information(mixture: Mixture, gamma: float) -> float:
    """I(x_0; x_t) in nats at SNR gamma of a one-dimensional mixture, by quadrature.

    Raises: ValueError for a mixture in more than one dimension.
    """
    x, spacing = _line(mixture, 1 / gamma)
    log_density = mixture.log_density(x, 1 / gamma)
    mass = np.exp(log_density) * spacing
    return float(-mass @ log_density - 0.5 * np.log(2 * np.pi * np.e / gamma))
