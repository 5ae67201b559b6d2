"""Samplers on exact fields: the flow against its closed form, the chain against the data's moments."""

import jax
import jax.numpy as jnp
import numpy as np

from diffinfo.exact.denoisers import GaussianDenoiser, MixtureDenoiser
from diffinfo.sample.ancestral import sample_ancestral
from diffinfo.sample.guidance import guided
from diffinfo.sample.ode import sample_ode

VARIANCES, MEAN = np.array([0.01, 0.5, 3.0]), np.array([1.0, -0.5, 0.2])
LAM_RANGE = (-9.0, 12.0)


def _oracle():
    return GaussianDenoiser.of(MEAN, np.diag(VARIANCES))


def _flow_in_closed_form(z, low, high):
    """The flow of a Gaussian keeps standardised coordinates; then the denoised mean at the last
    level.
    """
    alpha_low, alpha = 1 / (1 + np.exp(-low)), 1 / (1 + np.exp(-high))
    tau_low, tau = alpha_low * (VARIANCES - 1) + 1, alpha * (VARIANCES - 1) + 1
    residual = (z - np.sqrt(alpha_low) * MEAN) * np.sqrt(tau / tau_low)
    return MEAN + np.sqrt(alpha) * VARIANCES / tau * residual


def test_flow_converges_to_the_closed_form_at_second_order():
    key, n = jax.random.key(0), 256
    expected = _flow_in_closed_form(np.asarray(jax.random.normal(key, (n, 3)), float), *LAM_RANGE)
    errors = []
    for steps in (20, 40, 80):
        found = sample_ode(_oracle(), None, (n, 3), np.linspace(*LAM_RANGE, steps + 1), key)
        errors.append(float(np.abs(found - expected).max()))
    assert errors[2] < 5e-3
    assert errors[0] / errors[1] > 3
    assert errors[1] / errors[2] > 3


def test_ancestral_samples_have_the_moments_of_the_data():
    n = 40_000
    x = np.asarray(
        sample_ancestral(_oracle(), None, (n, 3), np.linspace(*LAM_RANGE, 801), jax.random.key(1)),
        float,
    )
    assert (np.abs(x.mean(0) - MEAN) < 4 * np.sqrt(VARIANCES / n)).all()
    # Sampling error of a variance, plus the first-order step error of 800 steps (under 1%).
    assert (np.abs(x.var(0) / VARIANCES - 1) < 4 * np.sqrt(2 / n) + 0.01).all()


def test_both_samplers_find_the_labelled_component():
    denoiser = MixtureDenoiser.of([[-2.0, 0.0], [2.0, 0.0]], 0.05, [0.5, 0.5], [0, 1])
    y = jnp.repeat(jnp.arange(2), 200)
    for sampler in (sample_ode, sample_ancestral):
        x = sampler(denoiser, y, (400, 2), np.linspace(-9, 9, 101), jax.random.key(2))
        assert (jnp.sign(x[:, 0]) == 2 * y - 1).all()


def test_guidance_weight_zero_and_minus_one():
    denoiser = MixtureDenoiser.of([[-2.0], [2.0]], 0.3, [0.5, 0.5], [0, 1])
    z, lam, y = jax.random.normal(jax.random.key(3), (50, 1)), jnp.zeros(50), jnp.ones(50, int)
    np.testing.assert_allclose(guided(denoiser, 0.0)(z, lam, y), denoiser(z, lam, y), rtol=1e-6)
    np.testing.assert_allclose(guided(denoiser, -1.0)(z, lam, y), denoiser(z, lam), rtol=1e-6)
    np.testing.assert_allclose(guided(denoiser, 5.0)(z, lam), denoiser(z, lam), rtol=1e-6)


def test_guidance_sharpens_a_gaussian():
    # w > 0 pulls samples beyond the conditional mean (Figs. 2, 8): x ~ N(0, 1), y = x + noise, y =
    # 1.
    denoiser = GaussianDenoiser.of([0.0], [[1.0]], [[1.0]], [[1.25]])
    y = jnp.ones((2000, 1))
    plain, strong = (
        sample_ode(guided(denoiser, w), y, (2000, 1), np.linspace(-9, 12, 101), jax.random.key(4))
        for w in (0.0, 4.0)
    )
    assert strong.std() < plain.std()
    assert strong.mean() > plain.mean()
