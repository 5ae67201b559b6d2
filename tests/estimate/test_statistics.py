"""Intervals of shares, exponents of power laws, and errors of means over groups."""

import numpy as np
import pytest

from diffinfo.estimate.statistics import Estimate, exponent, folds, share_interval


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


def test_the_error_of_groups_is_that_of_their_means_over_many_samples():
    rng = np.random.default_rng(0)
    groups = np.repeat(np.arange(60), rng.integers(1, 40, 60))
    found = []
    for _ in range(400):
        values = rng.standard_normal(60)[groups] + rng.standard_normal(len(groups))
        found.append(Estimate.of(values, groups))
    errors = [estimate.standard_error for estimate in found]
    scatter = np.std([estimate.value for estimate in found])
    assert np.mean(errors) == pytest.approx(scatter, rel=0.1)
    assert Estimate.of(values).standard_error < 0.5 * scatter, "of single rows it is far too small"
    assert found[0].n == 60
    with pytest.raises(ValueError, match="1 groups"):
        Estimate.of(np.ones(5), np.zeros(5, int))


def test_groups_stay_in_one_part():
    groups = np.random.default_rng(0).integers(0, 17, 300)
    parts = folds(300, 5, groups)
    assert np.sum([apply for apply, _ in parts], axis=0).tolist() == [1] * 300
    for apply, fit in parts:
        assert not set(groups[apply]) & set(groups[fit])
