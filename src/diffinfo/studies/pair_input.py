"""What users give as pairs, checked: columns of numbers, labels, groups, and signs that rows are
not independent or not what networks can follow.
"""

from typing import NamedTuple

import numpy as np

from diffinfo.data.canonical import normal_scores
from diffinfo.data.columns import (
    Side,
    as_columns,
    as_groups,
    as_images,
    as_labels,
    distinct,
    opened,
    without_missing,
)
from diffinfo.data.dependence import (
    between_others,
    copies,
    rows_of_memory,
    serial_dependence,
)
from diffinfo.errors import DataError
from diffinfo.estimate.counting import states

MIN_ROWS, ROWS_PER_COLUMN, MIN_GROUPS = 200, 5, 20
TIED = 0.1  # the share of a column's rows whose values others have too


class Checked(NamedTuple):
    """Pairs as they are measured: columns `(n, d)` of the sides that hold numbers, and labels
    `(n,)` of those that do; sides: as they were given; groups: the number of each row's `(n,)`, or
    None; dropped: how many rows lacked a value; warnings: of what speaks against independent rows.
    """

    sides: list[Side]
    columns: dict[str, np.ndarray]
    labels: dict[str, np.ndarray]
    groups: np.ndarray | None
    dropped: int
    warnings: list[str]

    def states(self) -> list[np.ndarray]:
        """Both sides as numbered states, `(n,)` each."""
        return [
            self.labels[name] if name in self.labels else states(self.columns[name])
            for name in "xy"
        ]


def _dependence(sides: list[np.ndarray]) -> list[str]:
    """Warnings of rows that do not look independent."""
    warnings, n = [], len(sides[0])
    if repeated := copies(*sides):
        warnings.append(
            f"{repeated} of {n} rows repeat another one exactly, and folds then know each other: "
            "remove them, or pass groups that hold such rows together"
        )
    if share := between_others(*sides):
        warnings.append(
            f"about {share:.0%} of the rows lie on a straight line between two others, as those do "
            "that interpolation made (SMOTE), and folds then know each other: remove such rows"
        )
    if product := serial_dependence(*sides):
        block = 20 * rows_of_memory(product)
        fits = block * MIN_GROUPS <= n
        remedy = f"pass block={block} or more" if fits else f"{n} rows are too few to tell"
        warnings.append(
            "neighbouring rows are alike on both sides, as in time series, and chance then looks "
            f"like information: {remedy} (if they only have been sorted, shuffle them)"
        )
    return warnings


def tied(sides: list[Side], columns: dict[str, np.ndarray]) -> list[str]:
    """Warnings of columns of numbers whose values repeat: their steps are hard to learn."""
    warnings = []
    for side in sides:
        shares = [
            1 - np.count_nonzero(np.unique(column, return_counts=True)[1] == 1) / len(column)
            for column in columns[side.name].T
        ]
        if max(shares) > TIED:
            worst = int(np.argmax(shares))
            warnings.append(
                f"{side.name}, {side.column(worst)}: {shares[worst]:.0%} of the rows share their "
                "value with others (rounded, counted or with one value that is special); networks "
                "blur such steps, and the number may be too low"
            )
    return warnings


def _paired(
    sides: list[Side], missing: str, groups, block: int | None
) -> tuple[list[Side], np.ndarray | None, int]:
    """Both sides without rows that lack a value, the number of each row's group `(n,)`, or None
    where all are independent, and how many rows were left out.
    """
    n, other = map(len, sides)
    if n != other:
        raise DataError(
            f"{sides[0].name} has {n} rows and y {other}; they must be pairs, one a row"
        )
    together = None
    if groups is not None:
        together = as_groups(groups, n, MIN_GROUPS)
    elif block is not None:
        if not 1 <= block <= n // MIN_GROUPS:
            raise DataError(
                f"block: {block}; of {n} rows, blocks of 1 to {n // MIN_GROUPS} leave {MIN_GROUPS} "
                "of them or more"
            )
        together = np.arange(n) // block
    sides, kept = without_missing(sides, missing)
    if together is not None:
        _, together = np.unique(together[kept], return_inverse=True)
    return sides, together, int((~kept).sum())


def checked_pairs(
    x, y, discrete: bool | str, missing: str, groups, block: int | None, least_rows: int
) -> Checked:
    """What `estimate_mi` is given; least_rows: of each label. Raises DataError."""
    sides = [opened(x, "x"), opened(y, "y")]
    sides, together, dropped = _paired(sides, missing, groups, block)
    n, dims = len(sides[0]), sum(side.array[0].size for side in sides)
    least = max(MIN_ROWS, ROWS_PER_COLUMN * dims)
    if n < least:
        turned = "; rows are examples: are they turned on their side?" if n < dims else ""
        raise DataError(f"{n} rows are too few for {dims} columns: needs at least {least}{turned}")
    labels = {
        side.name: found
        for side, asked in zip(sides, ("auto", discrete), strict=True)
        if (found := as_labels(side, asked, least_rows)) is not None
    }
    columns = {side.name: as_columns(side) for side in sides if side.name not in labels}
    known = [labels.get(side.name, columns.get(side.name)) for side in sides]
    warnings = _dependence(known) if together is None else []
    return Checked(sides, distinct(sides, columns), labels, together, dropped, warnings)


