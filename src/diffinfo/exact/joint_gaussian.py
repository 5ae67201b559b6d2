"""Joint Gaussians with their entropies and mutual information in closed form (Eqs. 47-58), what
guidance makes of them (Eq. 59), and random covariances to build them from: float64, in nats.
"""

from dataclasses import dataclass

import numpy as np
from scipy.integrate import solve_ivp
from scipy.optimize import brentq

# Tolerances of the adaptive solver (DOP853) behind guided data.
RTOL, ATOL = 1e-9, 1e-11
# This is the log-SNR of the paper's process (beta 0.1 to 16) at s = 1 and s = 1e-5.
PAPER_RANGE = (-8.05, 13.81)


def _gaussian_entropy_produced(eigenvalues: np.ndarray, lam: np.ndarray) -> np.ndarray:
    """KL(N(0, S_lam) || N(0, I)) at each `lam`, for a mean-free Gaussian whose data covariance has
    these eigenvalues.
    """
    excess = np.multiply.outer(1 / (1 + np.exp(-lam)), eigenvalues - 1)
    return 0.5 * np.sum(excess - np.log1p(excess), axis=-1)


@dataclass(frozen=True)
class JointGaussian:
    """The pair y ~ N(0, cov_y), x = gain y + N(0, cov_x_given_y).

    Shapes: cov_x_given_y `(D_X, D_X)`, gain `(D_X, D_Y)`, cov_y `(D_Y, D_Y)`. This form keeps a
    nearly deterministic conditional covariance exact, where differences of covariances would
    cancel.
    """

    cov_x_given_y: np.ndarray
    gain: np.ndarray
    cov_y: np.ndarray

    @classmethod
    def linear(cls, cov_x: np.ndarray, a: np.ndarray, sigma_eps: float) -> "JointGaussian":
        """The pair x ~ N(0, cov_x), y = a x + N(0, sigma_eps^2 I) (Eqs. 47-48, 53). Shapes: cov_x
        `(D_X, D_X)`, a `(D_Y, D_X)`.
        """
        precision = np.linalg.inv(cov_x) + a.T @ a / sigma_eps**2
        conditional = np.linalg.inv(precision)
        return cls(
            conditional,
            conditional @ a.T / sigma_eps**2,
            a @ cov_x @ a.T + sigma_eps**2 * np.eye(len(a)),
        )

    @property
    def cov_xy(self) -> np.ndarray:
        """Cov(x, y), `(D_X, D_Y)`."""
        return self.gain @ self.cov_y

    @property
    def cov_x(self) -> np.ndarray:
        """Cov(x), `(D_X, D_X)`."""
        return self.cov_x_given_y + self.gain @ self.cov_y @ self.gain.T

    @property
    def effective_size(self) -> float:
        """R_eff = |cov_x|^(1 / 2 D_X), the geometric mean of x's standard deviations along its
        principal axes.
        """
        return float(np.exp(np.mean(np.log(np.linalg.eigvalsh(self.cov_x))) / 2))

    def sample(self, n: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        """`n` independent pairs, x `(n, D_X)` and y `(n, D_Y)`."""
        y = rng.standard_normal((n, len(self.cov_y))) @ np.linalg.cholesky(self.cov_y).T
        noise = rng.standard_normal((n, len(self.gain))) @ np.linalg.cholesky(self.cov_x_given_y).T
        return y @ self.gain.T + noise, y

    def mutual_information(self, lam=np.inf) -> np.ndarray:
        """I(X_lam; Y) in nats at each log-SNR `lam`; at infinity this is Eq. (49)."""
        alpha = 1 / (1 + np.exp(-np.asarray(lam, float)))
        marginal, conditional = (
            np.linalg.eigvalsh(self.cov_x),
            np.linalg.eigvalsh(self.cov_x_given_y),
        )
        levels = [
            np.log1p(np.multiply.outer(alpha, values - 1)).sum(-1)
            for values in (marginal, conditional)
        ]
        return 0.5 * (levels[0] - levels[1])

    def total_entropy(self, lam=np.inf) -> np.ndarray:
        """S_tot^X in nats, produced from log-SNR `lam` to equilibrium: `KL(p_lam || p_eq)` (Eq. 3);
        at infinity this is Eq. (50).
        """
        return _gaussian_entropy_produced(np.linalg.eigvalsh(self.cov_x), np.asarray(lam, float))

    def conditional_total_entropy(self, lam=np.inf) -> np.ndarray:
        """S_tot^{X|Y} = S_tot^X + I(X_lam; Y) in nats, produced from log-SNR `lam` to equilibrium
        (Eq. 10).
        """
        return self.total_entropy(lam) + self.mutual_information(lam)

    def guided(
        self, weight: float, lam_range: tuple[float, float] = PAPER_RANGE
    ) -> "JointGaussian":
        """The exact law of what the probability-flow ODE with classifier-free guidance makes of y
        and Gaussian noise (Eq. 59).

        Both exact scores are linear, so the flow from z ~ N(0, I) at lam_range[0] to lam_range[1]
        is a linear map x = F z + G y. Its law is Gaussian again, with cov_x_given_y = F F^T, gain G
        and the same y. F and G solve one linear ODE for matrices, `dz/dlam = -(a b / 2) v_hat`,
        where `a b v_hat = alpha (1 - alpha) (1 - S) (alpha S + 1 - alpha)^{-1} (z - a m) - b^2 a m`
        for either field N(m, S); it is solved by SciPy's DOP853 to RTOL, ATOL. Weight 0 gives the
        model back, up to what lies outside of lam_range: N(0, I) knows nothing of the mean a m that
        is left at lam_range[0] (a = 0.018 at -8). Raises: FloatingPointError if the solver fails.
        """
        dim_x, dim_y = self.gain.shape
        fields = [
            (1 + weight, self.cov_x_given_y, self.gain),
            (-weight, self.cov_x, np.zeros_like(self.gain)),
        ]
        spectra = [(share, *np.linalg.eigh(cov), gain) for share, cov, gain in fields]

        def slope(lam, flat):
            maps = flat.reshape(dim_x, dim_x + dim_y)
            alpha = 1 / (1 + np.exp(-lam))
            total = np.zeros_like(maps)
            for share, values, basis, gain in spectra:
                residual, mean = maps.copy(), np.zeros_like(maps)
                residual[:, dim_x:] -= np.sqrt(alpha) * gain
                mean[:, dim_x:] = np.sqrt(alpha) * (1 - alpha) * gain
                factor = alpha * (1 - alpha) * (1 - values) / (1 + alpha * (values - 1))
                total -= 0.5 * share * (basis @ (factor[:, None] * (basis.T @ residual)) - mean)
            return total.ravel()

        start = np.hstack([np.eye(dim_x), np.zeros((dim_x, dim_y))]).ravel()
        solution = solve_ivp(slope, lam_range, start, method="DOP853", rtol=RTOL, atol=ATOL)
        if not solution.success:
            raise FloatingPointError(
                f"guidance weight {weight}: the probability flow could not be solved "
                f"({solution.message})"
            )
        maps = solution.y[:, -1].reshape(dim_x, dim_x + dim_y)
        return JointGaussian(maps[:, :dim_x] @ maps[:, :dim_x].T, maps[:, dim_x:], self.cov_y)


def full_rank_covariance(dim_x: int, jitter: float, rng: np.random.Generator) -> np.ndarray:
    """A random covariance H H^T + jitter I with H_ij ~ N(0, 1/D_X), `(D_X, D_X)` (Eq. 51)."""
    h = rng.standard_normal((dim_x, dim_x)) / np.sqrt(dim_x)
    return h @ h.T + jitter * np.eye(dim_x)


def flattened_covariance(
    dim_x: int, rank: int, lambda_delta: float, jitter: float, rng: np.random.Generator
) -> np.ndarray:
    """A random covariance U diag(lambda_1 .. lambda_rank, lambda_delta ..) U^T + jitter I with
    lambda_i ~ |N(0, 1/rank)| + 0.1 and U a random rotation, `(D_X, D_X)` (Eq. 52).

    Raises: ValueError unless rank < dim_x.
    """
    if not rank < dim_x:
        raise ValueError(
            f"rank={rank} must be smaller than dim_x={dim_x}: there is nothing to flatten"
        )
    basis, _ = np.linalg.qr(rng.standard_normal((dim_x, dim_x)))
    values = np.full(dim_x, lambda_delta)
    values[:rank] = np.abs(rng.standard_normal(rank)) / np.sqrt(rank) + 0.1
    return (basis * (values + jitter)) @ basis.T


def with_information(cov_x: np.ndarray, a: np.ndarray, nats: float) -> JointGaussian:
    """The linear model with just so much noise that I(X;Y) is `nats`. At 0 nats y is pure noise.

    Raises: ValueError for more information than noise of standard deviation e^-6 leaves.
    """
    if nats == 0:
        return JointGaussian.linear(cov_x, np.zeros_like(a), 1.0)

    def excess(log_sigma):
        return float(JointGaussian.linear(cov_x, a, np.exp(log_sigma)).mutual_information()) - nats

    if excess(-6) < 0:
        raise ValueError(
            f"information={nats}: this covariance and map hold at most {nats + excess(-6):.4g} nats"
        )
    return JointGaussian.linear(cov_x, a, float(np.exp(brentq(excess, -6, 12, xtol=1e-12))))
