"""Solvers, grids and guidance on exact fields: deterministic solvers are held against the flow's
closed form, random ones against exact variances and the data's moments.
"""

from itertools import pairwise

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from diffinfo.exact.denoisers import GaussianDenoiser, MixtureDenoiser
from diffinfo.process.schedule import VPSchedule
from diffinfo.sample.grids import edm_grid, even_grid, log_snr_grid, time_grid
from diffinfo.sample.guidance import guided
from diffinfo.sample.solvers import (
    SOLVERS,
    ddim,
    euler,
    heun,
    heun_log_snr,
    ode_2m,
    path,
    sample,
    sde_2m,
    solve,
)

LAMS = (-8.0, 6.0)
WIDE = (-9.0, 12.0)
VARIANCES = np.array([0.05, 0.5, 3.0])
MEAN = np.array([1.0, -0.5, 0.2])


def _flow(z, low, high, variances=VARIANCES):
    """z at log-SNR `high`, which was `z` at `low`: the flow of a Gaussian keeps standardised
    coordinates.
    """
    alpha_low, alpha = 1 / (1 + np.exp(-low)), 1 / (1 + np.exp(-high))
    total_low, total = alpha_low * (variances - 1) + 1, alpha * (variances - 1) + 1
    return np.sqrt(alpha) * MEAN + (z - np.sqrt(alpha_low) * MEAN) * np.sqrt(total / total_low)


def _samples(denoiser, y, shape, lams, key, method):
    start_key, noise_key = jax.random.split(key)
    start = jax.random.normal(start_key, shape)
    return sample(denoiser, y, start, lams, noise_key, SOLVERS[method])


@pytest.mark.parametrize(
    ("step", "order", "counts"),
    [
        (ddim(0.0), 1, (40, 80)),
        (euler, 1, (160, 320)),
        (ode_2m, 2, (40, 80)),
        (heun, 2, (40, 80)),
        (heun_log_snr, 2, (40, 80)),
    ],
    ids=["ddim", "euler", "ode_2m", "heun", "heun_log_snr"],
)
def test_deterministic_solvers_converge_at_their_order(step, order, counts):
    oracle, key = GaussianDenoiser.of(MEAN, np.diag(VARIANCES)), jax.random.key(0)
    start = jax.random.normal(key, (256, 3))
    expected = _flow(np.asarray(start, float), *LAMS)
    errors = [
        np.abs(solve(oracle, None, start, log_snr_grid(*LAMS, k), key, step) - expected).mean()
        for k in counts
    ]
    assert errors[0] / errors[1] == pytest.approx(2**order, rel=0.25)
    assert errors[1] < 0.05


def _variance_after(step, lams):
    """Variance of x at the end, for data N(0, 1) and x ~ N(0, 1 + sigma^2) at the start, where a
    solver's recursion is linear.
    """
    sigma = np.exp(-0.5 * np.asarray(lams, float))
    # In x_k = p x_0 + sum q_i noise_i, x and D_prev are rows of coefficients of (x_0, noises).
    x = np.zeros(len(sigma))
    x[0] = 1.0
    before, h_before = np.zeros(len(sigma)), 0.0
    for k, (s, t) in enumerate(pairwise(sigma)):
        data, h = x / (1 + s**2), np.log(s / t)
        mixed = data
        if step is sde_2m and 0 < k < len(sigma) - 2:
            mixed = data + 0.5 * h / h_before * (data - before)
        x = t**2 / s**2 * x + (1 - t**2 / s**2) * mixed
        x[k + 1] += t * np.sqrt(1 - t**2 / s**2)
        before, h_before = data, h
    return (1 + sigma[0] ** 2) * x[0] ** 2 + (x[1:] ** 2).sum()


