import numpy as np
import pytest
from scipy.stats import chi, kstest

from diffinfo.config import complete
from diffinfo.data.canonical import Canonical, normal_scores, radially_gaussian, t_information
from diffinfo.data.sources import make_dataset
from diffinfo.estimate.statistics import Estimate
from diffinfo.exact.pairs import monotone, multinormal, rolled, student


def test_scores_know_ranks_only():
    rng = np.random.default_rng(0)
    values = rng.standard_normal((500, 5))
    scores = normal_scores(values, np.random.default_rng(1))
    np.testing.assert_array_equal(scores, normal_scores(monotone(values), np.random.default_rng(1)))
    assert (np.argsort(scores, 0) == np.argsort(values, 0)).all()
    np.testing.assert_allclose(scores.std(0), 1, atol=0.01)


def test_ties_are_broken_and_evenly():
    scores = normal_scores(np.repeat([[0.0], [1.0]], 1000, axis=0), np.random.default_rng(0))
    assert len(np.unique(scores)) == 2000
    assert (scores[:1000] < 0).all()
    assert abs(np.corrcoef(scores[:1000, 0], np.arange(1000))[0, 1]) < 0.13


def test_canonical_variates_correlate_one_by_one():
    pair = multinormal("sparse", 6, 4, 0.8)
    x, y = pair.sample(20_000, np.random.default_rng(2))
    mixing = np.random.default_rng(3).standard_normal((6, 6))
    canonical = Canonical.fit(x @ mixing, y)
    u, v = canonical.x(x @ mixing), canonical.y(y)
    np.testing.assert_allclose(np.cov(u.T), np.eye(6), atol=1e-4)
    cross = u.T @ v / len(u)
    np.testing.assert_allclose(cross[:2, :2], np.diag(canonical.correlations), atol=1e-3)
    assert len(canonical.correlations) == 2, (
        "two pairs correlate, and a sample of this size can tell"
    )
    # The delta method: I of one pair has standard error rho / sqrt(n).
    assert abs(canonical.information - pair.truth) < 4 * np.sqrt(2) * 0.8 / np.sqrt(20_000)


def test_independent_sides_have_no_correlations():
    rng = np.random.default_rng(4)
    assert (
        len(
            Canonical.fit(
                rng.standard_normal((5000, 20)), rng.standard_normal((5000, 20))
            ).correlations
        )
        == 0
    )


def test_repeated_columns_are_dropped():
    rng = np.random.default_rng(5)
    x = rng.standard_normal((1000, 2))
    assert Canonical.fit(np.hstack([x, x]), rng.standard_normal((1000, 1))).to_x.shape == (4, 2)


def test_data_in_canonical_coordinates_hold_the_same_information():
    settings = {
        "dim_x": 5,
        "dim_y": 3,
        "sigma_eps": 0.3,
        "canonical": True,
        "n_train": 20_000,
        "n_test": 20_000,
    }
    dataset = make_dataset(complete("data", {"gaussian": settings}))
    truth = dataset.card["truth"]["mutual_information"]
    assert dataset.card["linear_gaussian"] == pytest.approx(
        truth, abs=4 * np.sqrt(3 / 20_000) + 15 / 20_000
    )
    both = np.cov(np.hstack([dataset.x_test, dataset.y_test]).T)
    halves = [np.linalg.slogdet(both[part, part])[1] for part in (slice(0, 5), slice(5, 8))]
    held_out = 0.5 * (sum(halves) - np.linalg.slogdet(both)[1])
    assert held_out == pytest.approx(truth, abs=4 * np.sqrt(3 / 20_000) + 15 / 20_000)


@pytest.mark.parametrize("dof", [1, 3])
def test_a_multivariate_t_becomes_gaussian_and_keeps_its_order(dof):
    x, _ = student("dense", 6, 1, 0.5, dof).sample(20_000, np.random.default_rng(6))
    scores = normal_scores(x, np.random.default_rng(7))
    gaussian, found = radially_gaussian(scores)
    assert found == dof
    radius = np.linalg.norm(
        (gaussian - gaussian.mean(0)) @ np.linalg.inv(np.linalg.cholesky(np.cov(gaussian.T))).T,
        axis=1,
    )
    assert kstest(radius, chi(6).cdf).statistic < 1.63 / np.sqrt(20_000), (
        "1 % of Gaussian samples are further off"
    )
    far, near = (
        kstest(v, "norm").statistic
        for v in (scores @ np.full(6, 6**-0.5), gaussian[:, 0] / gaussian[:, 0].std())
    )
    assert near < 1.63 / np.sqrt(20_000) < far
    assert (np.sign(gaussian) == np.sign(scores)).all()


def test_some_of_many_rows_tell_the_degrees_of_freedom(monkeypatch):
    x, _ = student("dense", 3, 1, 0.5, 3).sample(20_000, np.random.default_rng(9))
    scores = normal_scores(x, np.random.default_rng(10))
    by_all, _ = radially_gaussian(scores)
    monkeypatch.setattr("diffinfo.data.canonical._ENOUGH_ROWS", 3000)
    by_some, dof = radially_gaussian(scores)
    assert dof == 3
    np.testing.assert_array_equal(by_some, by_all)


def test_what_is_no_t_stays_as_it_is():
    rng = np.random.default_rng(8)
    for values in (
        rng.standard_normal((5000, 4)),
        rng.uniform(size=(5000, 3)),
        rolled(rng.standard_normal((5000, 1))),
    ):
        scores = normal_scores(values, rng)
        left, dof = radially_gaussian(scores)
        assert left is scores
        assert dof is None
    repeated = normal_scores(np.repeat(rng.standard_t(1, (500, 1)), 3, axis=1), rng)
    assert np.isfinite(radially_gaussian(repeated)[0]).all()


@pytest.mark.parametrize(("kind", "dim", "dof"), [("sparse", 4, 1), ("dense", 10, 2)])
def test_what_a_multivariate_t_holds_is_told_by_its_copula(kind, dim, dof):
    pair, rng = student(kind, dim, dim, 0.5, dof), np.random.default_rng(9)
    told = []
    for _ in range(12):
        x, y = (normal_scores(side, rng) for side in pair.sample(2000, rng))
        told.append(t_information(x, y, {1.0, 2.0, 4.0}))
    told = Estimate.of(np.array(told))
    assert abs(told.value - pair.truth) < 3 * told.standard_error
    assert told.standard_error < 0.02 * pair.truth


def test_a_t_copula_finds_no_more_than_there_is():
    """Sides that are multivariate t and independent, and sides that share a sign besides."""
    rng = np.random.default_rng(10)
    x, y = (student("dense", 3, 1, 0.5, 2).sample(20_000, rng)[0] for _ in range(2))
    scores = [normal_scores(side, rng) for side in (x, y)]
    # A joint t has a common scale, which these have not: it says less than nothing.
    assert t_information(*scores, {2.0}) < 0
    signs = np.sign(x[:, :1] * y[:, :1])
    scores = [normal_scores(side, rng) for side in (x, signs * y)]
    assert t_information(*scores, {2.0}) < np.log(2)
