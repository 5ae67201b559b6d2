"""Intervals of shares and exponents of power laws."""

import numpy as np
import pytest

from diffinfo.estimate.statistics import exponent, share_interval


def test_the_interval_of_a_share_stays_within_its_range_and_covers_it():
    assert share_interval(0, 100) == pytest.approx((0, 0.03699), abs=1e-4)
    assert share_interval(100, 100) == pytest.approx((1 - 0.03699, 1), abs=1e-4)
    right = np.random.default_rng(0).binomial(1200, 0.99, 2000)
    intervals = {each: share_interval(each, 1200) for each in np.unique(right)}
    covered = np.mean([intervals[each][0] < 0.99 < intervals[each][1] for each in right])
    assert 0.93 < covered < 0.98


def test_exponents_of_power_laws():
    x = np.geomspace(1, 100, 40)
    assert exponent(x, 3 * x**0.5) == pytest.approx((0.5, 0), abs=1e-9)
    noise = np.random.default_rng(0).standard_normal((500, 40))
    slopes, errors = zip(*(exponent(x, x**2 * np.exp(0.1 * e)) for e in noise), strict=True)
    assert np.mean(slopes) == pytest.approx(2, abs=0.003)
    assert np.mean(errors) == pytest.approx(np.std(slopes), rel=0.1)
