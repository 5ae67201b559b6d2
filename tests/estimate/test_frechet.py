"""Fréchet distances and risk curves against closed forms."""

import jax
import numpy as np
import pytest

from diffinfo.estimate.frechet import classifier_features, frechet_distance
from diffinfo.estimate.risk import risk_curve
from diffinfo.exact.denoisers import GaussianDenoiser


def test_distance_between_gaussians():
    rng, n = np.random.default_rng(0), 400_000
    root, other = rng.standard_normal((3, 3)), rng.standard_normal((3, 3))
    one = rng.standard_normal((n, 3)) @ root.T
    two = rng.standard_normal((n, 3)) @ other.T + [1.0, 0.0, -2.0]
    first, second = root @ root.T, other @ other.T
    # tr (S S')^1/2 follows from the eigenvalues of the product itself.
    cross = np.sqrt(np.linalg.eigvals(first @ second).real).sum()
    expected = 5 + np.trace(first) + np.trace(second) - 2 * cross
    assert frechet_distance(one, two) == pytest.approx(expected, rel=0.01)
    assert frechet_distance(one, one) == pytest.approx(0, abs=1e-9)


def test_features_are_the_classifiers_own_at_every_level():
    def log_posterior(z, lam):
        return jax.nn.log_softmax(z.reshape(len(z), -1)[:, :3] + lam[:, None] * 0)

    x = np.random.default_rng(0).random((5, 2, 2, 1)).astype(np.float32)
    features = classifier_features(log_posterior, x, jax.random.key(0), (20.0, 0.0))
    assert features.shape == (5, 6)
    np.testing.assert_allclose(features[:, :3], log_posterior(x, np.zeros(5)), atol=1e-3)
    assert np.abs(features[:, 3:] - features[:, :3]).max() > 0.1


def test_the_risk_of_a_gaussian():
    """E|x - x_hat|^2 = sum S / (1 + snr S), where S are the variances that a condition leaves."""
    variances = np.array([0.2, 1.0, 3.0])
    cov_xy = np.array([[0.3], [0.0], [1.0]])
    oracle = GaussianDenoiser.of(np.zeros(3), np.diag(variances), cov_xy, np.eye(1))
    rng, n = np.random.default_rng(1), 40_000
    y = rng.standard_normal((n, 1))
    left = np.diag(variances) - cov_xy @ cov_xy.T
    x = y @ cov_xy.T + rng.standard_normal((n, 3)) @ np.linalg.cholesky(left).T
    lams = np.array([-4.0, 0.0, 3.0])
    for condition, covariance in ((None, np.diag(variances)), (y.astype(np.float32), left)):
        risk, error = risk_curve(oracle, x.astype(np.float32), lams, jax.random.key(0), condition)
        expected = [
            np.trace(np.linalg.inv(np.linalg.inv(covariance) + np.exp(lam) * np.eye(3)))
            for lam in lams
        ]
        assert (np.abs(risk - expected) < 4 * error).all()
        assert (error < 0.01 * risk).all()
