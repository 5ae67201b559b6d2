"""About sqrt(d) levels can be told apart and are needed by a sampler, and fewer miss what is there:
all is held against reference numbers.
"""

import numpy as np
import pytest

from diffinfo.exact.dimension import (
    distinguishable_levels,
    gaussian_chain_variance,
    gaussian_terminal_kl,
    planted_fraction,
    search_success,
    visibility,
    visible_width,
)
from diffinfo.exact.steps import fewest_steps


def test_levels_that_can_be_told_apart():
    levels = [distinguishable_levels(d) for d in (2, 8, 32, 128, 512, 2048)]
    np.testing.assert_allclose(levels, [10.74, 19.95, 38.38, 75.22, 148.90, 296.27], atol=0.005)
    assert distinguishable_levels(10**8) / 1e4 == pytest.approx(np.log(1e4) / np.sqrt(2), rel=1e-3)


def test_steps_for_a_gaussian_grow_with_the_root_of_the_dimension():
    assert gaussian_chain_variance(10, 1.0) == pytest.approx(0.6626370486, abs=1e-10)
    dimensions = (2, 8, 32, 128, 512, 2048)
    for eta, expected in ((1.0, [15, 29, 58, 116, 231, 462]), (0.0, [8, 15, 29, 58, 115, 229])):
        assert [
            fewest_steps(lambda k, d=d, e=eta: gaussian_terminal_kl(d, k, e), 0.05)
            for d in dimensions
        ] == expected


@pytest.mark.parametrize(
    ("per_root", "low", "high"),
    [(0.5, 0, 0), (1, 0.016, 0.027), (4, 0.310, 0.318), (8, 0.400, 0.408)],
)
def test_too_few_levels_miss_a_planted_shell(per_root, low, high):
    n = 20_000
    for dimension in (64, 4096):
        share = planted_fraction(dimension, int(per_root * np.sqrt(dimension)), n, 0).mean()
        error = np.sqrt(max(share * (1 - share), 1 / n) / n)
        assert low - 4 * error <= share <= high + 4 * error


@pytest.mark.parametrize(
    ("dimension", "width"), [(16, 5.80), (64, 5.40), (256, 5.20), (4096, 5.20)]
)
def test_a_hidden_codebook_shows_in_a_window_of_one_over_the_root_of_the_dimension(
    dimension, width
):
    assert np.sqrt(dimension) * visible_width(dimension) == pytest.approx(width, rel=0.05)
    assert visibility(-np.log(np.expm1(1.0)), dimension, 0.5)[0] == pytest.approx(0.5, abs=0.01)


def test_so_that_levels_to_find_it_grow_with_the_root_too():
    """Nine in ten are found with about sqrt(d) / 2 levels, nearly all with sqrt(d), and half are
    missed with sqrt(d) / 8.
    """
    needed = [fewest_steps(lambda k, d=d: -search_success(d, k, 2.0), -0.9) for d in (16, 64, 256)]
    assert (np.array(needed) / np.sqrt([16, 64, 256]) < 0.6).all()
    assert (np.array(needed) / np.sqrt([16, 64, 256]) > 0.35).all()
    assert search_success(256, 16, 2.0) > 0.985
    assert search_success(256, 2, 2.0) < 0.6
