"""sqrt(d): levels that can be told apart, levels that a sampler needs, and what fewer miss (schedules.md, section 5)."""

import numpy as np
import pytest

from diffinfo.theory.entropy import fewest_steps
from diffinfo.theory.levels import (
    distinguishable_levels,
    gaussian_chain_variance,
    gaussian_terminal_kl,
    planted_fraction,
)


def test_levels_that_can_be_told_apart():
    found = [distinguishable_levels(d) for d in (2, 8, 32, 128, 512, 2048)]
    np.testing.assert_allclose(found, [10.74, 19.95, 38.38, 75.22, 148.90, 296.27], atol=0.005)
    assert distinguishable_levels(10**8) / 1e4 == pytest.approx(np.log(1e4) / np.sqrt(2), rel=1e-3)


def test_steps_for_a_gaussian_grow_with_the_root_of_the_dimension():
    assert gaussian_chain_variance(10, 1.0) == pytest.approx(0.6626370486, abs=1e-10)
    dimensions = (2, 8, 32, 128, 512, 2048)
    for eta, expected in ((1.0, [15, 29, 58, 116, 231, 462]), (0.0, [8, 15, 29, 58, 115, 229])):
        assert [fewest_steps(lambda k, d=d, e=eta: gaussian_terminal_kl(d, k, e), 0.05) for d in dimensions] == expected


@pytest.mark.parametrize(("per_root", "low", "high"), [(0.5, 0, 0), (1, 0.016, 0.027), (4, 0.310, 0.318), (8, 0.400, 0.408)])
def test_too_few_levels_miss_a_planted_shell(per_root, low, high):
    n = 20_000
    for dimension in (64, 4096):
        found = planted_fraction(dimension, int(per_root * np.sqrt(dimension)), n, 0).mean()
        error = np.sqrt(max(found * (1 - found), 1 / n) / n)
        assert low - 4 * error <= found <= high + 4 * error
