"""Rows that are not independent are noticed, and rows that only look so are left in peace."""

import numpy as np
import pytest

from diffinfo.data.dependence import copies, rows_of_memory, serial_dependence


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
