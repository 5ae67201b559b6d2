"""Random fields against brute force: covariances of pixels, dense Gaussians, quadrature, and the
estimators that take their exact denoiser.
"""

import jax.numpy as jnp
import numpy as np
import pytest
from scipy.special import expit
from scipy.stats import multivariate_normal

from diffinfo.exact.mixture import Mixture, information
from diffinfo.exact.random_fields import RandomFields, frequencies, hartley, symmetric
from diffinfo.process.denoise import x_hat
from diffinfo.studies.measure import measure

SIDE = 6


@pytest.fixture(scope="module")
def fields():
    """Two classes that differ in slope and in mean."""
    k, direction = frequencies(SIDE, SIDE)
    power = np.stack([0.5 / (1 + k**2), 0.9 / (1 + k**2) ** 1.5 * (1 + (direction < 1))])
    means = np.zeros((2, SIDE, SIDE))
    means[1, 2, 3] = 0.6
    return RandomFields(symmetric(power), means, np.array([0.3, 0.7]))


def _dense(fields, number, lam):
    """Mean and covariance of z, by applying the transform to every unit vector."""
    basis = hartley(np.eye(SIDE**2).reshape(-1, SIDE, SIDE)).reshape(SIDE**2, -1)
    covariance = basis.T @ (fields.power[number].ravel()[:, None] * basis)
    mean = np.sqrt(expit(lam)) * fields.means[number].ravel()
    return mean, expit(lam) * covariance + expit(-lam) * np.eye(SIDE**2)


def test_the_transform_is_orthonormal_and_its_own_inverse():
    x = np.random.default_rng(0).standard_normal((3, SIDE, SIDE))
    np.testing.assert_allclose(hartley(hartley(x)), x, atol=1e-12)
    np.testing.assert_allclose((hartley(x) ** 2).sum((1, 2)), (x**2).sum((1, 2)))


def test_fields_are_stationary(fields):
    """The covariance of two pixels depends on where they lie to each other, and draws have it."""
    covariance = _dense(fields, 1, 30.0)[1].reshape(SIDE, SIDE, SIDE, SIDE)
    for shift in ((0, 1), (2, 0), (1, 4)):
        moved = np.roll(covariance, shift + shift, (0, 1, 2, 3))
        np.testing.assert_allclose(moved, covariance, atol=1e-10)
    x, y = fields.draw(40_000, np.random.default_rng(0))
    rows = (x[y == 1] - fields.means[1]).reshape(-1, SIDE**2)
    error = np.sqrt(2 / len(rows)) * covariance[0, 0, 0, 0]
    assert np.abs(rows.T @ rows / len(rows) - covariance.reshape(36, 36)).max() < 5 * error


@pytest.mark.parametrize("lam", [-3.0, 1.0, 6.0])
def test_posterior_and_entropies_are_those_of_dense_gaussians(fields, lam):
    x, _ = fields.draw(50, np.random.default_rng(0))
    z = np.sqrt(expit(lam)) * x
    laws = [multivariate_normal(*_dense(fields, number, lam)) for number in range(2)]
    log_joint = np.stack([law.logpdf(z.reshape(50, -1)) for law in laws], 1) + np.log(
        fields.weights
    )
    expected = log_joint - np.logaddexp(*log_joint.T)[:, None]
    np.testing.assert_allclose(fields.log_posterior(z, lam), expected, atol=1e-8)
    kl = 0.0
    for number, weight in enumerate(fields.weights):
        mean, covariance = _dense(fields, number, lam)
        sign, log_determinant = np.linalg.slogdet(covariance)
        kl += weight * 0.5 * (np.trace(covariance) - 36 - sign * log_determinant + mean @ mean)
    assert fields.conditional_entropy_produced(lam) == pytest.approx(kl, rel=1e-9)


def test_information_of_one_pixel_is_that_of_a_mixture():
    one = RandomFields(
        np.full((2, 1, 1), 0.04), np.array([[[-1.0]], [[1.0]]]), np.array([0.5, 0.5])
    )
    rng = np.random.default_rng(0)
    x, y = one.draw(20_000, rng)
    values = one.information(x, y, rng.standard_normal(x.shape), [0.0, 3.0])
    line = Mixture(np.array([[-1.0], [1.0]]), np.array([0.5, 0.5]), 0.04)
    for column, lam in zip(values.T, (0.0, 3.0), strict=True):
        # I(X_lam;Y) = I(x_0;x_t) - I(x_0;x_t|Y), and given the label x_0 is a Gaussian.
        given = 0.5 * np.log1p(np.exp(lam) * 0.04)
        expected = information(line, np.exp(lam)) - given
        assert abs(column.mean() - expected) < 4 * column.std() / np.sqrt(20_000)
        assert column.std() / np.sqrt(20_000) < 0.02 * expected


