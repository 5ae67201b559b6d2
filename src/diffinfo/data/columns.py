"""Arrays from anywhere become columns of numbers, or labels.

Errors name the array, the row and the column.
"""

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from scipy import sparse

from diffinfo.errors import DataError

MOST_LABELS = 200
_LARGEST = 100_000_000  # entries of a sparse matrix that is written out


@dataclass(frozen=True)
class Side:
    """One side of pairs as it was given, `(n,)` or `(n, d)`, or images `(n, H, W, C)`.

    name: "x" or "y"; columns: names of its columns, or none; missing: which entries are missing, of
    the array's shape.
    """

    name: str
    array: np.ndarray
    columns: tuple[str, ...]
    missing: np.ndarray

    def __len__(self) -> int:
        return len(self.array)

    def column(self, number: int) -> str:
        """How messages call a column."""
        return f"column {self.columns[number]!r}" if self.columns else f"column {number}"

    def rows(self, kept: np.ndarray) -> "Side":
        """The same of some rows, by their numbers or a mask."""
        return replace(self, array=self.array[kept], missing=self.missing[kept])


def opened(values, name: str) -> Side:
    """Take what users have: arrays, masked ones, lists, sparse matrices, frames, series, dates.

    name: of this side, for messages. Raises: DataError for what is no rectangle of values.
    """
    columns: tuple[str, ...] = ()
    masked = np.ma.getmaskarray(values) if isinstance(values, np.ma.MaskedArray) else None
    if sparse.issparse(values):
        if np.prod(values.shape, dtype=float) > _LARGEST:
            raise DataError(
                f"{name}: a sparse matrix of shape {values.shape} is too large to be written out; "
                "keep fewer columns"
            )
        array = values.toarray()
    elif isinstance(values, pd.DataFrame):
        columns, array = tuple(map(str, values.columns)), values.to_numpy()
    elif isinstance(values, pd.Series):
        columns = (str(values.name),) if values.name is not None else ()
        array = values.to_numpy()
    else:
        try:
            array = np.asarray(values)
        except ValueError as error:
            raise DataError(f"{name}: rows differ in length ({error})") from error
    if array.ndim not in (1, 2) or 0 in array.shape:
        hint = ", or (n, height, width[, channels]) of images" if array.ndim > 2 else ""
        raise DataError(
            f"{name}: needs shape (n,) or (n, d){hint}, rows are examples; got {array.shape}"
        )
    if array.dtype.kind == "V":
        raise DataError(f"{name}: has fields {array.dtype.names}; stack them as columns")
    missing = (
        np.asarray(pd.isna(array)) if array.dtype.kind in "fcOMm" else np.zeros(array.shape, bool)
    )
    if masked is not None:
        missing = missing | masked
    return Side(name, array, columns, missing)


def as_images(values, name: str) -> Side | None:
    """Take images `(n, H, W, C)` or `(n, H, W)`, float32; None for what has another shape.

    Raises: DataError for images that are no numbers, or have their channels first.
    """
    if np.ndim(values) not in (3, 4):
        return None
    array, missing = np.asarray(values), np.ma.getmaskarray(values)
    if array.dtype.kind not in "buif" or 0 in array.shape:
        raise DataError(f"{name}: images must be numbers, got {array.dtype} {array.shape}")
    array = array[..., None] if array.ndim == 3 else array
    if array.shape[1] in (1, 3) and array.shape[3] > 4:
        raise DataError(
            f"{name}: images of shape {array.shape[1:]} have their channels first; they belong "
            f"last: numpy.moveaxis({name}, 1, -1)"
        )
    if min(array.shape[1:3]) < 2:
        raise DataError(
            f"{name}: needs shape (n,) or (n, d), or images of two rows and columns or more; got "
            f"{np.shape(values)}"
        )
    array = array.astype(np.float32)
    return Side(name, array, (), ~np.isfinite(array) | missing.reshape(array.shape))


def without_missing(sides: list[Side], missing: str) -> tuple[list[Side], np.ndarray]:
    """Return both sides without the rows that lack a value, and which rows `(n,)` these leave.

    missing: "error", or "drop". Raises: DataError, with row and column, where there are such rows
    and they are not to be dropped, or none is left.
    """
    incomplete = np.zeros(len(sides[0]), bool)
    for side in sides:
        here = np.argwhere(side.missing)
        if len(here) and missing == "error":
            where = f"row {here[0][0]}"
            if side.array.ndim == 2:
                where += f", {side.column(here[0][1])}"
            raise DataError(
                f"{side.name}: no value in {where} ({len(here)} in all); remove or fill them, or "
                'pass missing="drop" to leave such rows out'
            )
        incomplete |= side.missing.reshape(len(side), -1).any(1)
    if incomplete.all():
        raise DataError(f"every row of {sides[0].name} and {sides[1].name} lacks a value")
    return [side.rows(~incomplete) for side in sides], ~incomplete


def as_groups(values, n: int, least: int) -> np.ndarray:
    """Return the number of each row's group `(n,)`, from 0, of values of any kind `(n,)`.

    Raises: DataError for another shape, a missing value, or fewer than `least` groups.
    """
    side = opened(values, "groups")
    array, missing = side.array.reshape(len(side), -1), side.missing.reshape(len(side), -1)
    if array.shape != (n, 1):
        raise DataError(f"groups: has shape {side.array.shape} for {n} rows; give one for each")
    if missing.any():
        raise DataError(f"groups: no value in row {int(np.argmax(missing))}")
    numbers, names = pd.factorize(array[:, 0])
    if len(names) < least:
        raise DataError(
            f"groups: {len(names)} different ones; at least {least} are needed, since only they "
            "are independent"
        )
    return numbers


