"""Columns ranked by what they tell: Gaussian ones within their own errors, others not above the
truth.
"""

import numpy as np
import pandas as pd
import pytest

from diffinfo import mutual_info
from diffinfo.errors import DataError
from diffinfo.studies import ranking

N, RHO = 3000, (0.0, 0.4, 0.9)


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr(ranking, "STEPS", 200)
    ranking._programs.cache_clear()
    yield
    ranking._programs.cache_clear()


def _columns(rng):
    y = rng.standard_normal(N)
    noise = rng.standard_normal((len(RHO), N))
    return [r * y + np.sqrt(1 - r**2) * e for r, e in zip(RHO, noise, strict=True)], y


def test_columns_of_known_information():
    rng = np.random.default_rng(0)
    columns, y = _columns(rng)
    curve = y**2 + 0.5 * rng.standard_normal(N)
    x = pd.DataFrame({"none": columns[0], "some": columns[1], "much": np.exp(columns[2])})
    found = mutual_info(x.assign(curve=curve), y)
    # What the rows at hand tell: the error of a correlation in so few is not the estimator's.
    exact = [-0.5 * np.log(1 - np.corrcoef(column, y)[0, 1] ** 2) for column in columns]
    assert (np.abs(found.mi[:3] - exact) < 4 * found.standard_error[:3]).all()
    assert found.standard_error.max() < 0.03
    # Of y^2 + N(0, 1/4), by quadrature: small networks tell a little less.
    assert 0.9 * 0.8027 < found.mi[3] < 0.8027 + 4 * found.standard_error[3]
    assert set(found.ranked()["column"][:2]) == {"curve", "much"}
    assert list(found.ranked()["column"][2:]) == ["some", "none"]
    np.testing.assert_array_equal(np.asarray(found), found.mi)
    again = mutual_info(x.assign(curve=curve), y)
    np.testing.assert_array_equal(found.mi, again.mi)


def test_steps_and_fine_turns_are_seen_by_neighbours():
    rng = np.random.default_rng(2)
    x = np.c_[rng.random(N), rng.standard_normal(N)]
    level = (8 * x[:, 0]).astype(int)
    for y, truth in ((level + 0.5 * rng.random(N), np.log(8)), (level % 2, np.log(2))):
        found = mutual_info(x, y)
        assert abs(found.mi[0] - truth) < 0.03 * truth + 4 * found.standard_error[0]
        assert abs(found.mi[1]) < 4 * found.standard_error[1] + 1e-3


def test_labels_groups_and_missing_rows():
    rng = np.random.default_rng(1)
    y = rng.integers(0, 3, N)
    x = np.c_[y + 0.3 * rng.standard_normal(N), rng.standard_normal(N)]
    x[5, 1] = np.nan
    found = mutual_info(x, y, missing="drop", groups=np.arange(N) // 2)
    assert (found.dropped, found.n, found.groups) == (1, N - 1, N // 2)
    # Three Gaussians 3.3 deviations apart: by quadrature .86 of log 3.
    grid = np.linspace(-3, 5, 8001)
    p = np.exp(-0.5 * ((grid - np.arange(3)[:, None]) / 0.3) ** 2).mean(0) / (
        0.3 * np.sqrt(2 * np.pi)
    )
    exact = -np.trapezoid(p * np.log(p), grid) - 0.5 * np.log(2 * np.pi * np.e * 0.09)
    assert found.mi[0] < exact + 4 * found.standard_error[0]
    assert found.mi[0] > 0.9 * exact
    assert abs(found.mi[1]) < 4 * found.standard_error[1] + 1e-3


@pytest.mark.parametrize(
    ("x", "message"),
    [
        (np.ones((N, 2)), "X: column 0 is constant"),
        (np.full((N, 1), np.nan), "X: no value in row 0, column 0"),
        (np.ones((10, 1)), "X has 10 rows and y 3000"),
    ],
)
def test_what_cannot_be_measured_is_named(x, message):
    with pytest.raises(DataError, match=message):
        mutual_info(x, np.random.default_rng(0).standard_normal(N))
