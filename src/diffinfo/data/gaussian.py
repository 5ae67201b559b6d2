"""Joint Gaussians `y = A x + noise` with every quantity in closed form (Eqs. 47-58), float64, in nats."""

from dataclasses import dataclass

import numpy as np


def _gaussian_entropy_produced(eigenvalues: np.ndarray, lam: np.ndarray) -> np.ndarray:
    """KL(N(0, S_lam) || N(0, I)) over a mean-free Gaussian whose data covariance has these eigenvalues, at each `lam`."""
    excess = np.multiply.outer(1 / (1 + np.exp(-lam)), eigenvalues - 1)
    return 0.5 * np.sum(excess - np.log1p(excess), axis=-1)


@dataclass(frozen=True)
class JointGaussian:
    """x ~ N(0, cov_x), y = A x + N(0, sigma_eps^2 I). Shapes: cov_x `(D_X, D_X)`, a `(D_Y, D_X)`."""

    cov_x: np.ndarray
    a: np.ndarray
    sigma_eps: float

    @property
    def cov_xy(self) -> np.ndarray:
        """`(D_X, D_Y)`."""
        return self.cov_x @ self.a.T

    @property
    def cov_y(self) -> np.ndarray:
        """`(D_Y, D_Y)`, Eq. (48)."""
        return self.a @ self.cov_x @ self.a.T + self.sigma_eps**2 * np.eye(len(self.a))

    @property
    def cov_x_given_y(self) -> np.ndarray:
        """`(D_X, D_X)`, Eq. (53), in the form that stays positive definite for small sigma_eps."""
        precision = np.linalg.inv(self.cov_x) + self.a.T @ self.a / self.sigma_eps**2
        return np.linalg.inv(precision)

    def sample(self, n: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        """`n` independent pairs, x `(n, D_X)` and y `(n, D_Y)`."""
        x = rng.standard_normal((n, len(self.cov_x))) @ np.linalg.cholesky(self.cov_x).T
        return x, x @ self.a.T + self.sigma_eps * rng.standard_normal((n, len(self.a)))

    def mutual_information(self, lam=np.inf) -> np.ndarray:
        """I(X_lam; Y) in nats at each log-SNR `lam`; at infinity Eq. (49)."""
        alpha = 1 / (1 + np.exp(-np.asarray(lam, float)))
        marginal, conditional = np.linalg.eigvalsh(self.cov_x), np.linalg.eigvalsh(self.cov_x_given_y)
        levels = [np.log1p(np.multiply.outer(alpha, values - 1)).sum(-1) for values in (marginal, conditional)]
        return 0.5 * (levels[0] - levels[1])

    def total_entropy(self, lam=np.inf) -> np.ndarray:
        """S_tot^X produced from log-SNR `lam` to equilibrium, `KL(p_lam || p_eq)` (Eq. 3); at infinity Eq. (50)."""
        return _gaussian_entropy_produced(np.linalg.eigvalsh(self.cov_x), np.asarray(lam, float))

    def conditional_total_entropy(self, lam=np.inf) -> np.ndarray:
        """S_tot^{X|Y} = S_tot^X + I(X_lam; Y) (Eq. 10), from log-SNR `lam` to equilibrium."""
        return self.total_entropy(lam) + self.mutual_information(lam)


def determinism(dim_x: int, dim_y: int, sigma_eps: float, jitter: float, seed: int) -> JointGaussian:
    """Full-rank case (Eq. 51): cov_x = H H^T + jitter I, H_ij ~ N(0, 1/D_X), A_ij ~ N(0, 1).

    H and A depend on `seed` only, so a sweep over `sigma_eps` keeps S_tot^X fixed.
    """
    rng = np.random.default_rng(seed)
    h = rng.standard_normal((dim_x, dim_x)) / np.sqrt(dim_x)
    a = rng.standard_normal((dim_y, dim_x))
    return JointGaussian(h @ h.T + jitter * np.eye(dim_x), a, sigma_eps)
