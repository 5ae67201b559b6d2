"""Every estimator with exact fields agrees with closed forms within its own errors.

There is no network here, and no tuned tolerance.
"""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.integrate import quad
from scipy.special import logsumexp, xlogy
from tests.conftest import LAM_RANGE, assert_agrees

from diffinfo.config import complete
from diffinfo.data.sources import make_dataset
from diffinfo.estimate import integrand
from diffinfo.estimate import mutual_information as mi
from diffinfo.estimate.entropy import entropy_bound, neural_entropy
from diffinfo.estimate.integrand import Strata, evaluate_terms
from diffinfo.estimate.maps import information_maps
from diffinfo.estimate.profiles import at_upper_edges, classifier_profile, profiles
from diffinfo.estimate.statistics import Estimate
from diffinfo.exact.denoisers import GaussianDenoiser, MixtureDenoiser
from diffinfo.nn.build import DataSummary, Model
from diffinfo.process.forward import decoded
from diffinfo.process.schedule import VPSchedule

N, DRAWS = 160_000, 32
MEANS, VARIANCES, WEIGHTS = (
    np.array([-2.0, 0.3, 2.0]),
    np.array([0.09, 0.25, 0.04]),
    np.array([0.3, 0.4, 0.3]),
)


@pytest.fixture(scope="module")
def terms(joint, oracle):
    x, y = (array.astype(np.float32) for array in joint.sample(N, np.random.default_rng(5)))
    return evaluate_terms(
        oracle, x, y, Strata.stratified(*LAM_RANGE, DRAWS), jax.random.key(0), block=40_000
    )


@pytest.mark.parametrize(
    "name", ["squared_difference", "entropy_difference", "loss_difference", "calibrated"]
)
def test_mutual_information_of_a_joint_gaussian(terms, joint, name):
    assert_agrees(getattr(mi, name)(terms), float(joint.mutual_information()))


def test_entropies_of_a_joint_gaussian(terms, joint):
    low, high = LAM_RANGE
    marginal = float(joint.total_entropy(high) - joint.total_entropy(low))
    conditional = float(
        joint.conditional_total_entropy(high) - joint.conditional_total_entropy(low)
    )
    assert_agrees(neural_entropy(terms)["s_nn"], marginal)
    assert_agrees(neural_entropy(terms)["s_nn_conditional"], conditional)
    assert_agrees(entropy_bound(terms)["s_bound"], marginal)
    assert_agrees(entropy_bound(terms)["s_bound_conditional"], conditional)


def test_profiles_follow_the_exact_curves_level_by_level(terms, joint):
    schedule = VPSchedule()
    table = profiles(terms, Strata.stratified(*LAM_RANGE, DRAWS), schedule)
    for name, exact in (
        ("loss_difference", joint.mutual_information),
        ("s_nn", joint.total_entropy),
    ):
        rows = table[table["quantity"] == name]
        z = (rows["amount"] - (exact(rows["lam_high"]) - exact(rows["lam_low"]))) / rows[
            "amount_se"
        ]
        assert np.abs(z).max() < 4.5, name
        assert 0.5 < np.sqrt((z**2).mean()) < 1.5, name  # neither biased nor with inflated errors
        z = (rows["remaining"] - (exact(rows["lam_high"]) - exact(LAM_RANGE[0]))) / rows[
            "remaining_se"
        ]
        assert np.abs(z).max() < 4.5, name
    misaligned = table[table["quantity"] == "misalignment"]
    assert np.abs(misaligned["amount"] / misaligned["amount_se"]).max() < 4.5
    np.testing.assert_allclose(schedule.log_snr(rows["s_high"]), rows["lam_low"], rtol=1e-6)


def test_linear_grid_is_the_trapezoid_in_s(joint, oracle):
    # On a fine enough grid of a smooth case both rules give the same integral.
    schedule, s_min = VPSchedule(), 1e-3
    x, y = (array.astype(np.float32) for array in joint.sample(20_000, np.random.default_rng(6)))
    grid = evaluate_terms(oracle, x, y, Strata.linear_grid(schedule, s_min, 400), jax.random.key(1))
    low, high = schedule.log_snr_range(s_min)
    truth = float(joint.mutual_information(high) - joint.mutual_information(low))
    assert_agrees(mi.squared_difference(grid), truth)


