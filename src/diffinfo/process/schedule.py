"""The variance-preserving process on its two clocks, in float64 NumPy.

    x_s = a(s) x + b(s) eps,   a^2 = alpha,   b^2 = 1 - alpha
    lam = log(alpha / (1 - alpha)),   beta ds = -(1 - alpha) dlam

Everything else in the package lives on the log-SNR clock `lam`; this file is the only place that
knows `beta`.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike


@dataclass(frozen=True)
class VPSchedule:
    """The VP schedule with linear beta, whose equilibrium is N(0, I).

    beta(s) = beta_min + (beta_max - beta_min) s,   s in [0, 1]

    The defaults are the paper's. Methods take and return arrays of any shape.

    Raises: ValueError unless `0 < beta_min < beta_max`.
    """

    beta_min: float = 0.1
    beta_max: float = 16.0

    def __post_init__(self):
        if not 0 < self.beta_min < self.beta_max:
            raise ValueError(
                f"beta_min={self.beta_min}, beta_max={self.beta_max}: need 0 < beta_min < beta_max"
            )

    def beta(self, s: ArrayLike) -> np.ndarray:
        """Return the squared diffusion coefficient sigma(s)^2."""
        return self.beta_min + (self.beta_max - self.beta_min) * np.asarray(s, float)

    def _minus_log_alpha(self, s: ArrayLike) -> np.ndarray:
        s = np.asarray(s, float)
        return self.beta_min * s + 0.5 * (self.beta_max - self.beta_min) * s**2

    def alpha(self, s: ArrayLike) -> np.ndarray:
        """Return the signal power that is left at time s."""
        return np.exp(-self._minus_log_alpha(s))

    def log_snr(self, s: ArrayLike) -> np.ndarray:
        """Return the log-SNR at time s, which decreases strictly from +inf at s = 0."""
        with np.errstate(divide="ignore"):
            return -np.log(np.expm1(self._minus_log_alpha(s)))

    def time(self, lam: ArrayLike) -> np.ndarray:
        """Return the time s at log-SNR `lam`, the inverse of `log_snr`.

        It solves the quadratic equation `-log alpha(s) = c` in the form that does not cancel.
        """
        c = np.logaddexp(0.0, -np.asarray(lam, float))
        root = np.sqrt(self.beta_min**2 + 2 * (self.beta_max - self.beta_min) * c)
        return 2 * c / (self.beta_min + root)

    def log_snr_range(self, s_min: float) -> tuple[float, float]:
        """Return `(lam_min, lam_max)`, the log-SNRs of `s` in `[s_min, 1]`."""
        return float(self.log_snr(1.0)), float(self.log_snr(s_min))


def schedule_of(process: Mapping[str, float]) -> tuple[VPSchedule, tuple[float, float]]:
    """Return the schedule of a config's `process` section, and its range of log-SNR."""
    schedule = VPSchedule(process["beta_min"], process["beta_max"])
    return schedule, schedule.log_snr_range(process["s_min"])


TAU = 0.1  # in units of T: the paper divides perceptual from semantic there

# First and last beta of DDPM's 1000 time steps, and the power: beta^power is even in the time step.
DDPM_BETAS = {"linear": (1e-4, 0.02, 1.0), "scaled_linear": (0.00085, 0.012, 0.5)}


def ddpm_alphas_cumprod(betas: str = "linear") -> np.ndarray:
    """Signal power left after each of DDPM's 1000 time steps, `prod_t (1 - beta_t)`, `(1000,)`.

    betas: a key of DDPM_BETAS, as diffusers names and defines them.
    """
    first, last, power = DDPM_BETAS[betas]
    return np.cumprod(1 - np.linspace(first**power, last**power, 1000) ** (1 / power))


def log_snr_of_alpha(alpha: ArrayLike) -> np.ndarray:
    """Log-SNR `log(alpha / (1 - alpha))` at signal power `alpha`, of any shape."""
    return np.log(alpha) - np.log1p(-np.asarray(alpha))