class CheckedColumns(NamedTuple):
    """Columns `(n, D)` that are measured one by one with the same y, their names, and of y what it
    gives: columns of numbers `(n, D_Y)`, or labels `(n,)`; groups, dropped, warnings as in
    `Checked`; ties: warnings of columns whose values repeat.
    """

    columns: np.ndarray
    names: tuple[str, ...]
    given: np.ndarray | None
    labels: np.ndarray | None
    groups: np.ndarray | None
    dropped: int
    warnings: list[str]
    ties: list[str]


def checked_columns(
    x, y, discrete: bool | str, missing: str, groups, block: int | None
) -> CheckedColumns:
    """What `mutual_info` is given. Raises DataError."""
    sides = [opened(x, "X"), opened(y, "y")]
    (of_x, of_y), together, dropped = _paired(sides, missing, groups, block)
    if len(of_x) < MIN_ROWS:
        raise DataError(f"{len(of_x)} rows are too few: needs at least {MIN_ROWS}")
    columns, labels = as_columns(of_x), as_labels(of_y, discrete, MIN_ROWS // 20)
    given = as_columns(of_y) if labels is None else None
    names = of_x.columns or tuple(str(number) for number in range(columns.shape[1]))
    warnings = []
    if together is None:
        warnings = _dependence([columns, labels if given is None else given])
    ties = tied([of_x], {"X": columns})
    return CheckedColumns(columns, names, given, labels, together, dropped, warnings, ties)


class PairedImages(NamedTuple):
    """Pairs of which at least one side holds images.

    seen: of both sides what networks see, `(n, H, W, C)` or `(n, D)`, float32. given: the side that
    is not images, as it was given, under its name. images: the names of those that are. groups: the
    number of each row's `(n,)`, or None; dropped: how many rows lacked a value.
    """

    seen: list[np.ndarray]
    given: dict[str, np.ndarray]
    images: set[str]
    groups: np.ndarray | None
    dropped: int


def paired_images(
    x, y, discrete: bool | str, missing: str, groups, block: int | None, least_rows: int
) -> PairedImages:
    """What `estimate_mi` is given where x, y or both are images; least_rows: of each label.

    Raises DataError.
    """
    sides = [
        as_images(values, name) or opened(values, name) for name, values in (("x", x), ("y", y))
    ]
    sides, together, dropped = _paired(sides, missing, groups, block)
    if len(sides[0]) < 2 * MIN_ROWS:
        raise DataError(f"{len(sides[0])} rows are too few: images need {2 * MIN_ROWS} or more")
    images = {side.name for side in sides if side.array.ndim == 4}
    seen = []
    for side in sides:
        if side.name in images:
            mean, deviation = side.array.mean(), side.array.std()
            if deviation == 0:
                raise DataError(f"{side.name}: all images are the same and can tell nothing")
            seen.append((side.array - mean) / deviation)
            continue
        labels = as_labels(side, discrete if side.name == "y" else "auto", least_rows)
        if labels is None:
            columns = normal_scores(as_columns(side), np.random.default_rng(0))
        else:
            columns = np.eye(labels.max() + 1)[labels]
        seen.append(((columns - columns.mean(0)) / columns.std(0)).astype(np.float32))
    given = {side.name: side.array for side in sides if side.name not in images}
    return PairedImages(seen, given, images, together, dropped)


def halves(
    n: int, groups: np.ndarray | None, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Two halves of n rows, by chance; groups `(n,)` stay whole, or as near as that allows."""
    if groups is None:
        order = rng.permutation(n)
        return np.sort(order[: n // 2]), np.sort(order[n // 2 :])
    sizes = np.bincount(groups)
    order = rng.permutation(len(sizes))
    first = np.zeros(len(sizes), bool)
    first[order[np.cumsum(sizes[order]) <= n / 2]] = True
    return np.flatnonzero(first[groups]), np.flatnonzero(~first[groups])


_DISCRETE = {"auto": "auto", "yes": True, "no": False, True: True, False: False}


def checked_options(
    discrete, missing, groups, block, permutations, minutes, random_state
) -> tuple[bool | str, int]:
    """What `discrete` means, and the seed. Raises DataError for options that mean nothing."""
    if not isinstance(discrete, str | bool | np.bool_) or discrete not in _DISCRETE:
        raise DataError(f"discrete: {discrete!r}; it is True, False or 'auto'")
    if missing not in ("error", "drop"):
        raise DataError(f"missing: {missing!r}; it is 'error' or 'drop'")
    if block is not None and (groups is not None or not isinstance(block, int | np.integer)):
        raise DataError(
            f"block: {block!r}; it is a number of rows, or None, and None where groups are given"
        )
    if not isinstance(permutations, int | np.integer) or permutations < 0:
        raise DataError(f"permutations: {permutations!r}; it is a number from 0, such as 199")
    is_number = isinstance(minutes, int | float | np.number)
    if minutes is not None and not (is_number and np.isfinite(minutes) and minutes > 0):
        raise DataError(f"minutes: {minutes!r}; it is a positive number, or None")
    if random_state is None:
        random_state = np.random.default_rng()
    if isinstance(random_state, np.random.Generator):
        return _DISCRETE[discrete], int(random_state.integers(2**32))
    if isinstance(random_state, np.random.RandomState):
        return _DISCRETE[discrete], int(random_state.randint(2**32, dtype=np.uint64))
    if not isinstance(random_state, int | np.integer) or not 0 <= random_state < 2**32:
        raise DataError(
            f"random_state: {random_state!r}; it is an integer from 0 to {2**32 - 1}, a NumPy "
            "generator, or None for a new one each time"
        )
    return _DISCRETE[discrete], int(random_state)