def test_known_trap_of_the_linear_grid():
    # A collapsed dimension: 255.8 nats on 100 linear points where the integral over the same range
    # is 6.41.
    schedule = VPSchedule()
    strata = Strata.linear_grid(schedule, 1e-5, 100)
    alpha = 1 / (1 + np.exp(-strata.low))
    np.testing.assert_allclose(0.5 * np.sum(strata.weight * alpha * alpha), 255.8, rtol=2e-3)
    integral, _ = quad(lambda lam: 0.5 / (1 + np.exp(-lam)) ** 2, *schedule.log_snr_range(1e-5))
    np.testing.assert_allclose(integral, 6.41, atol=0.01)


def test_independent_conditions_carry_nothing():
    rng = np.random.default_rng(7)
    x, y = (rng.standard_normal((5000, 3)).astype(np.float32) for _ in range(2))
    cov = np.diag([0.5, 1.0, 2.0])
    x = x * np.sqrt(np.diag(cov)).astype(np.float32)
    denoiser = GaussianDenoiser.of(np.zeros(3), cov, np.zeros((3, 3)), np.eye(3))
    terms = evaluate_terms(denoiser, x, y, Strata.stratified(*LAM_RANGE, 16), jax.random.key(0))
    for estimate in mi.mutual_information(terms, y).values():
        assert abs(estimate.value) <= max(4 * estimate.standard_error, 1e-4)


def test_equilibrium_data_store_nothing():
    x = np.random.default_rng(8).standard_normal((2000, 2)).astype(np.float32)
    denoiser = GaussianDenoiser.of(np.zeros(2), np.eye(2), np.zeros((2, 1)), np.eye(1))
    terms = evaluate_terms(
        denoiser, x, x[:, :1], Strata.stratified(*LAM_RANGE, 8), jax.random.key(0)
    )
    assert neural_entropy(terms)["s_nn"].value == 0


def _labelled_mixture(n, draws):
    """Labels and terms of a 1-D mixture with overlapping classes, from its exact fields."""
    rng = np.random.default_rng(9)
    y = rng.choice(3, n, p=WEIGHTS).astype(np.int32)
    x = (MEANS[y] + np.sqrt(VARIANCES[y]) * rng.standard_normal(n)).astype(np.float32)[:, None]
    denoiser = MixtureDenoiser.of(MEANS[:, None], VARIANCES, WEIGHTS, np.arange(3))
    strata = Strata.stratified(*LAM_RANGE, draws)
    return y, evaluate_terms(denoiser, x, y, strata, jax.random.key(2), classes=3, block=20_000)


@pytest.fixture(scope="module")
def mixture():
    return _labelled_mixture(N, DRAWS)


def _log_joint(x):
    return (
        np.log(WEIGHTS) - 0.5 * (x - MEANS) ** 2 / VARIANCES - 0.5 * np.log(2 * np.pi * VARIANCES)
    )


def _expectation(of):
    """E f(x) under the mixture, by quadrature on [-5, 5] (beyond which no mass is left)."""
    return quad(
        lambda x: np.exp(logsumexp(_log_joint(x))) * of(x), -5, 5, limit=500, points=[-2, 0.3, 2]
    )[0]


def _posterior_entropy(x):
    p = np.exp(_log_joint(x) - logsumexp(_log_joint(x)))
    return -xlogy(p, p).sum()


@pytest.mark.parametrize(
    "name", ["squared_difference", "loss_difference", "calibrated", "entropy_difference"]
)
def test_mutual_information_with_labels(mixture, name):
    _, terms = mixture
    truth = -xlogy(WEIGHTS, WEIGHTS).sum() - _expectation(_posterior_entropy)
    assert_agrees(getattr(mi, name)(terms), truth)


