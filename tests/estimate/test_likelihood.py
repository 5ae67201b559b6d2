"""Likelihood and total correlation of images whose distribution is known, from exact fields."""

import jax
import numpy as np
import pytest
from tests.conftest import assert_agrees

from diffinfo.estimate.integrand import Strata, evaluate_terms
from diffinfo.estimate.likelihood import (
    bits_per_dimension,
    independent_pixels,
    likelihood,
    reconstruction_term,
)
from diffinfo.exact.denoisers import MixtureDenoiser
from diffinfo.exact.pixels import log_histograms
from diffinfo.process.forward import decoded

# These are five of the 65,536 pictures of two pixels; the two pixels depend on each other.
PICTURES = np.array([[0, 0], [0, 255], [100, 101], [255, 255], [255, 0]], np.uint8)
WEIGHTS = np.array([0.4, 0.1, 0.2, 0.25, 0.05])


def _entropy(p):
    p = np.asarray(p)[np.asarray(p) > 0]
    return -np.sum(p * np.log(p))


@pytest.fixture(scope="module")
def measured():
    rng = np.random.default_rng(0)
    train, test = (
        PICTURES[rng.choice(5, n, p=WEIGHTS)].reshape(-1, 2, 1, 1) for n in (200_000, 150_000)
    )
    denoiser = MixtureDenoiser.of(decoded(PICTURES), 0.0, WEIGHTS, np.zeros(5))
    strata = Strata.stratified(-12.0, 15.0, 96)
    y, key = np.zeros(len(test), np.int32), jax.random.key(0)
    terms = evaluate_terms(denoiser, decoded(test), y, strata, key, block=50_000)
    return likelihood(terms, strata, train, test, jax.random.key(1))


def test_the_bound_is_tight_for_exact_fields(measured):
    truth = _entropy(WEIGHTS)
    assert_agrees(measured["nll"], truth)
    bits = bits_per_dimension(measured["nll"], 2)
    assert bits.value == pytest.approx(measured["nll"].value / 2 / np.log(2))
    assert bits.standard_error == pytest.approx(measured["nll"].standard_error / 2 / np.log(2))


def test_total_correlation_is_that_of_the_pixels(measured):
    first = [WEIGHTS[PICTURES[:, 0] == value].sum() for value in (0, 100, 255)]
    second = [WEIGHTS[PICTURES[:, 1] == value].sum() for value in (0, 101, 255)]
    marginal = _entropy(first) + _entropy(second)
    assert_agrees(measured["nll_independent"], marginal)
    assert_agrees(measured["total_correlation"], marginal - _entropy(WEIGHTS))


def test_total_entropy_up_to_the_last_level(measured):
    # At log-SNR 15 the noise is a seventh of a grey level: H(x | z) is nothing.
    alpha, noise = 1 / (1 + np.exp(-15.0)), 1 / (1 + np.exp(15.0))
    squares = WEIGHTS @ (decoded(PICTURES) ** 2).sum(1)
    total = 0.5 * alpha * squares + noise - 1 - np.log(noise) - _entropy(WEIGHTS)
    assert_agrees(measured["total_entropy"], total)
    parts = measured["pixel_entropy"].value + measured["total_correlation"].value
    assert parts == pytest.approx(measured["total_entropy"].value)


@pytest.mark.parametrize("lam", [8.0, 12.0])
def test_total_entropy_where_noise_hides_grey_levels(lam):
    """One pixel of eight neighbouring grey levels, of which log-SNR 8 tells few apart."""
    levels, weights = np.arange(100, 108, dtype=np.uint8)[:, None], np.arange(1, 9) / 36
    rng = np.random.default_rng(0)
    train, test = (rng.choice(levels[:, 0], (n, 1, 1, 1), p=weights) for n in (200_000, 30_000))
    denoiser = MixtureDenoiser.of(decoded(levels), 0.0, weights, np.zeros(8))
    strata = Strata.stratified(-12.0, lam, 96)
    y, key = np.zeros(len(test), np.int32), jax.random.key(0)
    terms = evaluate_terms(denoiser, decoded(test), y, strata, key, block=15_000)
    total = likelihood(terms, strata, train, test, jax.random.key(1))["total_entropy"]
    alpha, noise = 1 / (1 + np.exp(-lam)), 1 / (1 + np.exp(lam))
    means = np.sqrt(alpha) * decoded(levels)[:, 0].astype(float)
    z = np.linspace(means[0] - 10 * noise**0.5, means[-1] + 10 * noise**0.5, 20_001)
    p = weights @ np.exp(-0.5 * (z - means[:, None]) ** 2 / noise) / np.sqrt(2 * np.pi * noise)
    ratio = np.log(np.maximum(p, 1e-300)) + 0.5 * np.log(2 * np.pi) + 0.5 * z**2
    assert_agrees(total, float(np.trapezoid(p * ratio, z)))


def test_values_never_seen_stay_possible():
    train = np.zeros((9, 1, 1, 1), np.uint8)
    nll = independent_pixels(log_histograms(train), np.array([0, 7], np.uint8).reshape(2, 1, 1, 1))
    assert np.exp(-nll) == pytest.approx([(9 + 1 / 256) / 10, 1 / 2560])


def test_reconstruction_is_certain_without_noise_and_the_histogram_with_much():
    rng = np.random.default_rng(1)
    pixels = rng.choice(np.array([0, 3, 200], np.uint8), (400, 4, 4, 1), p=[0.6, 0.3, 0.1])
    log_p = log_histograms(
        rng.choice(np.array([0, 3, 200], np.uint8), (9000, 4, 4, 1), p=[0.6, 0.3, 0.1])
    )
    assert reconstruction_term(pixels, log_p, 20.0, jax.random.key(0)).max() < 1e-6
    guess = reconstruction_term(pixels, log_p, -14.0, jax.random.key(0))
    np.testing.assert_allclose(guess, independent_pixels(log_p, pixels), rtol=0.01)


def test_grey_levels_that_do_not_occur_need_not_be_learnt():
    """A field knows pixels up to a small blur only, and the histograms know the rest.

    No bound falls below the truth.
    """
    rng = np.random.default_rng(2)
    train, test = (
        rng.choice(np.array([0, 80, 255], np.uint8), (n, 1, 1, 1), p=[0.5, 0.3, 0.2])
        for n in (100_000, 20_000)
    )
    blurred = MixtureDenoiser.of(
        np.array([[0.0], [80 / 255], [1.0]]), 0.03**2, [0.5, 0.3, 0.2], np.zeros(3)
    )

    def as_image(inner, z, lam, y=None):
        return inner(z.reshape(len(z), 1), lam).reshape(z.shape)

    strata = Strata.stratified(-12.0, 15.0, 96)
    field = jax.tree_util.Partial(as_image, blurred)
    terms = evaluate_terms(
        field, decoded(test), np.zeros((len(test), 1), np.float32), strata, jax.random.key(0)
    )
    bounds = likelihood(terms, strata, train, test, jax.random.key(1))
    truth = _entropy([0.5, 0.3, 0.2])
    excess = (bounds["nll"].value - truth) / bounds["nll"].standard_error
    assert excess > -4
    assert bounds["nll"].value < truth + 0.02
    # Without a cut-off the blur has to be paid for.
    assert terms.loss_u.sum(1).mean() > truth + 1
