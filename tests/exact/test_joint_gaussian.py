"""Closed forms of joint Gaussians are held against determinants, samples, integrals and flows."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.integrate import quad
from scipy.stats import multivariate_normal
from tests.conftest import determinism

from diffinfo.exact.denoisers import GaussianDenoiser
from diffinfo.exact.joint_gaussian import (
    JointGaussian,
    flattened_covariance,
    full_rank_covariance,
    with_information,
)
from diffinfo.sample.guidance import guided
from diffinfo.sample.solvers import heun_log_snr, solve


def test_closed_forms_against_determinants_and_samples():
    model = determinism(5, 3, 0.7, 1e-3, seed=1)
    sign, logdet = np.linalg.slogdet(model.cov_y / 0.7**2)
    assert sign == 1
    np.testing.assert_allclose(model.mutual_information(), 0.5 * logdet, rtol=1e-10)  # Eq. (49)
    expected = 0.5 * (np.trace(model.cov_x) - np.linalg.slogdet(model.cov_x)[1] - 5)  # Eq. (50)
    np.testing.assert_allclose(model.total_entropy(), expected, rtol=1e-10)
    x, y = model.sample(200_000, np.random.default_rng(0))
    joint = np.cov(np.hstack([x, y]).T)
    expected = np.block([[model.cov_x, model.cov_xy], [model.cov_xy.T, model.cov_y]])
    np.testing.assert_allclose(joint, expected, atol=0.03 * np.abs(expected).max())


def test_information_at_a_level_is_that_of_the_noised_pair():
    model, lam = determinism(4, 2, 0.5, 1e-2, seed=2), 1.3
    alpha = 1 / (1 + np.exp(-lam))
    noised = alpha * model.cov_x + (1 - alpha) * np.eye(4)
    joint = np.block(
        [[noised, np.sqrt(alpha) * model.cov_xy], [np.sqrt(alpha) * model.cov_xy.T, model.cov_y]]
    )
    logdets = [np.linalg.slogdet(m)[1] for m in (noised, model.cov_y, joint)]
    np.testing.assert_allclose(
        model.mutual_information(lam), 0.5 * (logdets[0] + logdets[1] - logdets[2]), rtol=1e-9
    )
    rng = np.random.default_rng(3)
    z = rng.multivariate_normal(np.zeros(4), noised, 100_000)
    ratio = multivariate_normal(np.zeros(4), noised).logpdf(z) - multivariate_normal(
        np.zeros(4), np.eye(4)
    ).logpdf(z)
    assert abs(ratio.mean() - model.total_entropy(lam)) < 4 * ratio.std() / np.sqrt(len(ratio))


def test_a_sweep_over_noise_keeps_x_and_raises_information():
    models = [determinism(25, 15, sigma, 1e-3, seed=0) for sigma in (1.0, 0.6, 0.25)]
    np.testing.assert_allclose(
        [m.total_entropy() for m in models], models[0].total_entropy(), rtol=1e-10
    )
    assert (np.diff([m.mutual_information() for m in models]) > 0).all()


def test_information_rises_towards_the_data():
    assert (
        np.diff(determinism(4, 2, 0.5, 1e-2, seed=2).mutual_information(np.linspace(-9, 14, 60)))
        > 0
    ).all()


def test_flattening_moves_entropy_and_leaves_information():
    models = []
    for lambda_delta in (1e-2, 1e-4, 1e-6):
        rng = np.random.default_rng(4)
        cov_x = flattened_covariance(12, 3, lambda_delta, 1e-9, rng)
        values = np.linalg.eigvalsh(cov_x)
        np.testing.assert_allclose(values[:9], lambda_delta + 1e-9, rtol=1e-6)
        assert (values[9:] >= 0.1).all()
        models.append(JointGaussian.linear(cov_x, rng.standard_normal((4, 12)), 1.0))
    assert (np.diff([m.total_entropy() for m in models]) > 15).all()
    information = [float(m.mutual_information()) for m in models]
    assert abs(information[-1] - information[-2]) < 0.01
    assert (np.diff([m.effective_size for m in models]) < 0).all()
    with pytest.raises(ValueError, match="rank=12 must be smaller than dim_x=12"):
        flattened_covariance(12, 12, 0.1, 1e-9, np.random.default_rng(0))


@pytest.mark.parametrize("nats", [0, 0.5, 20])
def test_information_to_order(nats):
    rng = np.random.default_rng(5)
    model = with_information(
        full_rank_covariance(10, 1e-3, rng), rng.standard_normal((6, 10)), nats
    )
    np.testing.assert_allclose(model.mutual_information(), nats, atol=1e-6)


def test_more_information_than_there_can_be_is_refused():
    rng = np.random.default_rng(5)
    with pytest.raises(ValueError, match="information=1000: this covariance and map hold at most"):
        with_information(full_rank_covariance(3, 1e-3, rng), rng.standard_normal((2, 3)), 1000)


def test_guidance_in_one_dimension_is_an_integral():
    # In one dimension the flow's linear map is the exponential of an integral,
    # log F = int (-a b / 2) dv/dz dlam.
    lam_range, model = (-9.0, 16.0), JointGaussian.linear(np.eye(1), np.eye(1), 0.8)
    for weight in (0.0, 1.0, 3.0):

        def slope(lam, weight=weight):
            alpha = 1 / (1 + np.exp(-lam))
            of = [
                alpha * (1 - alpha) * (1 - v) / (1 + alpha * (v - 1))
                for v in (model.cov_x_given_y[0, 0], 1.0)
            ]
            return -0.5 * ((1 + weight) * of[0] - weight * of[1])

        log_f, _ = quad(slope, *lam_range)
        law = model.guided(weight, lam_range)
        np.testing.assert_allclose(np.log(law.cov_x_given_y[0, 0]) / 2, log_f, rtol=1e-6)


def test_no_guidance_gives_the_model_back():
    model = determinism(6, 3, 0.5, 1e-2, seed=2)
    law = model.guided(0.0, (-24.0, 24.0))
    np.testing.assert_allclose(law.cov_x_given_y, model.cov_x_given_y, atol=1e-6)
    np.testing.assert_allclose(law.gain, model.gain, atol=1e-5)
    # A flow that starts from N(0, I) at finite noise has forgotten the mean that is left there: a =
    # 0.011 at log-SNR -9.
    short = model.guided(0.0, (-9.0, 24.0))
    assert 0.001 < 1 - float(short.mutual_information() / model.mutual_information()) < 0.02


def test_exact_law_of_guided_samples():
    # The sampler (float32, Heun, the guided exact denoiser) must draw from the law that the matrix
    # flow says, within errors.
    lam_range, weight, n = (-9.0, 14.0), 2.0, 40_000
    model = determinism(3, 2, 0.7, 1e-2, seed=6)
    denoiser = GaussianDenoiser.of(np.zeros(3), model.cov_x, model.cov_xy, model.cov_y)
    _, y = model.sample(n, np.random.default_rng(7))
    start = jax.random.normal(jax.random.key(8), (n, 3))
    z = solve(
        guided(denoiser, weight),
        jnp.asarray(y, jnp.float32),
        start,
        np.linspace(*lam_range, 301),
        jax.random.key(9),
        heun_log_snr,
    )
    x, law = np.asarray(z, float), model.guided(weight, lam_range)
    gain, *_ = np.linalg.lstsq(y, x, rcond=None)
    residual = x - y @ gain
    spread = (
        np.sqrt(np.diag(law.cov_x_given_y))[None, :]
        * np.sqrt(np.diag(np.linalg.inv(y.T @ y)))[:, None]
    )
    assert (np.abs(gain - law.gain.T) < 4.5 * spread).all()
    np.testing.assert_allclose(
        residual.T @ residual / n,
        law.cov_x_given_y,
        atol=5 * law.cov_x_given_y.max() * np.sqrt(2 / n),
    )
    assert law.mutual_information() > model.mutual_information() + 1


def test_exact_information_under_guidance_does_not_saturate():
    # What does is the information up to a log-SNR cut-off, the earlier the fewer dimensions y has
    # (the paper's Fig. 10).
    model = determinism(25, 5, 1.0, 1e-3, seed=86)
    laws = [model.guided(float(w), (-8.0, 20.0)) for w in range(0, 7, 2)]
    gains = np.diff([law.mutual_information() for law in laws])
    assert gains.min() > 0.95 * gains.max()
    seen = np.diff([law.mutual_information(13.8) for law in laws])
    assert seen[-1] < 0.2 * seen[0]