@pytest.mark.parametrize(
    ("step", "order"),
    [(ddim(0.0), 1), (ode_2m, 2), (heun, 2), (heun_log_snr, 2)],
    ids=["ddim", "ode_2m", "heun", "heun_log_snr"],
)
def test_and_on_a_mixture(step, order):
    """With two modes, where the field bends, the reference is the same flow in many more steps."""
    oracle = MixtureDenoiser.of([[-1.0], [1.5]], 0.1, [0.4, 0.6], [0, 1])
    start = jax.random.normal(jax.random.key(0), (256, 1))
    exact, *coarse = (solve(oracle, None, start, log_snr_grid(*LAMS, k), jax.random.key(1), s)
                      for k, s in ((3000, heun), (60, step), (120, step)))  # fmt: skip
    errors = [float(jnp.abs(z - exact).mean()) for z in coarse]
    assert errors[0] / errors[1] == pytest.approx(2**order, rel=0.3)


@pytest.mark.parametrize("step", [ddim(1.0), sde_2m], ids=["ddim", "sde_2m"])
def test_random_solvers_have_the_variance_of_their_recursion(step):
    oracle, lams, n = GaussianDenoiser.of(np.zeros(4), np.eye(4)), log_snr_grid(-6, 6, 10), 100_000
    start = jax.random.normal(jax.random.key(1), (n, 4))
    z = solve(oracle, None, start, lams, jax.random.key(2), step)
    variance = np.asarray(z, float).var() * (1 + np.exp(-lams[-1]))
    assert variance == pytest.approx(_variance_after(step, lams), rel=4 * np.sqrt(2 / (4 * n)))


def test_the_variance_of_ancestral_sampling_is_the_reference_one():
    """For data N(0, 1), ten even steps of log-SNR from noise of variance 100 to 0.01 leave a
    variance of 0.6626370486.
    """
    assert _variance_after(ddim(1.0), log_snr_grid(np.log(0.01), np.log(100), 10)) == pytest.approx(
        0.6626370486, abs=1e-9
    )


def test_all_find_the_labelled_component():
    denoiser = MixtureDenoiser.of([[-2.0, 0.0], [2.0, 0.0]], 0.05, [0.5, 0.5], [0, 1])
    y = jnp.repeat(jnp.arange(2), 100)
    for step in (ddim(0.0), ddim(0.5), ddim(1.0), ode_2m, sde_2m, euler, heun, heun_log_snr):
        z = solve(
            denoiser,
            y,
            jax.random.normal(jax.random.key(0), (200, 2)),
            log_snr_grid(-9, 9, 40),
            jax.random.key(1),
            step,
        )
        assert (jnp.sign(z[:, 0]) == 2 * y - 1).all()


def test_flow_converges_to_the_closed_form_at_second_order():
    variances, n = np.array([0.01, 0.5, 3.0]), 256
    oracle, start = (
        GaussianDenoiser.of(MEAN, np.diag(variances)),
        jax.random.normal(jax.random.key(0), (n, 3)),
    )
    alpha = 1 / (1 + np.exp(-WIDE[1]))
    # The closed form ends with the denoised mean at the last level, as `sample` does.
    residual = _flow(np.asarray(start, float), *WIDE, variances) - np.sqrt(alpha) * MEAN
    expected = MEAN + np.sqrt(alpha) * variances / (alpha * (variances - 1) + 1) * residual
    errors = []
    for steps in (20, 40, 80):
        lams = np.linspace(*WIDE, steps + 1)
        x = sample(oracle, None, start, lams, jax.random.key(1), heun_log_snr)
        errors.append(float(np.abs(x - expected).max()))
    assert errors[2] < 5e-3
    assert errors[0] / errors[1] > 3
    assert errors[1] / errors[2] > 3


def test_ancestral_samples_have_the_moments_of_the_data():
    variances, n = np.array([0.01, 0.5, 3.0]), 40_000
    oracle, lams = GaussianDenoiser.of(MEAN, np.diag(variances)), np.linspace(*WIDE, 801)
    x = _samples(oracle, None, (n, 3), lams, jax.random.key(1), "ancestral")
    x = np.asarray(x, float)
    assert (np.abs(x.mean(0) - MEAN) < 4 * np.sqrt(variances / n)).all()
    # Sampling error of a variance, plus the first-order step error of 800 steps (under 1%).
    assert (np.abs(x.var(0) / variances - 1) < 4 * np.sqrt(2 / n) + 0.01).all()


