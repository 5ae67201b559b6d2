"""Nearest images, against all differences; information by neighbours, against closed forms."""

import numpy as np
import pytest

from diffinfo.estimate.neighbours import nearest, told_by_neighbours


def test_the_nearest_is_found():
    rng = np.random.default_rng(0)
    x, others = (rng.integers(0, 256, (n, 3, 3, 1), np.uint8) for n in (7, 20))
    distance, rows = nearest(x, others, block=3)
    every = (x[:, None].astype(float) - others) ** 2
    every = np.sqrt(every.reshape(7, 20, -1).mean(-1))
    np.testing.assert_array_equal(rows, every.argmin(1))
    np.testing.assert_allclose(distance, every.min(1), rtol=1e-6)


@pytest.mark.parametrize("correlation", [0.0, 0.5, 0.9])
def test_neighbours_tell_what_gaussians_share_and_how_sure_they_are(correlation):
    rng = np.random.default_rng(0)
    found = []
    for _ in range(40):
        x, noise = rng.standard_normal((2, 1000, 1))
        y = correlation * x + np.sqrt(1 - correlation**2) * noise
        found.append(told_by_neighbours(x, y, rng))
    values, errors = np.array([(each.value, each.standard_error) for each in found]).T
    truth = -0.5 * np.log(1 - correlation**2)
    # Its own bias in 1,000 rows is a hundredth of a nat at most.
    assert abs(values.mean() - truth) < 4 * values.std() / np.sqrt(len(found)) + 0.01
    assert 0.7 < errors.mean() / values.std() < 1.4


def test_neighbours_see_steps_of_numbers_and_labels():
    rng = np.random.default_rng(1)
    x = rng.random((4000, 1))
    level = (8 * x[:, 0]).astype(int)
    steps = level[:, None] + 0.5 * rng.random((4000, 1))
    for y, truth in ((steps, np.log(8)), (level % 2, np.log(2)), (rng.permutation(level % 2), 0)):
        found = told_by_neighbours(x, y, rng)
        assert abs(found.value - truth) < 0.03 * truth + 4 * found.standard_error
    # A label of one row in a part has no neighbours there.
    rare = np.where(np.arange(4000) < 8, 2, level % 2)
    assert np.isfinite(told_by_neighbours(x, rare, rng).standard_error)