def test_classification_bound_agrees_and_never_exceeds_the_label_entropy():
    # Noise in the posterior costs the bound about 1/draws: 0.5 / 64 nats here, so many draws show
    # that nothing else does.
    y, terms = _labelled_mixture(12_000, 768)
    truth = -xlogy(WEIGHTS, WEIGHTS).sum() - _expectation(_posterior_entropy)
    log_q = mi.class_log_posterior(terms, y)
    estimate = mi.classification_bound(log_q, y)
    assert_agrees(estimate, truth)
    assert estimate.value <= mi.label_entropy(y)
    assert mi.classification_accuracy(log_q, y).value > 0.95


def test_entropy_of_a_mixture_against_quadrature(mixture):
    _, terms = mixture

    def relative_entropy(x):
        return logsumexp(_log_joint(x)) + 0.5 * x**2 + 0.5 * np.log(2 * np.pi)

    # LAM_RANGE reaches equilibrium within 1e-4 nats and the data within 1e-5, for these variances.
    assert_agrees(neural_entropy(terms)["s_nn"], _expectation(relative_entropy))


def test_class_losses_are_the_conditional_losses_of_every_label():
    y, terms = _labelled_mixture(60, DRAWS)  # of so few nothing is taken for noise
    np.testing.assert_allclose(
        terms.class_loss.sum(1)[np.arange(len(y)), y], terms.loss_c.sum(1), rtol=1e-4, atol=1e-4
    )


def test_bound_holds_for_a_wrong_model():
    # A denoiser that confuses two of three classes cannot look better than the label entropy, nor
    # than the truth.
    rng = np.random.default_rng(10)
    y = rng.choice(3, 6000).astype(np.int32)
    x = (np.array([-2.0, 0.0, 2.0])[y] + 0.2 * rng.standard_normal(6000)).astype(np.float32)[
        :, None
    ]
    wrong = MixtureDenoiser.of([[-2.0], [2.0], [0.0]], 0.04, [1, 1, 1], [0, 1, 2])
    terms = evaluate_terms(
        wrong, x, y, Strata.stratified(*LAM_RANGE, 32), jax.random.key(0), classes=3
    )
    assert mi.classification_bound(mi.class_log_posterior(terms, y), y).value < 0.7 < np.log(3)


def test_nan_from_a_denoiser_names_the_example():
    def broken(z, lam, y=None):
        return jnp.where(z > 2.5, jnp.nan, 0.0)

    x = np.zeros((10, 1), np.float32)
    x[7] = 100.0
    with pytest.raises(FloatingPointError, match="example 7"):
        evaluate_terms(
            jax.tree_util.Partial(broken), x, x, Strata.stratified(0.0, 1.0, 2), jax.random.key(0)
        )


def test_one_example_has_no_standard_error():
    with pytest.raises(ValueError, match="at least 2"):
        Estimate.of(np.ones(1))


def _exact_posterior(means, variances, log_weights, z, lam):
    """log p(class | z) of the labelled mixture, each component a class of its own."""
    signal, noise = jax.nn.sigmoid(lam)[:, None], jax.nn.sigmoid(-lam)[:, None]
    tau = signal * variances + noise
    logits = log_weights - 0.5 * (z - jnp.sqrt(signal) * means) ** 2 / tau - 0.5 * jnp.log(tau)
    return jax.nn.log_softmax(logits, axis=1)


POSTERIOR = jax.tree_util.Partial(
    _exact_posterior, *(jnp.asarray(v, jnp.float32) for v in (MEANS, VARIANCES, np.log(WEIGHTS)))
)


@pytest.fixture(scope="module")
def classified():
    """The labelled mixture again, with an exact classifier and a wrong unconditional field."""
    y = np.random.default_rng(9).choice(3, N, p=WEIGHTS).astype(np.int32)
    x = (MEANS[y] + np.sqrt(VARIANCES[y]) * np.random.default_rng(1).standard_normal(N)).astype(
        np.float32
    )[:, None]
    exact = MixtureDenoiser.of(MEANS[:, None], VARIANCES, WEIGHTS, np.arange(3))

    def wrong(exact, z, lam, y=None):
        return exact(z, lam, y) + (0.1 if y is None else 0.0)

    strata, key = Strata.stratified(*LAM_RANGE, DRAWS), jax.random.key(2)
    denoiser = jax.tree_util.Partial(wrong, exact)
    return (
        strata,
        x,
        y,
        evaluate_terms(
            denoiser, x, y, strata, key, classes=3, log_posterior=POSTERIOR, block=20_000
        ),
    )


