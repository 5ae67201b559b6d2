"""Arrays from anywhere become columns of numbers, or labels.

Errors name the array, the row and the column.
"""

from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd

from diffinfo.errors import DataError
from diffinfo.files import read_arrays

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


def read_columns(text: str) -> np.ndarray:
    """The array, or the columns of the table, that `FILE[:NAMES]` means.

    Raises: DataError naming the file and the name that is not there.
    """
    file, _, names = text.partition(":") if not Path(text).exists() else (text, "", "")
    path = Path(file)
    if not path.is_file():
        raise DataError(f"{path}: no such file")
    kind = path.suffix.lower()
    if kind == ".npz":
        arrays = read_arrays(path)
        if not names and len(arrays) != 1:
            raise DataError(
                f"{path}: holds {', '.join(sorted(arrays)) or 'nothing'}; say which as {path}:NAME"
            )
        name = names or next(iter(arrays))
        if name not in arrays:
            raise DataError(f"{path}: has no array {name!r}; it holds {', '.join(sorted(arrays))}")
        return arrays[name]
    if names and kind == ".npy":
        raise DataError(f"{text}: an .npy file has no names; give the file alone")
    readers = {".npy": partial(np.load, allow_pickle=False), ".csv": pd.read_csv}
    readers |= dict.fromkeys((".parquet", ".pq"), pd.read_parquet)
    if kind not in readers:
        raise DataError(
            f"{path}: unknown kind {kind or '(no suffix)'}; use .npy, .npz, .csv or .parquet"
        )
    try:
        table = readers[kind](path)
    except Exception as error:
        raise DataError(
            f"{path}: cannot be read ({error}); the file is truncated or of another format"
        ) from error
    if kind == ".npy":
        return table
    chosen = names.split(",") if names else list(table.columns)
    missing = [name for name in chosen if name not in table.columns]
    if missing:
        raise DataError(
            f"{path}: has no column {missing[0]!r}; it has {', '.join(map(str, table.columns))}"
        )
    return table[chosen].to_numpy()
