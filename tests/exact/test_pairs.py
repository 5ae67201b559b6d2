"""The truths that estimators are held against are checked by the pairs' own densities."""

from itertools import pairwise

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.special import rel_entr
from scipy.stats import expon, lomax, multivariate_normal, multivariate_t, norm

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


@pytest.mark.parametrize("width", [0.2, 1.0, 1.5])
def test_added_uniform(width):
    pair = pairs.added_uniform(width)

    def minus_p_log_p(y):
        p = (min(1, y + width / 2) - max(0, y - width / 2)) / width  # the overlap of two boxes
        return -p * np.log(p)

    edges = sorted([-width / 2, width / 2, 1 - width / 2, 1 + width / 2])
    entropy = sum(quad(minus_p_log_p, *ends)[0] for ends in pairwise(edges))
    assert entropy - np.log(width) == pytest.approx(pair.truth, abs=1e-7)
    x, y = pair.sample(1000, np.random.default_rng(0))
    assert 0.98 < 2 * np.abs(y - x).max() / width <= 1


@pytest.mark.parametrize("shape", [0.5, 1.0, 5.0])
def test_gamma_exponential(shape):
    pair = pairs.gamma_exponential(shape)
    x, y = pair.sample(200_000, np.random.default_rng(0))
    values = expon.logpdf(y, scale=1 / x) - lomax.logpdf(y, shape)
    assert abs(values.mean() - pair.truth) < 4 * values.std() / np.sqrt(len(values))


def _numbered(classes, n):
    """Pictures of two pixels that hold their label and their own number."""
    labels = np.arange(n) // 2 % classes  # even and odd numbers have all
    return np.stack([labels, np.arange(n)], 1)[:, None].astype(float), labels


@pytest.mark.parametrize("kept", [0.3, 0.9, 1.0])
def test_channel_pictures(kept):
    images, labels = _numbered(4, 8000)
    pair = pairs.channel_pictures(images, labels, kept)
    x, y = pair.sample(3000, np.random.default_rng(0))
    assert not set(x[:, 0, 1]) & set(y[:, 0, 1])
    assert len(set(x[:, 0, 1])) == 3000, "none comes twice as long as there are others"
    x, y = (side[:, 0, 0].astype(int) for side in pair.sample(400_000, np.random.default_rng(1)))
    joint = np.bincount(4 * x + y, minlength=16).reshape(4, 4) / len(x)
    counted = rel_entr(joint, np.outer(joint.sum(1), joint.sum(0))).sum()
    assert counted == pytest.approx(pair.truth, abs=3e-3)


@pytest.mark.parametrize("count", [1, 3])
def test_tiles(count):
    images, labels = _numbered(3, 6000)
    pair = pairs.tiles(images, labels, count, 0.1)
    x, y = pair.sample(200_000, np.random.default_rng(0))
    assert x.shape == (200_000, 1, 2 * count)
    x, y = ((side[:, 0, ::2] @ 2 ** np.arange(count)).astype(int) for side in (x, y))
    joint = np.bincount(2**count * x + y, minlength=4**count).reshape(2**count, -1) / len(x)
    counted = rel_entr(joint, np.outer(joint.sum(1), joint.sum(0))).sum()
    assert counted == pytest.approx(pair.truth, abs=5e-3)


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