def test_mixture_difference_needs_no_unconditional_field(classified):
    _, _, _, terms = classified
    truth = -xlogy(WEIGHTS, WEIGHTS).sum() - _expectation(_posterior_entropy)
    assert_agrees(mi.mixture_difference(terms), truth)
    wrong = mi.loss_difference(terms)
    assert abs(wrong.value - truth) > 10 * wrong.standard_error, (
        "the unconditional field was to be wrong"
    )


def test_a_classifier_of_noised_examples_tells_the_same_at_every_level(classified):
    strata, _, y, terms = classified
    information = mi.classifier_information(terms, y)
    assert information.mean(0).max() <= mi.label_entropy(y)
    classifier = classifier_profile(information, strata, VPSchedule())
    fields = profiles(terms, strata, VPSchedule()).query("quantity == 'mixture_difference'")
    told = fields["remaining"].to_numpy()
    # What linear interpolation and the mean over a stratum leave of a curve: 1/8 + 1/24 of its
    # second difference at most.
    bend = np.abs(np.diff(told, 2, prepend=0, append=told[-1]))
    bend = np.maximum.reduce([bend, np.r_[0, bend[:-1]], np.r_[bend[1:], 0]])
    error = 4 * np.hypot(*(rows["remaining_se"].to_numpy() for rows in (classifier, fields)))
    assert (np.abs(classifier["remaining"].to_numpy() - told) < error + bend / 6).all()
    assert bend.max() / 6 < 0.012, "nats of 1.07"
    one, other = Estimate.of(information[:, -1]), mi.mixture_difference(terms)
    assert abs(one.value - other.value) < 4 * np.hypot(one.standard_error, other.standard_error)


def test_maps_add_up_to_the_information(classified):
    _, x, y, _ = classified
    exact = MixtureDenoiser.of(MEANS[:, None], VARIANCES, WEIGHTS, np.arange(3))
    pictures = x[:100_000, :, None, None]

    def posterior(inner, z, lam):
        return inner(z.reshape(len(z), 1), lam)

    log_posterior = jax.tree_util.Partial(posterior, POSTERIOR)
    options = {"classes": 3, "draws": 16}
    edges = np.linspace(*LAM_RANGE, 6)
    maps = information_maps(
        exact, log_posterior, pictures, y[:100_000], edges, jax.random.key(3), **options
    )
    assert maps.shape == (100_000, 5, 1, 1)
    truth = -xlogy(WEIGHTS, WEIGHTS).sum() - _expectation(_posterior_entropy)
    assert_agrees(Estimate.of(maps.sum((1, 2, 3))), truth)


