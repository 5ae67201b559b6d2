"""Steps against entropy and dimension, against the reference numbers of schedules.md, section 3."""

import numpy as np
import pytest

from diffinfo.estimate.entropy import Estimate
from diffinfo.theory.entropy import (
    codebook,
    component_risk,
    fewest_steps,
    plain_cost,
    shifted_grid,
    structured_cost,
    theorem_bound,
)
from diffinfo.theory.mixture import Mixture, information, mmse
from diffinfo.theory.path_kl import chain_kl, path_cost

BIT = Mixture(np.array([[-4.0], [4.0]]), np.array([0.5, 0.5]), 0.0)


def _bit_risk(eta):
    return np.array([16.0 if each == 0 else mmse(BIT, each) for each in eta])


def test_one_bit():
    assert mmse(BIT, 0.1) == pytest.approx(4.7878886, abs=1e-6)
    assert mmse(BIT, 1.0) == pytest.approx(0.0015714989, abs=1e-9)
    gained = information(BIT, 1.0)
    assert gained == pytest.approx(0.6930536, abs=1e-7)
    grid = shifted_grid(np.log(2) / 16, 1.0, 5)
    np.testing.assert_allclose(grid, [0, 0.0385338323, 0.1113427802, 0.2489139112, 0.5088519633, 1], atol=1e-9)
    for steps, expected in ((5, 0.42414953), (10, 0.18656548), (20, 0.08771753), (50, 0.03384314), (100, 0.01672151)):
        found = path_cost(_bit_risk, shifted_grid(np.log(2) / 16, 1.0, steps), gained)
        assert found == pytest.approx(expected, abs=1e-5)  # the reference's own tolerance
        assert found <= theorem_bound(np.log(2), 16.0, 1.0, steps)


def test_steps_grow_with_entropy_on_the_hypercube():
    """b independent bits cost b times one, whatever the dimension that they are embedded in: K = 33 b + 2."""
    gained = information(BIT, 1.0)

    def cost(steps):
        return path_cost(_bit_risk, shifted_grid(np.log(2) / 16, 1.0, steps), gained)

    assert [fewest_steps(lambda k, b=b: b * cost(k), 0.05) for b in (1, 2, 5)] == [35, 68, 167]


@pytest.mark.parametrize(("dimension", "codewords", "structured", "plain"), [(8, 4, 67, 1238), (32, 16, 134, 4531)])
def test_random_codebooks(dimension, codewords, structured, plain):
    mixture = codebook(dimension, codewords)
    risk = component_risk(mixture, 20_000)
    cost = structured_cost(mixture, risk, 1.0)
    assert fewest_steps(cost, 0.05) == pytest.approx(structured, abs=2)
    for steps in (20, 100):
        assert cost(steps) <= theorem_bound(mixture.entropy, mixture.spread, 1.0, steps)
    shifts = [mixture.entropy / mixture.spread, 1.0, 0.1]
    found = min(fewest_steps(plain_cost(mixture, risk, 0.01, shift), 0.05) for shift in shifts)
    assert found == pytest.approx(plain, rel=0.03)


@pytest.mark.parametrize("dimension", [2, 32])
def test_structured_steps_do_not_see_the_dimension_and_plain_ones_do(dimension):
    """A 4x4 lattice in a random plane: chain KLs measured in R^d against 0.416249, and the plain sampler's formula."""
    rng = np.random.default_rng(3)
    plane = np.linalg.qr(rng.standard_normal((dimension, 2)))[0]
    points = 6 * (np.stack(np.meshgrid(np.arange(4), np.arange(4)), -1).reshape(16, 2) - 1.5)
    mixture = Mixture(points @ plane.T, np.full(16, 1 / 16), 1.0)
    eta = np.geomspace(1 / 101, 1 / 1.02, 17)
    grid = 1 / (1 / eta - 1)  # gamma = 1 / t, t = 1 / eta - variance
    found = Estimate.of(chain_kl(mixture, grid, 20_000, np.random.default_rng(1), structured=True))
    assert abs(found.value - 0.416249) < 4 * found.standard_error
    expected = {2: 11.397, 32: 163.090}[dimension]
    found = Estimate.of(chain_kl(mixture, grid, 20_000, np.random.default_rng(1)))
    assert abs(found.value - expected) < 4 * found.standard_error
