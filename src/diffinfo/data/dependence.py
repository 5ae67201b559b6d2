"""Signs that rows are not independent, which folds of single rows rely on."""

import numpy as np
import pandas as pd
from scipy.stats import rankdata

_COPIES = 0.02  # of the rows
_LEAST_DISTINCT = 0.05  # of the rows: fewer values are those of something discrete
# Of the product of both sides' correlations of neighbouring rows, beyond chance. At 0.1 a
# correlation of the two sides by chance has a variance that is 1.2 times that of independent rows.
_SERIAL = 0.1


def _has_many_digits(values: np.ndarray) -> np.ndarray:
    """Whether values `(n,)` are no round numbers: more than four digits describe them."""
    scale = 10.0 ** (4 - np.ceil(np.log10(np.maximum(np.abs(values), 1e-300))))
    return np.round(values * scale) / scale != values


def copies(*sides: np.ndarray) -> int:
    """Return how many rows repeat an earlier one on all sides, or 0 where that is as it should be.

    sides: `(n,)` or `(n, d)` each. What is rounded or counted repeats by itself, so only rows that
    hold a number of many digits count, in a column whose different values are not few.
    """
    rows = np.column_stack([side.astype(np.float64) for side in sides])
    exact = np.zeros(len(rows), bool)
    for column in rows.T:
        if len(np.unique(column)) >= _LEAST_DISTINCT * len(rows):
            exact |= _has_many_digits(column)
    if not exact.any():
        return 0
    count = int((pd.DataFrame(rows).duplicated().to_numpy() & exact).sum())
    return count if count > _COPIES * len(rows) else 0


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
