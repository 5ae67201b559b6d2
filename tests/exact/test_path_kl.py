"""Costs of discretisation are held against reference numbers and against direct Monte Carlo."""

from functools import partial

import numpy as np
import pytest
from scipy.optimize import minimize

from diffinfo.estimate.statistics import Estimate
from diffinfo.exact.mixture import Mixture, information, mmse
from diffinfo.exact.path_kl import (
    approximation_error,
    chain_kl,
    discretisation_error,
    entropy_bound,
    geometric_grid,
    integral,
    path_cost,
    renyi_half_entropy,
)
from diffinfo.sample.las import las

A = Mixture(np.array([[-1.0], [1.0]]), np.array([0.3, 0.7]))
B = Mixture(np.array([[-2.0], [0.5], [2.0]]), np.array([0.2, 0.5, 0.3]), 0.04)
WRONG = Mixture(np.array([[-1.8], [0.4], [2.3]]), np.array([0.35, 0.35, 0.3]), 0.09)
RANGES = {"A": (A, 0.05, 20.0), "B": (B, 0.02, 100.0)}


def test_reference_curves():
    curve = [mmse(A, gamma) for gamma in (0.05, 0.1, 1, 10)]
    np.testing.assert_allclose(
        curve, [0.8056448242, 0.7731215968, 0.3972893381, 0.0021936712], atol=1e-9
    )
    np.testing.assert_allclose(
        [information(A, gamma) for gamma in (0.05, 1, 20)],
        [0.0205667009, 0.2918575179, 0.6108537503],
        atol=1e-9,
    )
    np.testing.assert_allclose(
        [mmse(B, 0.05), mmse(B, 1.0)], [1.7841320407, 0.5858544461], atol=1e-9
    )
    np.testing.assert_allclose(
        [information(B, gamma) for gamma in (0.02, 1, 100)],
        [0.0192476537, 0.5186603225, 1.8334811871],
        atol=1e-9,
    )


@pytest.mark.parametrize(
    ("target", "steps", "expected"),
    [
        ("A", 4, 0.8067352631),
        ("A", 8, 0.2980952640),
        ("A", 16, 0.1299747716),
        ("B", 4, 3.1636256),
        ("B", 16, 0.4488497),
    ],
)
def test_discretisation_error_both_ways(target, steps, expected):
    mixture, low, high = RANGES[target]
    grid = geometric_grid(low, high, steps)
    error = discretisation_error(partial(mmse, mixture), grid)
    assert error == pytest.approx(expected, abs=1e-7)
    gained = information(mixture, high) - information(mixture, low)
    assert path_cost(partial(mmse, mixture), grid, gained) == pytest.approx(error, abs=1e-9)
    assert error <= entropy_bound(renyi_half_entropy(mixture.weights), grid) or mixture.variance > 0


def test_the_derivative_of_the_mmse_is_bounded_by_the_entropy():
    """It has its reference values, and `|mmse'| <= 24 max(2, H_1/2)^2 / gamma^2` (Eq. 4.4)."""
    for gamma, expected in (
        (0.1, -0.63262575),
        (0.5, -0.41983089),
        (1.0, -0.27236253),
        (3.0, -0.06716586),
        (10.0, -0.00118614),
    ):
        h = 1e-4 * gamma
        slope = (mmse(A, gamma + h) - mmse(A, gamma - h)) / (2 * h)
        assert slope == pytest.approx(expected, abs=1e-7)
        assert abs(slope) <= 24 * max(2, renyi_half_entropy(A.weights)) ** 2 / gamma**2


@pytest.mark.parametrize(("target", "steps"), [("A", 8), ("B", 8)])
def test_chain_kl_is_the_path_kl(target, steps):
    mixture, low, high = RANGES[target]
    grid = geometric_grid(low, high, steps)
    expected = discretisation_error(partial(mmse, mixture), grid)
    measured = Estimate.of(chain_kl(mixture, grid, 50_000, np.random.default_rng(1)))
    assert abs(measured.value - expected) < 4 * measured.standard_error
    assert measured.standard_error < 0.02 * expected