def test_total_correlation(fields):
    """None of independent pixels; the closed form of one class; of two, KL from the margins."""
    rng = np.random.default_rng(0)
    white = RandomFields(np.full((1, SIDE, SIDE), 0.2), np.zeros((1, SIDE, SIDE)), np.ones(1))
    assert white.total_correlation(2.0, 0.0) == pytest.approx(0, abs=1e-6)
    one = RandomFields(fields.power[:1], fields.means[:1], np.ones(1))
    total = expit(2.0) * fields.power[0] + expit(-2.0)
    expected = 0.5 * (SIDE**2 * np.log(total.mean()) - np.log(total).sum())
    assert one.total_correlation(2.0, 0.0) == pytest.approx(expected, rel=1e-6)
    # Of both: KL of the joint from the product of the margins, over draws.
    x, y = fields.draw(40_000, rng)
    z = np.sqrt(expit(2.0)) * x + np.sqrt(expit(-2.0)) * rng.standard_normal(x.shape)
    flat, log_joint, log_pixels = z.reshape(len(z), -1), [], []
    for number, weight in enumerate(fields.weights):
        mean, covariance = _dense(fields, number, 2.0)
        log_joint.append(np.log(weight) + multivariate_normal(mean, covariance).logpdf(flat))
        of_pixel = (flat - mean) ** 2 / np.diag(covariance) + np.log(
            2 * np.pi * np.diag(covariance)
        )
        log_pixels.append(np.log(weight) - 0.5 * of_pixel)
    ratio = np.logaddexp(*log_joint) - np.logaddexp(*log_pixels).sum(1)
    information = fields.log_posterior(z, 2.0)[np.arange(len(y)), y] + fields.label_entropy
    found = fields.total_correlation(2.0, information.mean())
    difference = ratio + information
    error = difference.std() / np.sqrt(len(z))
    assert abs(found + information.mean() - difference.mean()) < 4 * error
    assert error < 0.02 * found


def test_the_denoiser_is_the_posterior_mean_of_dense_gaussians(fields):
    lam, denoiser = 1.5, fields.denoiser()
    x, y = fields.draw(20, np.random.default_rng(0))
    z = np.sqrt(expit(lam)) * x
    given = []
    for number in range(2):
        mean, covariance = _dense(fields, number, lam)
        own = (covariance - expit(-lam) * np.eye(36)) / np.sqrt(expit(lam))
        shift = (z.reshape(20, -1) - mean) @ np.linalg.solve(covariance, own)
        given.append(fields.means[number].ravel() + shift)
    posterior = np.exp(fields.log_posterior(z, lam))
    both = np.einsum("nk,knd->nd", posterior, np.stack(given))
    z_images, lams = jnp.asarray(z[..., None], jnp.float32), jnp.full(20, lam)
    for labels, expected in ((None, both), (jnp.asarray(y), np.stack(given)[y, np.arange(20)])):
        found = x_hat(denoiser(z_images, lams, labels), z_images, lams)
        np.testing.assert_allclose(np.asarray(found).reshape(20, -1), expected, atol=2e-5)


def test_estimators_find_what_is_known(fields):
    rng = np.random.default_rng(1)
    x, y = fields.draw(3000, rng)
    lam_range = (-8.0, 9.0)
    truth = fields.information(x, y, rng.standard_normal(x.shape), lam_range)
    found = measure(
        fields.denoiser(), x[..., None].astype(np.float32), y, lam_range=lam_range, risk_levels=0
    )
    information = truth.mean(0)
    error = truth.std(0) / np.sqrt(len(x))
    entropy = found.estimates["entropy"]["s_nn"]
    end, begin = (fields.conditional_entropy_produced(lam) for lam in lam_range[::-1])
    expected = end - begin - (information[1] - information[0])
    assert abs(entropy.value - expected) < 4 * np.hypot(entropy.standard_error, error[1])
    assert entropy.standard_error < 0.02 * expected
    for name in ("loss_difference", "squared_difference", "classification_bound"):
        estimate = found.estimates["mutual_information"][name]
        assert abs(estimate.value - information[1]) < 4 * np.hypot(
            estimate.standard_error, error[1]
        ), name
