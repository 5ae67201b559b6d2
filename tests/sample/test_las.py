"""Schedules of least cost are held against brute force, and what is no risk curve is refused."""

import json
from itertools import combinations

import numpy as np
import pytest

from diffinfo.errors import DataError
from diffinfo.process.schedule import ddpm_alphas_cumprod, log_snr_of_alpha
from diffinfo.sample.las import las, schedule_cost, written_as


def _curve(n, seed=0):
    """Make a falling, somewhat rough risk on uneven SNRs."""
    rng = np.random.default_rng(seed)
    snr = np.exp(np.sort(rng.uniform(-6, 6, n)))
    return snr, 16 / (1 + snr) * rng.uniform(0.7, 1.3, n)


def _brute_force(snr, risk, steps, *weights):
    paths = [(0, *inner, len(snr) - 1) for inner in combinations(range(1, len(snr) - 1), steps - 1)]
    return min(schedule_cost(snr, risk, np.array(path), *weights) for path in paths)


@pytest.mark.parametrize("weights", [(0.0, 0.0), (0.1, 0.0), (0.1, 0.3)])
@pytest.mark.parametrize("steps", [1, 2, 5])
def test_least_cost_of_all_subsets(weights, steps):
    snr, risk = _curve(14)
    levels = las(snr, risk, steps, *weights).indices
    assert len(levels) == steps + 1
    assert levels[0] == 0
    assert levels[-1] == 13
    assert (np.diff(levels) > 0).all()
    assert schedule_cost(snr, risk, levels, *weights) == pytest.approx(
        _brute_force(snr, risk, steps, *weights), rel=1e-12
    )


def _exact_second_order(snr, risk, steps, saturation, smoothness):
    """The least cost by a dynamic program over pairs of levels, O(K N^3)."""
    n, x = len(snr), np.log(snr)
    axis = snr / (1 + saturation * snr)
    value = np.full((n, n), np.inf)  # [i, j]: last step i -> j
    value[0, 1:] = (axis[1:] - axis[0]) * risk[0]
    for _ in range(steps - 1):
        new = np.full((n, n), np.inf)
        for j in range(1, n):
            bends = smoothness * ((x[None] - x[j]) - (x[j] - x[:, None])) ** 2
            total = (value[:, j, None] + bends).min(0) + (axis - axis[j]) * risk[j]
            new[j, j + 1 :] = total[j + 1 :]
        value = new
    return value[:, -1].min()


@pytest.mark.parametrize("smoothness", [0.01, 0.1, 1.0])
@pytest.mark.parametrize("steps", [5, 10])
def test_the_search_is_close_to_the_exact_second_order_program(smoothness, steps):
    snr, risk = _curve(80, seed=1)
    exact = _exact_second_order(snr, risk, steps, 0.05, smoothness)
    levels = las(snr, risk, steps, 0.05, smoothness).indices
    cost = schedule_cost(snr, risk, levels, 0.05, smoothness)
    assert exact * (1 - 1e-12) <= cost <= 1.025 * exact


def test_saturation_spends_fewer_steps_on_clean_levels():
    snr = np.exp(np.linspace(-10, 9, 400))
    risk = 16 / (1 + snr)
    plain, saturated = (las(snr, risk, 8, saturation) for saturation in (0.0, 0.5))
    assert plain.snr[-2] > 10 * saturated.snr[-2]


def test_levels_in_every_unit():
    """A level is the same in SNR, log-SNR and sigma, and a level of DDPM is its own time step."""
    alpha = ddpm_alphas_cumprod()
    snr = np.exp(log_snr_of_alpha(alpha))[::-1]
    schedule = las(snr, 16 / (1 + snr), 8)
    np.testing.assert_array_equal(schedule.snr, snr[schedule.indices])
    np.testing.assert_allclose(np.exp(schedule.log_snr), schedule.snr)
    np.testing.assert_allclose(schedule.sigma**-2, schedule.snr)
    np.testing.assert_array_equal(schedule.timesteps(), 999 - schedule.indices)
    scaled = ddpm_alphas_cumprod("scaled_linear")
    nearest = schedule.timesteps(scaled)
    assert (np.diff(nearest) < 0).all()
    inside = schedule.snr > np.exp(log_snr_of_alpha(scaled[-1]))
    gaps = np.abs(np.log(scaled / (1 - scaled))[nearest] - schedule.log_snr)[inside]
    assert gaps[:-1].max() < 0.05


@pytest.mark.parametrize(
    ("snr", "risk", "steps", "message"),
    [
        ([1.0, 1.0, 2.0], [3.0, 2.0, 1.0], 1, "increase from row to row"),
        ([1.0, 2.0, 3.0], [3.0, np.nan, 1.0], 1, "row 1 is not"),
        ([1.0, 2.0, 3.0], [3.0, 2.0], 1, "as many SNRs as risks"),
        ([1.0, 2.0, 3.0], [3.0, 2.0, 1.0], 3, "room for 1 to 2"),
    ],
)
def test_what_is_not_a_risk_curve_is_refused(snr, risk, steps, message):
    with pytest.raises(DataError, match=message):
        las(snr, risk, steps)


def test_lists_for_other_samplers():
    schedule = las(*_curve(30), 4)
    levels = schedule.sigma[:-1]
    closed = json.loads(written_as(schedule, "k-diffusion"))
    np.testing.assert_allclose(closed, [*levels, 0], rtol=1e-7)
    assert json.loads(written_as(schedule, "diffusers")) == closed
    assert json.loads(written_as(schedule, "diffusers", final_zero=False)) == closed[:-1]
    assert [float(text) for text in written_as(schedule, "comfy").split(", ")] == closed
    flow = np.array(json.loads(written_as(schedule, "diffusers-flow")))
    # x = (1 - t) data + t noise has this signal-to-noise ratio.
    np.testing.assert_allclose(((1 - flow) / flow) ** 2, schedule.snr[:-1], rtol=1e-6)
    steps = json.loads(written_as(schedule, "diffusers-timesteps"))
    assert steps == schedule.timesteps()[:-1].tolist()


def test_two_levels_of_one_time_step_are_told():
    snr = np.linspace(1, 1.01, 9)
    with pytest.raises(DataError, match="steps 0 and 1 have the same time step"):
        written_as(las(snr, np.ones(9), 8), "diffusers-timesteps")
