"""`measure`: the numbers of the estimators that it calls, and what it refuses."""

import json

import jax
import numpy as np
import pytest

from diffinfo.errors import DataError
from diffinfo.estimate import mutual_information as information
from diffinfo.estimate.entropy import entropy_bound, neural_entropy
from diffinfo.estimate.integrand import Strata, evaluate_terms
from diffinfo.estimate.likelihood import likelihood
from diffinfo.estimate.profiles import classifier_profile, profiles
from diffinfo.exact.denoisers import GaussianDenoiser
from diffinfo.exact.pixels import IndependentPixels
from diffinfo.process.density import LevelDensity
from diffinfo.process.forward import decoded
from diffinfo.process.schedule import VPSchedule
from diffinfo.studies.measure import measure

SCHEDULE = VPSchedule()
RANGE = SCHEDULE.log_snr_range(1e-5)


def test_it_is_the_estimators_on_the_same_noise(mixture):
    data = mixture.dataset
    density = LevelDensity.of(*RANGE, center=1.5, scale=3.0, uniform=0.5)
    measured = measure(
        mixture.denoiser,
        data.x_test,
        data.y_test,
        classes=3,
        draws=12,
        density=density,
        log_posterior=mixture.log_posterior,
        pixels_train=data.x_train,
        linear_times=10,
        risk_levels=0,
        seed=3,
        block=50,
    )
    key, x, y = jax.random.key(3), decoded(data.x_test), data.y_test

    def terms_in(strata, classes, independent=None):
        judge = mixture.log_posterior if classes else None
        options = {"log_posterior": judge, "independent": independent, "block": 50}
        return evaluate_terms(mixture.denoiser, x, y, strata, key, classes=classes, **options)

    strata = Strata.between(density.quantiles(12))
    terms = terms_in(strata, 3, IndependentPixels.of(data.x_train))
    log_q = information.class_log_posterior(terms, y)
    grid = terms_in(Strata.linear_grid(SCHEDULE, 1e-5, 10), None)
    pixels_key = jax.random.fold_in(key, 2**31 - 1)
    expected = {
        "entropy": neural_entropy(terms) | entropy_bound(terms),
        "mutual_information": information.mutual_information(terms, y, log_q),
        "accuracy": {
            "classification_accuracy": information.classification_accuracy(log_q, y),
        },
        "likelihood": likelihood(terms, strata, data.x_train, data.x_test, pixels_key),
        "linear_grid": neural_entropy(grid) | information.mutual_information(grid, y),
    }
    bits = measured.estimates.pop("bits_per_dimension")
    assert measured.estimates == expected
    nll = expected["likelihood"]["nll"].value
    assert bits["bits_per_dimension"].value == nll / 16 / np.log(2)
    of_classifier = measured.profile["quantity"] == "classifier"
    assert measured.profile[~of_classifier].equals(profiles(terms, strata, SCHEDULE))
    told = measured.profile[of_classifier]
    assert len(told) == 64, "finer than the fields' 12 strata"
    fine = Strata.between(density.quantiles(64))
    only = evaluate_terms(
        mixture.denoiser,
        x,
        y,
        fine,
        jax.random.fold_in(key, 2**31 - 3),
        log_posterior=mixture.log_posterior,
        block=50,
    )
    expected_profile = classifier_profile(
        information.classifier_information(only, y), fine, SCHEDULE
    )
    assert told.reset_index(drop=True).equals(expected_profile)
    assert measured.label_entropy == information.label_entropy(y)
    assert (measured.lam_range, measured.s_min, measured.draws) == (RANGE, 1e-5, 12)
    assert measured.examples == len(x)
    assert measured.mi == expected["mutual_information"]["classification_bound"]
    assert measured.s_nn == expected["entropy"]["s_nn"]


def test_of_few_examples_of_many_labels_the_entropy_is_that_of_the_population(mixture):
    data, frequencies = mixture.dataset, np.array([0.25, 0.25, 0.5])
    options = {"draws": 8, "lam_range": RANGE, "risk_levels": 0}
    x, y = data.x_test[:9], np.repeat(np.arange(3), 3)
    measured = measure(mixture.denoiser, x, y, label_frequencies=frequencies, **options)
    assert measured.label_entropy == pytest.approx(1.5 * np.log(2))
    own = measure(mixture.denoiser, x, y, **options)
    assert own.label_entropy == pytest.approx(np.log(3))
    with pytest.raises(ValueError, match="label_frequencies: 3 labels need as many"):
        measure(mixture.denoiser, x, y, label_frequencies=[0.5, 0.5], **options)


def test_a_classifier_needs_no_fields_of_other_labels(mixture):
    data = mixture.dataset
    few, all_labels = (
        measure(
            mixture.denoiser,
            data.x_test,
            data.y_test,
            every_label=every_label,
            draws=8,
            lam_range=RANGE,
            log_posterior=mixture.log_posterior,
            risk_levels=0,
        )
        for every_label in (False, True)
    )
    told, more = (m.estimates["mutual_information"] for m in (few, all_labels))
    assert told["classifier"] == more["classifier"]
    assert set(more) - set(told) == {"mixture_difference", "classification_bound"}
    assert set(all_labels.profile["quantity"]) - set(few.profile["quantity"]) == {
        "mixture_difference"
    }


