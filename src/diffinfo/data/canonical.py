"""Coordinates in which what Gaussians can tell about (X, Y) is already told.

Mutual information does not change under invertible maps of x and of y. So every coordinate is first
mapped to normal scores (by rank: scales, skewness and heavy tails are gone). Where the scores of
one side swell and shrink together, as those of a multivariate t do, that side is made Gaussian
radially. Then both sides are rotated to canonical variates: x' and y' have unit covariance and
correlate coordinate by coordinate only. In these coordinates the linear-Gaussian part of the answer
is

    x' ~ N(0, I),    x'_i | y' ~ N(rho_i y'_i, 1 - rho_i^2),    I = -1/2 sum_i log(1 - rho_i^2),

and a network is left with what is not Gaussian.
"""

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
from scipy.special import gammaln, ndtr, ndtri
from scipy.stats import chi, chi2, f, t

from diffinfo.data.dataset import Dataset

SIGNIFICANCE = 1e-3
DEGREES_OF_FREEDOM = (1, 1.5, 2, 3, 4, 6, 8, 12, 20)
_EVIDENCE = 10  # nats of likelihood that a t copula must gain on the Gaussian one
_ROUNDS = 12
_ENOUGH_ROWS = 100_000  # to tell degrees of freedom
_LARGEST = 1 - 1e-12  # of a correlation, so that the conditional variance stays positive


