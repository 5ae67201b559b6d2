"""What nearest neighbours tell: whether images are copies of others, and the information of few
columns.
"""

import numpy as np
from scipy.spatial import cKDTree
from scipy.special import digamma

from diffinfo.estimate.statistics import Estimate

_NEIGHBOURS, _PARTS = 5, 10


def nearest(x: np.ndarray, others: np.ndarray, block: int = 100) -> tuple[np.ndarray, np.ndarray]:
    """Return the root mean square difference of each of x to the nearest of `others`, and its row.

    x, others: images `(N, ...)` and `(M, ...)` uint8. The differences are in grey levels.
    """
    one, other = (np.reshape(array, (len(array), -1)).astype(np.float32) for array in (x, others))
    squares = np.square(other).sum(1)
    rows = np.concatenate(
        [
            np.argmin(squares - 2 * one[start : start + block] @ other.T, axis=1)
            for start in range(0, len(one), block)
        ]
    )
    return np.sqrt(np.square(one - other[rows]).mean(1)), rows


def _radius(of: np.ndarray, neighbours: int) -> np.ndarray:
    """Just less than the distance of each row `(n, D)` to the last of its nearest ones, `(n,)`."""
    away, _ = cKDTree(of).query(of, k=[neighbours + 1], p=np.inf)
    return np.nextafter(away[:, 0], 0)


def _within(of: np.ndarray, radius: np.ndarray) -> np.ndarray:
    """How many rows `(n, D)` are as near to each row as that, itself among them, `(n,)`."""
    return cKDTree(of).query_ball_point(of, radius, p=np.inf, return_length=True)


def _told(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    n, near = len(x), np.full(len(x), _NEIGHBOURS)
    if y.ndim == 2:
        radius = _radius(np.hstack([x, y]), _NEIGHBOURS)
        beside = [_within(side, radius) for side in (x, y)]
    else:
        radius, own = np.empty(n), np.bincount(y)[y]
        near = np.minimum(near, own - 1)
        for label in np.unique(y):
            rows = y == label
            radius[rows] = _radius(x[rows], near[rows][0])
        beside = [_within(x, radius), own]
    return digamma(n) + digamma(near) - sum(digamma(count) for count in beside)


def told_by_neighbours(x: np.ndarray, y: np.ndarray, rng: np.random.Generator) -> Estimate:
    """Return I(X;Y) by the distances of independent rows to their five nearest ones, in nats.

    x: `(n, D_X)` and y `(n, D_Y)` without ties (Kraskov et al. 2004, eq. 8), or labels y `(n,)`,
    more than five rows of each (Ross 2014, eq. 2). In one column of each side it is hardly biased,
    however sharp or fine the relation is; the more columns, the lower. The error is that of the
    mean over ten parts of the rows (Holmes and Nemenman 2019), but not below that of rows by
    themselves, which are not independent here: they are each other's neighbours.
    """
    parts = []
    for part in np.array_split(rng.permutation(len(x)), _PARTS):
        if y.ndim == 1:
            part = part[np.bincount(y[part])[y[part]] > 1]
        parts.append(_told(x[part], y[part]).mean())
    rows = Estimate.of(_told(x, y))
    error = max(rows.standard_error, Estimate.of(np.array(parts)).standard_error)
    return Estimate(rows.value, error, rows.n)