def test_entropy_of_a_gaussian_fitted_to_pixels_and_of_a_network_on_a_fine_grid():
    """S_NN by our draws is within 0.5% of the closed form for exact fields.

    For any network it is what a fine quadrature gives.
    """
    digits = make_dataset(complete("data", {"digits": {}}))
    pixels = decoded(np.concatenate([digits.x_train, digits.x_test])).reshape(-1, 64)
    mean, cov = pixels.mean(0), np.cov(pixels.T) + 1e-3 * np.eye(64)
    schedule = VPSchedule()
    low, high = schedule.log_snr_range(1e-5)
    rng = np.random.default_rng(11)
    x = rng.multivariate_normal(mean, cov, 4000).astype(np.float32)
    denoiser = GaussianDenoiser.of(mean, cov)

    def unconditional(inner, z, lam, y=None):
        return inner(z, lam)

    field = jax.tree_util.Partial(unconditional, denoiser)
    estimate = neural_entropy(
        evaluate_terms(field, x, x, Strata.stratified(low, high, 64), jax.random.key(0))
    )["s_nn"]
    values = np.linalg.eigvalsh(cov)

    # S_tot up to lam is KL(N(a m, a^2 C + b^2) || N(0, I)), which vanishes at equilibrium.
    def total(lam):
        signal, noise = 1 / (1 + np.exp(-lam)), 1 / (1 + np.exp(lam))
        tau = signal * values + noise
        return 0.5 * (np.sum(tau - 1 - np.log(tau)) + signal * mean @ mean)

    truth = total(high) - total(low)
    assert abs(estimate.value - truth) < 4 * estimate.standard_error
    assert abs(estimate.value / truth - 1) < 0.005

    model = Model(
        complete("network", {"unet": {"channels": [8], "embedding": 8}}),
        DataSummary((8, 8, 1), 0.3, 0.38, classes=10),
    )
    shaken = jax.tree.map(
        lambda leaf: leaf + 0.1 * rng.standard_normal(leaf.shape, np.float32), model.init(0)
    )
    denoiser = model.denoiser(shaken)
    x, y = decoded(digits.x_test[:150]), digits.y_test[:150]
    drawn = evaluate_terms(denoiser, x, y, Strata.stratified(low, high, 64), jax.random.key(1))
    lams = np.linspace(low, high, 200)
    weight = np.full(200, lams[1] - lams[0])
    weight[[0, -1]] /= 2
    grid = evaluate_terms(denoiser, x, y, Strata(lams, lams, weight), jax.random.key(2))
    difference = drawn.neural_u.sum(1) - grid.neural_u.sum(1)  # the same images
    assert abs(difference.mean()) < 4 * difference.std() / np.sqrt(len(difference))
    assert difference.std() / np.sqrt(len(difference)) < 0.01 * drawn.neural_u.sum(1).mean()


def test_what_is_told_at_levels_within_strata_is_known_at_their_edges():
    strata = Strata.between(np.array([-8.0, -3.0, -1.0, 0.0, 0.5, 4.0]))
    levels = np.random.default_rng(0).uniform(strata.low, strata.high, (20_000, 5))
    found = at_upper_edges(2 * levels + 1, strata)
    for edge, column in zip(strata.high[:-1], found[:, :-1].T, strict=True):
        assert_agrees(Estimate.of(column), 2 * edge + 1)
    np.testing.assert_array_equal(found[:, -1], 2 * levels[:, -1] + 1)


def test_control_variates_leave_expectations_and_honest_errors(joint, oracle, monkeypatch):
    strata, runs = Strata.stratified(*LAM_RANGE, 8), 200
    names = ["neural_u", "loss_u", "squared", "target"]

    def totals(number):
        x, y = (a.astype(np.float32) for a in joint.sample(100, np.random.default_rng(number)))
        terms = evaluate_terms(oracle, x, y, strata, jax.random.key(number))
        return [Estimate.of(getattr(terms, name).sum(1)) for name in names]

    found = np.array([[(e.value, e.standard_error) for e in totals(k)] for k in range(runs)])
    monkeypatch.setattr(integrand, "less_noise", lambda terms, noise, place: terms)
    plain = np.array([[(e.value, e.standard_error) for e in totals(k)] for k in range(runs)])
    # What is taken has no part in the mean: runs of both kinds have the same examples and draws.
    taken = (found - plain)[:, :, 0]
    assert np.abs(taken.mean(0) * np.sqrt(runs) / taken.std(0, ddof=1)).max() < 4
    scatter, said = found[:, :, 0].std(0, ddof=1), np.sqrt(np.square(found[:, :, 1]).mean(0))
    np.testing.assert_allclose(said, scatter, rtol=0.2)  # 200 runs know it to 5 %
    gain = dict(zip(names, np.square(plain[:, :, 1] / found[:, :, 1]).mean(0), strict=True))
    assert gain["loss_u"] > 5, "of the variance"
    assert min(gain.values()) > 1


def test_few_examples_are_left_as_they_are():
    terms = np.random.default_rng(0).standard_normal((2, 10, 3))
    assert integrand.less_noise(terms, terms[0], terms[1]) is terms
