"""Arrays from anywhere become columns of numbers, or labels.

Errors name the array, the row and the column.
"""

import numpy as np
import pandas as pd

from diffinfo.errors import DataError

MOST_LABELS = 200


def as_columns(values, name: str) -> np.ndarray:
    """Return `values` `(n,)` or `(n, d)` as real columns `(n, d)`, float64.

    Raises: DataError if they are not finite numbers, or a column is constant.
    """
    try:
        array = np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise DataError(
            f"{name}: not numbers ({error}); "
            "labels belong in y, as one column of integers or strings"
        ) from error
    array = array[:, None] if array.ndim == 1 else array
    if array.ndim != 2 or 0 in array.shape:
        raise DataError(f"{name}: needs shape (n, d), rows are examples; got {np.shape(values)}")
    bad = np.argwhere(~np.isfinite(array))
    if len(bad):
        row, column = bad[0]
        raise DataError(
            f"{name}: {array[row, column]} in row {row}, column {column} "
            f"({len(bad)} in all); remove or fill them"
        )
    constant = np.flatnonzero(np.ptp(array, axis=0) == 0)
    if len(constant):
        raise DataError(
            f"{name}: column {constant[0]} is constant and can tell nothing; "
            f"remove it ({len(constant)} in all)"
        )
    return array


def as_labels(values, discrete: bool | str, least: int) -> np.ndarray | None:
    """Return label numbers `(n,)` if `values` are labels, else None.

    discrete: whether they are, or "auto". Then strings, and integers of which there are few, count
    as labels if each integer has at least `least` rows.

    Raises: DataError for labels that are missing, too many, all the same, or in several columns.
    """
    array = np.asarray(values)
    array = array[:, 0] if array.ndim == 2 and array.shape[1] == 1 else array
    if array.ndim != 1 or discrete is False:
        if discrete is True:
            raise DataError(f"y: labels must be one column, got shape {np.shape(values)}")
        return None
    if array.dtype.kind == "O":
        empty = np.flatnonzero(pd.isna(array))
        if len(empty):
            raise DataError(
                f"y: row {empty[0]} has no label ({len(empty)} in all); remove or fill them"
            )
        array = array.astype(str)
    names, labels = np.unique(array, return_inverse=True)
    few = len(names) <= min(MOST_LABELS, max(2, len(array) // 20))
    whole = array.dtype.kind in "iubOUS"
    # Counts of something are integers too, but with a tail of rare ones.
    rare = array.dtype.kind in "iu" and np.bincount(labels).min() < least
    if discrete is not True and (not (whole and few) or rare):
        return None
    if len(names) > MOST_LABELS:
        raise DataError(
            f"y: {len(names)} different labels; at most {MOST_LABELS} are allowed "
            "(for numbers, pass discrete=False)"
        )
    if len(names) < 2:
        raise DataError("y: only one label; it can tell nothing")
    return labels.astype(np.int32)