def test_real_conditions_and_the_risk_curve(joint, oracle):
    x, y = joint.sample(3000, np.random.default_rng(0))
    measured = measure(oracle, x, y, lam_range=(-9.0, 12.0), draws=32)
    mi = measured.estimates["mutual_information"]
    assert measured.mi == mi["loss_difference"]
    assert "classification_bound" not in mi
    assert "accuracy" not in measured.estimates
    truth = joint.mutual_information(12.0) - joint.mutual_information(-9.0)
    assert abs(measured.mi.value - truth) < 4 * measured.mi.standard_error
    assert measured.s_min == pytest.approx(float(SCHEDULE.time(12.0)))
    # E|x - x_hat|^2 of a Gaussian: the trace of (S^-1 + snr)^-1.
    snr, values = measured.risk["snr"].to_numpy(), np.linalg.eigvalsh(joint.cov_x_given_y)
    exact = (1 / (1 / values + snr[:, None])).sum(1)
    error = measured.risk["standard_error"]
    assert (np.abs(measured.risk["risk"] - exact) < 4 * error + 1e-4 * exact).all()
    assert np.log(snr[[0, -1]]) == pytest.approx([-9.0, 12.0])


def test_without_conditions_there_are_entropies_only(joint):
    x, _ = joint.sample(2000, np.random.default_rng(0))
    denoiser = GaussianDenoiser.of(np.zeros(4), joint.cov_x)  # it has no conditional field

    def plain_function(z, lam, y=None):
        return denoiser(z, lam, y)

    measured = measure(plain_function, x, draws=16, risk_levels=4)
    assert {group: set(e) for group, e in measured.estimates.items()} == {
        "entropy": {"s_nn", "s_bound"}
    }
    low, high = measured.lam_range
    truth = float(joint.total_entropy(high) - joint.total_entropy(low))
    assert abs(measured.s_nn.value - truth) < 4 * measured.s_nn.standard_error
    assert set(measured.profile["quantity"]) == {"s_nn", "loss_unconditional"}
    assert (measured.mi, measured.label_entropy) == (None, None)
    assert len(measured.risk) == 4


def test_every_number_is_printed_with_what_it_rests_on(mixture):
    data = mixture.dataset
    measured = measure(mixture.denoiser, data.x_test, data.y_test, draws=4, risk_levels=0)
    text = repr(measured)
    assert "n = 120 held-out examples, 4 draws each, log-SNR -8.05 to 13.81" in text
    bound = measured.mi
    assert f"{bound.value:.4f} +- {bound.standard_error:.4f} nats, at most H(Y) = 1.0986" in text
    plain = json.loads(json.dumps(measured.as_dict()))
    assert plain["estimates"]["entropy"]["s_nn"]["value"] == measured.s_nn.value
    assert (plain["lam_min"], plain["lam_max"]) == measured.lam_range


IMAGES, LABELS = np.zeros((6, 2, 2, 1), np.uint8), np.array([0, 1, 2, 0, 1, 2])


@pytest.mark.parametrize(
    ("x", "y", "options", "message"),
    [
        (np.zeros(6), LABELS, {}, r"x: needs shape .* got \(6,\); give x\[:, None\]"),
        (np.zeros((1, 2)), None, {}, "x: needs shape .* at least two examples"),
        (np.zeros((6, 2), int), LABELS, {}, "x: holds int64; give floats"),
        (np.full((6, 2), np.nan), None, {}, "x: NaN or infinity in row 0 .6 rows in all"),
        (IMAGES, LABELS[:5], {}, r"y: has shape \(5,\) for 6 examples"),
        (IMAGES, LABELS / 2, {}, r"y: one column of float64; give labels .* y\[:, None\]"),
        (IMAGES, LABELS - 1, {}, "y: labels from -1 to 1; they count from 0"),
        (IMAGES, LABELS, {"classes": 2}, "y: labels from 0 to 2; .* below classes=2"),
        (IMAGES, LABELS[:, None] / 1, {"classes": 3}, "y: classes=3 needs labels"),
        (IMAGES, np.full((6, 1), np.inf), {}, "y: NaN or infinity in row 0"),
        (IMAGES, LABELS[:, None].astype(str), {}, "y: holds <U"),
        (IMAGES, None, {"classes": 3}, "classes=3: needs labels y"),
        (IMAGES, None, {"log_posterior": abs}, "log_posterior: needs labels y"),
        (IMAGES / 255, None, {"pixels_train": IMAGES}, "pixels_train: needs x to be uint8"),
        (IMAGES, None, {"lam_range": (3.0, 1.0)}, r"lam_range=\(3.0, 1.0\): must increase"),
        (
            IMAGES,
            None,
            {"density": LevelDensity.of(-5.0, 5.0, 0.0, 1.0, 1.0)},
            "density: is over log-SNR -5.000 to 5.000, but lam_range is -8.0",
        ),
    ],
)
def test_what_cannot_be_used_is_named(mixture, x, y, options, message):
    with pytest.raises((DataError, ValueError), match=message):
        measure(mixture.denoiser, x, y, **options)