@pytest.mark.parametrize("method", list(SOLVERS))
def test_samples_of_either_method_are_of_the_labelled_component(method):
    denoiser = MixtureDenoiser.of([[-2.0, 0.0], [2.0, 0.0]], 0.05, [0.5, 0.5], [0, 1])
    y = jnp.repeat(jnp.arange(2), 200)
    x = _samples(denoiser, y, (400, 2), np.linspace(-9, 9, 101), jax.random.key(2), method)
    assert (jnp.sign(x[:, 0]) == 2 * y - 1).all()


@pytest.mark.parametrize("method", list(SOLVERS))
def test_a_path_goes_from_the_start_to_where_solve_ends(method):
    denoiser = MixtureDenoiser.of([[-1.0], [1.5]], 0.1, [0.4, 0.6], [0, 1])
    start, lams = jax.random.normal(jax.random.key(0), (50, 1)), log_snr_grid(*LAMS, 7)
    arguments = (denoiser, None, start, lams, jax.random.key(1), SOLVERS[method])
    positions = path(*arguments)
    assert positions.shape == (8, 50, 1)
    np.testing.assert_array_equal(positions[0], start)
    np.testing.assert_allclose(positions[-1], solve(*arguments), rtol=1e-6, atol=1e-6)


def test_guidance_weight_zero_and_minus_one():
    denoiser = MixtureDenoiser.of([[-2.0], [2.0]], 0.3, [0.5, 0.5], [0, 1])
    z, lam, y = jax.random.normal(jax.random.key(3), (50, 1)), jnp.zeros(50), jnp.ones(50, int)
    np.testing.assert_allclose(guided(denoiser, 0.0)(z, lam, y), denoiser(z, lam, y), rtol=1e-6)
    np.testing.assert_allclose(guided(denoiser, -1.0)(z, lam, y), denoiser(z, lam), rtol=1e-6)
    np.testing.assert_allclose(guided(denoiser, 5.0)(z, lam), denoiser(z, lam), rtol=1e-6)


def test_guidance_sharpens_a_gaussian():
    # w > 0 pulls samples beyond the conditional mean (Figs. 2, 8): x ~ N(0, 1), y = x + noise,
    # y = 1.
    denoiser = GaussianDenoiser.of([0.0], [[1.0]], [[1.0]], [[1.25]])
    y, lams = jnp.ones((2000, 1)), np.linspace(*WIDE, 101)
    plain, strong = (
        _samples(guided(denoiser, w), y, (2000, 1), lams, jax.random.key(4), "ode")
        for w in (0.0, 4.0)
    )
    assert strong.std() < plain.std()
    assert strong.mean() > plain.mean()


def test_grids():
    schedule = VPSchedule()
    for grid in (time_grid(schedule, *LAMS, 7), log_snr_grid(*LAMS, 7), edm_grid(*LAMS, 7)):
        assert grid.shape == (8,)
        assert (np.diff(grid) > 0).all()
        np.testing.assert_allclose(grid[[0, -1]], LAMS)
    np.testing.assert_allclose(
        np.diff(schedule.time(time_grid(schedule, *LAMS, 7))),
        float(np.diff(schedule.time(LAMS))[0]) / 7,
    )
    # The EDM grid from 157.4073 to 0.0100 in five steps has reference values.
    sigma = np.exp(-0.5 * edm_grid(*(-2 * np.log([157.4072808, 0.0100005])), 5))
    np.testing.assert_allclose(
        sigma, [157.4073, 50.5807, 13.0378, 2.4228, 0.26313, 0.0100], rtol=1e-4
    )
    np.testing.assert_array_equal(even_grid(np.arange(10.0), 3), [0, 3, 6, 9])