def normal_scores(values: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Map each column of `values` `(n, d)`, by its ranks, to the quantiles of N(0, 1).

    Ties are broken at random, which adds no information.
    """
    n = len(values)
    scores = np.empty(values.shape)
    quantiles = ndtri((np.arange(n) + 0.5) / n)
    for column, target in zip(values.T, scores.T, strict=True):
        target[np.lexsort((rng.random(n), column))] = quantiles
    return scores


def _whitening(covariance: np.ndarray) -> tuple[np.ndarray, float]:
    """Return the map `(d, p)` to unit covariance, and the log-determinant of `covariance`.

    Directions without variance, which repeated columns leave, are dropped.
    """
    variances, directions = np.linalg.eigh(np.atleast_2d(covariance))
    kept = variances > 1e-10 * variances.max()
    return directions[:, kept] / np.sqrt(variances[kept]), float(np.log(variances[kept]).sum())


def _t_copula(scores: np.ndarray, dof: float) -> tuple[float, np.ndarray, np.ndarray]:
    """Return the t copula's log-likelihood (nats), the scores at t quantiles, and their rounding.

    The scores are `(n, d)`; the rounding is the map `(d, p)` that makes their law spherical. The
    dispersion matrix is the one of greatest likelihood, by the EM algorithm for the multivariate t.
    """
    grid = np.linspace(-8.2, 8.2, 4001)
    lower = t.ppf(ndtr(-np.abs(grid)), dof)  # the lower tail keeps its digits
    values = np.interp(scores, grid, np.where(grid < 0, lower, -lower))
    dispersion = np.corrcoef(scores.T)
    for _ in range(_ROUNDS):
        rounding, log_det = _whitening(dispersion)
        squared_radius, dim = np.square(values @ rounding).sum(1), rounding.shape[1]
        weights = (dof + dim) / (dof + squared_radius)
        dispersion = (values * weights[:, None]).T @ values / len(values)
    constant = (
        gammaln((dof + dim) / 2) - gammaln(dof / 2) - dim / 2 * np.log(dof * np.pi) - log_det / 2
    )
    joint = len(values) * constant - (dof + dim) / 2 * np.log1p(squared_radius / dof).sum()
    return float(joint - t.logpdf(values, dof).sum()), values, rounding


def _gaussian_copula(scores: np.ndarray) -> float:
    """Return the log-likelihood of the Gaussian copula, in nats."""
    white, log_det = _whitening(np.cov(scores.T))
    return float(
        -0.5 * (len(scores) * log_det + np.square(scores @ white).sum() - np.square(scores).sum())
    )


def radially_gaussian(scores: np.ndarray) -> tuple[np.ndarray, float | None]:
    """Map normal scores `(n, d)` of a t copula to N(0, S), invertibly, and say its degrees of
    freedom; leave all others unchanged, with None.

    At the degrees of freedom of greatest likelihood (to no more than 100,000 of the rows), the
    scores go to t quantiles, and these go along their radius r to the quantiles of a Gaussian's
    radius. Under a multivariate t, r^2 / d has the law F(d, dof).
    """
    if scores.shape[1] == 1:
        return scores, None
    some = scores[:: -(-len(scores) // _ENOUGH_ROWS)]
    likelihoods = {dof: _t_copula(some, dof)[0] for dof in DEGREES_OF_FREEDOM}
    dof = max(likelihoods, key=likelihoods.__getitem__)
    if likelihoods[dof] < _gaussian_copula(some) + _EVIDENCE:
        return scores, None
    _, values, rounding = _t_copula(scores, dof)
    radius, dim = np.maximum(np.linalg.norm(values @ rounding, axis=1), 1e-300), rounding.shape[1]
    beyond = np.maximum(f.sf(radius**2 / dim, dim, dof), 1e-300)
    return values * (chi.isf(beyond, dim) / radius)[:, None], float(dof)


def t_information(x: np.ndarray, y: np.ndarray, dofs: Collection[float]) -> float:
    """I(X;Y) in nats if normal scores x `(n, D_X)` and y `(n, D_Y)` together have a t copula, with
    the likeliest of these degrees of freedom.

    It is the mean of log c(x, y) - log c(x) - log c(y) for fitted copulas c, less the D_X D_Y / 2n
    that the dispersions between both sides were fitted to chance. Whatever the law, it is above
    I(X;Y) by no more than the KL of a side to its fitted copula.
    """
    fits = [(dof, _t_copula(np.hstack([x, y]), dof)[0]) for dof in set(dofs)]
    dof, joint = max(fits, key=lambda fit: fit[1])
    gained = joint - sum(_t_copula(side, dof)[0] for side in (x, y))
    return float((gained - x.shape[1] * y.shape[1] / 2) / len(x))


@dataclass(frozen=True)
class Canonical:
    """The linear maps to canonical variates, to_x `(D_X, P)` and to_y `(D_Y, Q)`.

    The first R variates of each side have the correlations `(R,)`, largest first. Correlations that
    a sample of this size cannot tell from none (Bartlett's test) are left out, so R may be 0.
    """

    mean_x: np.ndarray
    mean_y: np.ndarray
    to_x: np.ndarray
    to_y: np.ndarray
    correlations: np.ndarray

    @classmethod
    def fit(cls, x: np.ndarray, y: np.ndarray, independent: int | None = None) -> "Canonical":
        """Fit the maps to rows x `(n, D_X)` and y `(n, D_Y)`.

        independent: how many of the rows are, as far as the test goes; by default all.
        """
        n, mean_x, mean_y = len(x), x.mean(0), y.mean(0)
        independent = n if independent is None else independent
        (white_x, _), (white_y, _) = _whitening(np.cov(x.T)), _whitening(np.cov(y.T))
        cross = ((x - mean_x) @ white_x).T @ ((y - mean_y) @ white_y) / (n - 1)
        left, rho, right = np.linalg.svd(cross)
        rho = np.minimum(rho, _LARGEST)
        p, q = len(left), len(right)
        rank = 0
        while rank < len(rho):
            statistic = -(independent - 1 - (p + q + 1) / 2) * np.log1p(-(rho[rank:] ** 2)).sum()
            if chi2.sf(statistic, (p - rank) * (q - rank)) > SIGNIFICANCE:
                break
            rank += 1
        return cls(mean_x, mean_y, white_x @ left, white_y @ right.T, rho[:rank])

    def x(self, x: np.ndarray) -> np.ndarray:
        """Return the canonical variates `(n, P)` of x, float32."""
        return ((x - self.mean_x) @ self.to_x).astype(np.float32)

    def y(self, y: np.ndarray) -> np.ndarray:
        """Return the canonical variates `(n, Q)` of y, float32."""
        return ((y - self.mean_y) @ self.to_y).astype(np.float32)

    @property
    def information(self) -> float:
        """The linear-Gaussian part of I(X;Y), `-1/2 sum_i log(1 - rho_i^2)`, in nats."""
        return float(-0.5 * np.log1p(-(self.correlations**2)).sum())


def in_canonical_coordinates(dataset: Dataset) -> Dataset:
    """Map both sides of pairs of vectors to canonical variates, fitted to their training rows.

    I(X;Y) is unchanged. The card gains the correlations and the linear-Gaussian part (nats).
    """
    canonical = Canonical.fit(
        dataset.x_train.astype(np.float64), dataset.y_train.astype(np.float64)
    )
    x_train, x_test = canonical.x(dataset.x_train), canonical.x(dataset.x_test)
    y_train, y_test = canonical.y(dataset.y_train), canonical.y(dataset.y_test)
    card = dataset.card | {
        "correlations": canonical.correlations.tolist(),
        "linear_gaussian": canonical.information,
    }
    return Dataset(x_train, y_train, x_test, y_test, card)