def as_columns(side: Side) -> np.ndarray:
    """Return real columns `(n, d)`, float64; dates become seconds.

    Raises: DataError if they are not finite numbers, or a column is constant.
    """
    array = side.array[:, None] if side.array.ndim == 1 else side.array
    if array.dtype.kind == "M":
        array = array.astype("datetime64[us]").astype(np.int64) / 1e6
    elif array.dtype.kind == "m":
        array = array.astype("timedelta64[us]").astype(np.int64) / 1e6
    if array.dtype.kind == "c":
        unreal = np.argwhere(array.imag != 0)
        if len(unreal):
            row, column = unreal[0]
            raise DataError(
                f"{side.name}: {array[row, column]} in row {row}, {side.column(column)} is not "
                "real; pass real and imaginary parts as columns of their own"
            )
        array = array.real
    if array.dtype.kind in "US":
        raise DataError(
            f"{side.name}: not numbers but text, such as {str(array[0, 0])!r} in row 0, "
            f"{side.column(0)}; labels belong in one column of their own"
        )
    try:
        array = array.astype(np.float64)
    except (TypeError, ValueError) as error:
        row, column = next(
            (row, column)
            for row, values in enumerate(array)
            for column, value in enumerate(values)
            if not _is_number(value)
        )
        raise DataError(
            f"{side.name}: {array[row, column]!r} in row {row}, {side.column(column)} is not a "
            "number; labels belong in one column of their own"
        ) from error
    bad = np.argwhere(~np.isfinite(array))
    if len(bad):
        row, column = bad[0]
        raise DataError(
            f"{side.name}: {array[row, column]} in row {row}, {side.column(column)} "
            f"({len(bad)} in all); remove or fill them"
        )
    constant = np.flatnonzero(np.ptp(array, axis=0) == 0)
    if len(constant):
        raise DataError(
            f"{side.name}: {side.column(constant[0])} is constant and can tell nothing; "
            f"remove it ({len(constant)} in all)"
        )
    return array


def rank_keys(array: np.ndarray) -> list[bytes]:
    """Return a key for each column `(n, d)`: columns that order all rows alike, or in reverse, have
    the same one. Mutual information sees no difference between them.
    """
    keys = []
    for column in array.T:
        _, ranks = np.unique(column, return_inverse=True)
        keys.append(min(ranks.tobytes(), (ranks.max() - ranks).tobytes()))
    return keys


def distinct(sides: list[Side], columns: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Return the columns of each side without those that another one of it repeats.

    Raises: DataError where a continuous column stands on both sides, which makes I(X;Y) infinite.
    """
    keys = {side.name: rank_keys(columns[side.name]) for side in sides if side.name in columns}
    if len(keys) == 2:
        (one, other), (keys_x, keys_y) = sides, keys.values()
        for number, key in enumerate(keys_x):
            values = np.unique(columns[one.name][:, number])
            if key in keys_y and 2 * len(values) > len(one):
                raise DataError(
                    f"{one.name}, {one.column(number)} and {other.name}, "
                    f"{other.column(keys_y.index(key))} order the rows alike: one is a function of "
                    "the other, and I(X;Y) is infinite; leave one of them out"
                )
    return {
        name: columns[name][:, [keys[name].index(key) for key in dict.fromkeys(keys[name])]]
        for name in keys
    }


def _is_number(value) -> bool:
    try:
        float(value)
    except (TypeError, ValueError):
        return False
    return True


def as_labels(side: Side, discrete: bool | str, least: int) -> np.ndarray | None:
    """Return label numbers `(n,)` if a side holds labels, else None.

    discrete: whether it does, or "auto". Then text, booleans, and numbers of which there are few
    and each has at least `least` rows, count as labels.

    Raises: DataError for labels that are too many, too few, all the same, or in several columns.
    """
    array, where = side.array, side.name
    array = array[:, 0] if array.ndim == 2 and array.shape[1] == 1 else array
    if array.ndim != 1 or discrete is False:
        if discrete is True:
            raise DataError(f"{where}: labels must be one column, got shape {side.array.shape}")
        return None
    kind = array.dtype.kind
    if kind == "O":
        inferred = pd.api.types.infer_dtype(array, skipna=False)
        kind = {"integer": "i", "boolean": "b", "decimal": "f", "floating": "f"}.get(inferred, "O")
        kind = "f" if inferred == "mixed-integer-float" else kind
        array = array.astype({"i": np.int64, "b": bool, "f": np.float64}.get(kind, str))
    names, labels = np.unique(array, return_inverse=True)
    if discrete is not True and kind not in "OUSb":
        few = len(names) <= min(MOST_LABELS, max(2, len(array) // 20))
        # Counts of something are few numbers too, but with a tail of rare ones.
        if kind not in "iuf" or not few or np.bincount(labels).min() < least:
            return None
    if len(names) > MOST_LABELS:
        raise DataError(
            f"{where}: {len(names)} different labels, such as {str(names[0])!r}; at most "
            f"{MOST_LABELS} are allowed: merge rare ones (or, for numbers, pass discrete=False)"
        )
    if len(names) < 2:
        raise DataError(f"{where}: only one label, {str(names[0])!r}; it can tell nothing")
    rows = np.bincount(labels)
    if rows.min() < least:
        raise DataError(
            f"{where}: the label {str(names[rows.argmin()])!r} has {rows.min()} rows, and needs "
            f"{least}; merge or remove it"
        )
    return labels.astype(np.int32)