@pytest.mark.parametrize("target", ["A", "B"])
def test_looking_at_a_path_more_often_changes_nothing(target):
    mixture, low, high = RANGES[target]
    expected = discretisation_error(partial(mmse, mixture), geometric_grid(low, high, 8))
    measured = Estimate.of(
        chain_kl(mixture, geometric_grid(low, high, 32), 50_000, np.random.default_rng(1), hold=4)
    )
    assert abs(measured.value - expected) < 4 * measured.standard_error
    assert measured.standard_error < 0.02 * expected


@pytest.mark.parametrize(
    ("steps", "totals", "errors"),
    [(6, (1.6847, 1.6921), (1.1218, 1.1137)), (12, (0.9227, 0.9260), (0.4727, 0.4701))],
)
def test_a_schedule_of_the_denoisers_own_risk_costs_least(steps, totals, errors):
    """Grids chosen from 400 even candidates by the denoiser's risk and by the mmse have the whole
    cost, and its discretisation part, of the reference.
    """
    candidates = geometric_grid(0.02, 100.0, 399)
    best, risk = partial(mmse, B), partial(mmse, B, best=WRONG)
    gained = information(B, 100.0) - information(B, 0.02)
    grids = [las(candidates, curve(candidates), steps, 0.0).snr for curve in (risk, best)]
    np.testing.assert_allclose([path_cost(risk, grid, gained) for grid in grids], totals, atol=2e-4)
    np.testing.assert_allclose([path_cost(best, grid, gained) for grid in grids], errors, atol=2e-4)


@pytest.mark.parametrize(
    ("steps", "parts"), [(6, (1.615464, 0.714186)), (12, (0.633707, 0.500634))]
)
def test_an_imperfect_denoiser_adds_its_own_part(steps, parts):
    grid = geometric_grid(0.02, 100.0, steps)
    best, risk = partial(mmse, B), partial(mmse, B, best=WRONG)
    discretisation = discretisation_error(best, grid)
    approximation = approximation_error(lambda gamma: risk(gamma) - best(gamma), grid)
    np.testing.assert_allclose((discretisation, approximation), parts, atol=2e-6)
    gained = information(B, 100.0) - information(B, 0.02)
    assert path_cost(risk, grid, gained) == pytest.approx(discretisation + approximation, abs=1e-8)
    measured = Estimate.of(chain_kl(B, grid, 50_000, np.random.default_rng(2), WRONG.denoise))
    assert abs(measured.value - sum(parts)) < 4 * measured.standard_error


def test_steps_of_equal_ratio_are_best_for_the_bound_and_the_error_falls_like_one_over_k():
    for steps, ratio, expected in ((5, 1e4, 140.957851), (10, 1e4, 22.858006)):
        grid = geometric_grid(1.0, ratio, steps)
        assert np.sum((grid[1:] / grid[:-1] - 1) ** 2) == pytest.approx(expected, abs=1e-5)

        def cost(logs, ratio=ratio):
            return np.sum(np.expm1(np.diff(np.concatenate([[0], logs, [np.log(ratio)]]))) ** 2)

        start = np.sort(np.random.default_rng(0).uniform(0, np.log(ratio), steps - 1))
        assert minimize(cost, start, tol=1e-12).fun == pytest.approx(expected, rel=1e-6)
    gained = information(A, 20.0) - information(A, 0.05)
    first, last = (
        k * path_cost(partial(mmse, A), geometric_grid(0.05, 20.0, k), gained) for k in (256, 1024)
    )
    assert first == pytest.approx(1.84269, abs=1e-5)
    assert last == pytest.approx(1.83192, abs=1e-5)


def test_integrals_of_the_mmse_are_information():
    assert 0.5 * integral(partial(mmse, B), 0.02, 100.0) == pytest.approx(
        information(B, 100.0) - information(B, 0.02), abs=1e-9
    )
