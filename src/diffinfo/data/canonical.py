"""Coordinates in which what Gaussians can tell about (X, Y) is already told.

Mutual information does not change under invertible maps of x and of y. So every coordinate is first mapped to normal scores
(by rank: scales, skewness and heavy tails are gone), then both sides are rotated to canonical variates: x' and y' have unit
covariance and correlate coordinate by coordinate only. In these coordinates the linear-Gaussian part of the answer is

    x' ~ N(0, I),    x'_i | y' ~ N(rho_i y'_i, 1 - rho_i^2),    I = -1/2 sum_i log(1 - rho_i^2),

and a network is left with what is not Gaussian.
"""

from dataclasses import dataclass

import numpy as np
from scipy.special import ndtri
from scipy.stats import chi2

from diffinfo.data.dataset import Dataset

SIGNIFICANCE = 1e-3
_LARGEST = 1 - 1e-12  # of a correlation, so that the conditional variance stays positive


def normal_scores(values: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Each column `(n, d)` by its ranks to the quantiles of N(0, 1). Ties are broken at random, which adds no information."""
    n = len(values)
    scores = np.empty(values.shape)
    quantiles = ndtri((np.arange(n) + 0.5) / n)
    for column, target in zip(values.T, scores.T, strict=True):
        target[np.lexsort((rng.random(n), column))] = quantiles
    return scores


def _whitening(values: np.ndarray) -> np.ndarray:
    """`(d, p)` map to unit covariance; directions without variance (repeated columns) are dropped."""
    variances, directions = np.linalg.eigh(np.atleast_2d(np.cov(values.T)))
    kept = variances > 1e-10 * variances.max()
    return directions[:, kept] / np.sqrt(variances[kept])


@dataclass(frozen=True)
class Canonical:
    """Linear maps to canonical variates. to_x `(D_X, P)`, to_y `(D_Y, Q)`; correlations `(R,)`, largest first, of the first R.

    Correlations that a sample of this size cannot tell from none (Bartlett's test) are left out: R may be 0.
    """

    mean_x: np.ndarray
    mean_y: np.ndarray
    to_x: np.ndarray
    to_y: np.ndarray
    correlations: np.ndarray

    @classmethod
    def fit(cls, x: np.ndarray, y: np.ndarray) -> "Canonical":
        """From rows x `(n, D_X)` and y `(n, D_Y)`."""
        n, mean_x, mean_y = len(x), x.mean(0), y.mean(0)
        white_x, white_y = _whitening(x), _whitening(y)
        cross = ((x - mean_x) @ white_x).T @ ((y - mean_y) @ white_y) / (n - 1)
        left, rho, right = np.linalg.svd(cross)
        rho = np.minimum(rho, _LARGEST)
        p, q = len(left), len(right)
        rank = 0
        while rank < len(rho):
            statistic = -(n - 1 - (p + q + 1) / 2) * np.log1p(-(rho[rank:] ** 2)).sum()
            if chi2.sf(statistic, (p - rank) * (q - rank)) > SIGNIFICANCE:
                break
            rank += 1
        return cls(mean_x, mean_y, white_x @ left, white_y @ right.T, rho[:rank])

    def x(self, x: np.ndarray) -> np.ndarray:
        """Canonical variates `(n, P)` of x, float32."""
        return ((x - self.mean_x) @ self.to_x).astype(np.float32)

    def y(self, y: np.ndarray) -> np.ndarray:
        """Canonical variates `(n, Q)` of y, float32."""
        return ((y - self.mean_y) @ self.to_y).astype(np.float32)

    @property
    def information(self) -> float:
        """The linear-Gaussian part of I(X;Y), nats."""
        return float(-0.5 * np.log1p(-(self.correlations**2)).sum())


def in_canonical_coordinates(dataset: Dataset) -> Dataset:
    """Both sides of real pairs mapped by what their training rows say; the card gains the correlations. I(X;Y) is unchanged."""
    canonical = Canonical.fit(dataset.x_train.astype(np.float64), dataset.y_train.astype(np.float64))
    x_train, x_test = canonical.x(dataset.x_train), canonical.x(dataset.x_test)
    y_train, y_test = canonical.y(dataset.y_train), canonical.y(dataset.y_test)
    card = dataset.card | {"correlations": canonical.correlations.tolist(), "linear_gaussian": canonical.information}
    return Dataset(x_train, y_train, x_test, y_test, card)
