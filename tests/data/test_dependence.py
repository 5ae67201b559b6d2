"""Rows that are not independent are noticed, and rows that only look so are left in peace."""

import numpy as np
import pytest
from scipy.spatial import cKDTree

from diffinfo.data.dependence import (
    between_others,
    copies,
    rows_of_memory,
    serial_dependence,
)
from diffinfo.studies.pair_input import checked_pairs


def _series(phi, n, rng):
    noise, values = rng.standard_normal(n), np.empty(n)
    values[0] = noise[0]
    for t in range(1, n):
        values[t] = phi * values[t - 1] + np.sqrt(1 - phi**2) * noise[t]
    return values


def test_copies_are_counted_and_rounded_values_are_not():
    rng = np.random.default_rng(0)
    x, y = rng.standard_normal((2, 1000, 2))
    rows = rng.permutation(np.repeat(np.arange(1000), 10))
    assert copies(x[rows], y[rows]) == 9000
    assert copies(x, y) == 0
    assert copies(np.round(x, 1), np.round(y, 1)) == 0
    counts = rng.poisson(3.0, (2, 4000))
    assert copies(*counts) == 0
    assert copies(*np.log1p(counts)) == 0, "many digits, but few different values"
    assert copies(x[rows], rng.standard_normal(10_000)) == 0, "only one side repeats"


def _interpolated(rows, n, rng):
    """Rows, and n more between one of them and one of its five nearest neighbours."""
    _, near = cKDTree(rows).query(rows, k=6)
    one = rng.integers(0, len(rows), n)
    other = near[one, rng.integers(1, 6, n)]
    return np.concatenate([rows, rows[one] + rng.random((n, 1)) * (rows[other] - rows[one])])


@pytest.mark.parametrize("dim", [1, 3, 20])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_rows_made_by_interpolation_are_noticed(dim, dtype):
    rng = np.random.default_rng(0)
    rows = _interpolated(rng.standard_normal((1000, 2 * dim)), 3000, rng).astype(dtype)
    assert between_others(rows[:, :dim], rows[:, dim:]) > 0.5
    labels = rng.integers(0, 2, 4000)
    assert (between_others(rows[:, :dim], labels) > 0.3) == (dim > 1)


def test_the_warning_of_interpolated_rows_names_them_unless_groups_do():
    rng = np.random.default_rng(0)
    rows = _interpolated(rng.standard_normal((500, 4)), 1500, rng)
    pairs, options = (rows[:, :2], rows[:, 2:], "auto", "error"), (None, 8)
    (warning,) = checked_pairs(*pairs, None, *options).warnings
    assert "rows lie on a straight line between two others" in warning
    assert "SMOTE" in warning
    assert checked_pairs(*pairs, np.arange(len(rows)) // 2, *options).warnings == []


def test_rows_of_laws_are_not_taken_for_interpolated_ones():
    rng = np.random.default_rng(0)
    x, y = rng.standard_normal((2, 10_000, 1))
    assert between_others(x, y) == 0
    assert between_others(x, np.maximum(x + y, 0)) == 0, "many rows share a line, that of y = 0"
    assert between_others(x, np.round(x + y, 1)) == 0
    assert between_others(rng.poisson(3.0, 4000), rng.poisson(3.0, 4000)) == 0
    assert between_others(np.c_[x, y], x + y) == 0, "all rows share a plane"
    hour = 2 * np.pi * rng.random(10_000)
    circle, labels = np.c_[np.cos(hour), np.sin(hour)], rng.integers(0, 3, 10_000)
    assert between_others(circle, labels) == 0, "a circle is straight where its rows are near"
    assert between_others(np.c_[circle, hour], labels) == 0
    assert between_others(np.c_[hour, np.log1p(hour)], labels) == 0


@pytest.mark.parametrize("phi", [0.6, 0.99])
def test_series_on_both_sides_are_noticed(phi):
    rng = np.random.default_rng(0)
    x, y = _series(phi, 4000, rng), _series(phi, 4000, rng)
    product = serial_dependence(x, y)
    assert product == pytest.approx(phi**2, rel=0.15)
    assert 0.5 / (1 - phi) < rows_of_memory(product) < 2 / (1 - phi)
    assert serial_dependence(x, rng.permutation(y)) == 0
    assert serial_dependence(x[:, None], (y > 0).astype(int)) > 0


def test_sorted_rows_are_no_series():
    rng = np.random.default_rng(0)
    x = rng.standard_normal(4000)
    y = x + 0.3 * rng.standard_normal(4000)
    order = np.argsort(x)
    assert serial_dependence(x[order], y[order]) == 0
    labels = np.sort(rng.integers(0, 3, 4000))
    assert serial_dependence(labels + 0.1 * x, labels) == 0
