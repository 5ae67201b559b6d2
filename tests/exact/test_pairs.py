"""The truths that estimators are held against are checked by the pairs' own densities."""

import numpy as np
import pytest
from scipy.stats import multivariate_normal, multivariate_t, norm

from diffinfo.exact import pairs


def _mean_log_ratio(joint, of_x, of_y, x, y):
    values = joint.logpdf(np.hstack([x, y])) - of_x.logpdf(x) - of_y.logpdf(y)
    return values.mean(), values.std() / np.sqrt(len(values))


@pytest.mark.parametrize(("kind", "strength"), [("dense", 0.5), ("sparse", 0.8)])
def test_multinormal(kind, strength):
    pair = pairs.multinormal(kind, 3, 2, strength)
    x, y = pair.sample(100_000, np.random.default_rng(0))
    cov = np.cov(np.hstack([x, y]).T)
    parts = [multivariate_normal(np.zeros(len(c)), c) for c in (cov, cov[:3, :3], cov[3:, 3:])]
    mean, error = _mean_log_ratio(*parts, x, y)
    assert abs(mean - pair.truth) < 4 * error


@pytest.mark.parametrize(("kind", "strength", "dof"), [("sparse", 0.0, 1), ("dense", 0.5, 3)])
def test_student(kind, strength, dof):
    pair = pairs.student(kind, 3, 2, strength, dof)
    x, y = pair.sample(100_000, np.random.default_rng(1))
    shape = np.eye(5) if kind == "sparse" else 0.5 + 0.5 * np.eye(5)
    parts = [
        multivariate_t(np.zeros(len(c)), c, dof) for c in (shape, shape[:3, :3], shape[3:, 3:])
    ]
    mean, error = _mean_log_ratio(*parts, x, y)
    assert abs(mean - pair.truth) < 4 * error


def test_bimodal():
    pair = pairs.bimodal(1, 6.0, 0.5)
    x, y = pair.sample(200_000, np.random.default_rng(2))
    log_p = np.logaddexp(norm.logpdf(y, -3, 1.25**0.5), norm.logpdf(y, 3, 1.25**0.5)) - np.log(2)
    values = norm.logpdf(y, x, 0.5) - log_p
    assert abs(values.mean() - pair.truth) < 4 * values.std() / np.sqrt(len(values))


@pytest.mark.parametrize("name", ["monotone", "spiralled", "rolled", "helix"])
def test_maps_can_be_undone(name):
    values = np.random.default_rng(3).standard_normal((500, 3))
    mapped = getattr(pairs, name)(values)
    # A rotation keeps distances, so it can be undone, and a roll's radius tells how far along.
    if name == "spiralled":
        np.testing.assert_allclose((mapped**2).sum(1), (values**2).sum(1))
        angle = -(mapped**2).sum(1) / 3
        back = np.cos(angle) * mapped[:, 0] - np.sin(angle) * mapped[:, 1]
        np.testing.assert_allclose(back, values[:, 0], atol=1e-10)
    elif name == "rolled":
        radius = 21 * np.hypot(mapped[:, :3], mapped[:, 3:])
        np.testing.assert_allclose(norm.ppf((radius / (1.5 * np.pi) - 1) / 2), values, atol=1e-8)
    elif name == "helix":
        np.testing.assert_allclose(mapped[:, 6:] / 0.4, values)
    else:
        assert (np.argsort(mapped, 0) == np.argsort(values, 0)).all()


def test_the_suite_covers_what_it_should():
    cases = pairs.suite()
    assert len({case.name for case in cases}) == len(cases)
    for case in cases:
        x, y = case.sample(8, np.random.default_rng(0))
        assert len(x) == len(y) == 8
        assert np.isfinite(x).all()
        assert np.isfinite(y).all()
        assert 0 <= case.truth < 10
