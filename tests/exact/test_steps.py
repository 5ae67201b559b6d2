"""Steps against entropy and against dimension are held against reference numbers."""

import numpy as np
import pytest

from diffinfo.estimate.statistics import Estimate
from diffinfo.exact.mixture import Mixture, information, mmse
from diffinfo.exact.path_kl import chain_kl, path_cost
from diffinfo.exact.steps import (
    bits_cost,
    codebook,
    component_risk,
    fewest_steps,
    limit_steps,
    plain_cost,
    shifted_grid,
    structured_cost,
    theorem_bound,
    uneven,
)

BIT = Mixture(np.array([[-4.0], [4.0]]), np.array([0.5, 0.5]), 0.0)


def _bit_risk(eta):
    return np.array([16.0 if each == 0 else mmse(BIT, each) for each in eta])


def test_one_bit():
    assert mmse(BIT, 0.1) == pytest.approx(4.7878886, abs=1e-6)
    assert mmse(BIT, 1.0) == pytest.approx(0.0015714989, abs=1e-9)
    gained = information(BIT, 1.0)
    assert gained == pytest.approx(0.6930536, abs=1e-7)
    grid = shifted_grid(np.log(2) / 16, 1.0, 5)
    np.testing.assert_allclose(
        grid, [0, 0.0385338323, 0.1113427802, 0.2489139112, 0.5088519633, 1], atol=1e-9
    )
    for steps, expected in (
        (5, 0.42414953),
        (10, 0.18656548),
        (20, 0.08771753),
        (50, 0.03384314),
        (100, 0.01672151),
    ):
        cost = path_cost(_bit_risk, shifted_grid(np.log(2) / 16, 1.0, steps), gained)
        # The reference states its numbers to this tolerance.
        assert cost == pytest.approx(expected, abs=1e-5)
        assert cost <= theorem_bound(np.log(2), 16.0, 1.0, steps)


def test_steps_grow_with_entropy_on_the_hypercube():
    """A cube of b independent bits costs b times one bit, whatever dimension they are embedded in,
    and so takes K = 33 b + 2 steps.
    """
    cost = bits_cost([4.0])
    assert cost(20) == pytest.approx(0.08771753, abs=1e-5)
    assert [fewest_steps(lambda k, b=b: b * cost(k), 0.05) for b in range(1, 11)] == [
        33 * b + 2 for b in range(1, 11)
    ]
    assert fewest_steps(lambda k: 100 * cost(k), 0.05) == 3307


def test_one_logarithm_is_needed():
    """For bits of amplitudes 4, 8, 16, ... steps grow like H L: it takes K = 35, 87, 261, 539, 925,
    1422 of them for 1, 2, 4, 6, 8, 10 bits.
    """
    for bits, expected in ((1, 35), (2, 87), (4, 261), (6, 539), (8, 925), (10, 1422)):
        assert fewest_steps(bits_cost(4.0 * 2.0 ** np.arange(bits)), 0.05) == pytest.approx(
            expected, abs=1
        )


@pytest.mark.parametrize("power", [1.0, 2.0])
def test_shannon_entropy_is_what_counts_for_uneven_weights(power):
    """Random codewords of weights j^-s take K / H = 48 as even ones do, though H_1/2 is not H."""
    entropy = uneven(codebook(64, 64), 1.0, power).entropy
    # This gives R eta_max / H the value it has for even codebooks, 16 / log 2.
    mixture = uneven(codebook(64, 64), 16 / np.log(2) * entropy, power)
    assert mixture.weights[1] == pytest.approx(mixture.weights[0] / 2**power)
    assert mixture.spread == pytest.approx(16 / np.log(2) * entropy)
    needed = fewest_steps(structured_cost(mixture, component_risk(mixture, 20_000), 1.0), 0.05)
    assert needed / entropy == pytest.approx(48.5, abs=2.0)
    assert needed == pytest.approx(limit_steps(entropy, mixture.spread, 1.0, 0.05), rel=0.06)


@pytest.mark.parametrize(("dimension", "expected"), [(2, 214), (8, 850), (32, 3395), (128, 13575)])
def test_plain_steps_for_one_gaussian_grow_with_the_dimension(dimension, expected):
    def cost(steps):
        x = np.geomspace(1.01, 101.0, steps + 1) - 1
        return path_cost(
            lambda gamma: dimension / (1 + gamma), x, 0.5 * dimension * np.log(101.0 / 1.01)
        )

    assert fewest_steps(cost, 0.05) == expected


@pytest.mark.parametrize(
    ("dimension", "codewords", "structured", "plain"), [(8, 4, 67, 1238), (32, 16, 134, 4531)]
)
def test_random_codebooks(dimension, codewords, structured, plain):
    mixture = codebook(dimension, codewords)
    risk = component_risk(mixture, 20_000)
    cost = structured_cost(mixture, risk, 1.0)
    assert fewest_steps(cost, 0.05) == pytest.approx(structured, abs=2)
    for steps in (20, 100):
        assert cost(steps) <= theorem_bound(mixture.entropy, mixture.spread, 1.0, steps)
    shifts = [mixture.entropy / mixture.spread, 1.0, 0.1]
    needed = min(fewest_steps(plain_cost(mixture, risk, 0.01, shift), 0.05) for shift in shifts)
    assert needed == pytest.approx(plain, rel=0.03)


@pytest.mark.parametrize("dimension", [2, 32])
def test_structured_steps_do_not_see_the_dimension_and_plain_ones_do(dimension):
    """Chains over a 4x4 lattice in a random plane of R^d have a path KL of 0.416249 if structured,
    and that of the plain sampler's formula if not.
    """
    rng = np.random.default_rng(3)
    plane = np.linalg.qr(rng.standard_normal((dimension, 2)))[0]
    points = 6 * (np.stack(np.meshgrid(np.arange(4), np.arange(4)), -1).reshape(16, 2) - 1.5)
    mixture = Mixture(points @ plane.T, np.full(16, 1 / 16), 1.0)
    eta = np.geomspace(1 / 101, 1 / 1.02, 17)
    # The SNR is gamma = 1 / t, with t = 1 / eta - variance.
    grid = 1 / (1 / eta - 1)
    measured = Estimate.of(
        chain_kl(mixture, grid, 20_000, np.random.default_rng(1), structured=True)
    )
    assert abs(measured.value - 0.416249) < 4 * measured.standard_error
    expected = {2: 11.397, 32: 163.090}[dimension]
    measured = Estimate.of(chain_kl(mixture, grid, 20_000, np.random.default_rng(1)))
    assert abs(measured.value - expected) < 4 * measured.standard_error
