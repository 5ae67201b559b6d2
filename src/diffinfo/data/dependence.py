"""Signs that rows are not independent, which folds of single rows rely on."""

import numpy as np
import pandas as pd
from scipy.stats import rankdata
from sklearn.neighbors import NearestNeighbors

_COPIES = 0.02  # of the rows
_LEAST_DISTINCT = 0.05  # of the rows: fewer values are those of something discrete
# Of the product of both sides' correlations of neighbouring rows, beyond chance. At 0.1 a
# correlation of the two sides by chance has a variance that is 1.2 times that of independent rows.
_SERIAL = 0.1

# Of the rows that are looked at, how many may lie on a straight line between two of their nearest
# neighbours. In two dimensions, 0.6 % do by chance, and in more, none.
_BETWEEN, _NEIGHBOURS, _ANGLE, _CURVE = 0.03, 20, 1e-4, 0.99
_MOST_LOOKED_AT, _LEAST_LOOKED_AT, _DISTANCES = 1000, 100, 200_000_000


def _has_many_digits(values: np.ndarray) -> np.ndarray:
    """Whether values `(n,)` are no round numbers: more than four digits describe them."""
    scale = 10.0 ** (4 - np.ceil(np.log10(np.maximum(np.abs(values), 1e-300))))
    return np.round(values * scale) / scale != values


def _fine(rows: np.ndarray) -> list[tuple[int, np.ndarray]]:
    """The columns of `rows` `(n, d)` whose different values are not few, by their numbers, and
    where in them a number has many digits, `(n,)`.
    """
    return [
        (number, _has_many_digits(column))
        for number, column in enumerate(rows.T)
        if len(np.unique(column)) >= _LEAST_DISTINCT * len(rows)
    ]


def _joined(sides: tuple[np.ndarray, ...]) -> np.ndarray:
    return np.column_stack([side.astype(np.float64) for side in sides])


def copies(*sides: np.ndarray) -> int:
    """Return how many rows repeat an earlier one on all sides, or 0 where that is as it should be.

    sides: `(n,)` or `(n, d)` each. What is rounded or counted repeats by itself, so only rows that
    hold a number of many digits count, in a column whose different values are not few.
    """
    rows = _joined(sides)
    exact = np.any([many for _, many in _fine(rows)], axis=0)
    if not exact.any():
        return 0
    count = int((pd.DataFrame(rows).duplicated().to_numpy() & exact).sum())
    return count if count > _COPIES * len(rows) else 0


def between_others(*sides: np.ndarray) -> float:
    """Return which share of the rows lies on a straight line between two near ones, as rows do that
    were made by interpolation (SMOTE), or 0 where that is as it should be.

    sides: `(n,)` or `(n, d)` each; up to a thousand rows are looked at. Only columns that are not
    rounded and whose different values are not few count; there must be two.
    """
    rows = _joined(sides)
    kept = [number for number, many in _fine(rows) if many.mean() > 0.5]
    if len(kept) < 2:
        return 0.0
    rows = rows[:, kept] / rows[:, kept].std(0)
    most = np.clip(_DISTANCES // rows.size, _LEAST_LOOKED_AT, _MOST_LOOKED_AT)
    probes = np.random.default_rng(0).choice(len(rows), min(len(rows), most), replace=False)
    nearest = NearestNeighbors(n_neighbors=min(_NEIGHBOURS + 1, len(rows))).fit(rows)
    near = nearest.kneighbors(rows[probes], return_distance=False)
    steps = rows[near] - rows[probes][:, None]
    length = np.linalg.norm(steps, axis=2, keepdims=True)
    # A neighbour of the same value in a column (zero, say, or none at all) shares a line by itself.
    steps = np.where((steps != 0).all(2, keepdims=True), steps, 0.0)
    units = np.divide(steps, length, out=np.zeros_like(steps), where=length > 0)
    cosines = np.einsum("nkd,nld->nkl", units, units)
    between = cosines.min((1, 2)) < _ANGLE**2 / 2 - 1
    # Of a curve (a sine beside its cosine), all near rows lie on one line.
    on_a_curve = np.median(np.abs(cosines), axis=(1, 2)) > _CURVE
    share = float((between & ~on_a_curve).mean())
    return share if share > _BETWEEN else 0.0


def _serial_correlation(side: np.ndarray) -> float:
    """The largest rank correlation of neighbouring rows over the columns of a side, as a size.

    It is 0 for a side of which a column is sorted: such rows were put into that order.
    """
    largest = 0.0
    for column in side.reshape(len(side), -1).T:
        steps = np.diff(column)
        if (steps >= 0).all() or (steps <= 0).all():
            return 0.0
        ranks = rankdata(column)
        largest = max(largest, abs(float(np.corrcoef(ranks[:-1], ranks[1:])[0, 1])))
    return largest


def serial_dependence(x: np.ndarray, y: np.ndarray) -> float:
    """Return the product of both sides' correlations of neighbouring rows, or 0 if it is small.

    x, y: `(n,)` or `(n, d)`. Rows that depend on their neighbours on one side only do no harm: then
    pairs are as good as independent for whether x and y are.
    """
    product = _serial_correlation(x) * _serial_correlation(y)
    return product if product > _SERIAL + 16 / len(x) else 0.0


def rows_of_memory(product: float) -> int:
    """Return over how many rows neighbours that correlate so (`serial_dependence`) remember."""
    return int(np.ceil(1 / (1 - min(np.sqrt(product), 0.9999))))
