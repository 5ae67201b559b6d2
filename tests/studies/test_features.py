"""Features in the place of images: how many are kept, and what they tell."""

import numpy as np
import pytest
from scipy.special import entr
from scipy.stats import norm

import diffinfo
from diffinfo.errors import DataError
from diffinfo.estimate.statistics import Estimate
from diffinfo.exact.pairs import bumps, rectangles
from diffinfo.studies import cross_fit, features
from diffinfo.studies.pair_input import halves, paired_images
from diffinfo.studies.verdict import few_images, grown


def test_functions_of_the_first_features_and_noise_are_left_out():
    rng = np.random.default_rng(0)
    x, noise = rng.standard_normal((2, 3000, 2))
    y = 0.9 * x + np.sqrt(1 - 0.9**2) * noise

    def with_functions(values):
        more = [values**2, np.sin(2 * values[:, :1]), rng.standard_normal((len(values), 2))]
        return np.hstack([values, *more])

    learnt = features.Learnt(with_functions(x), with_functions(y))
    assert features.few(learnt, np.arange(3000)) == 2
    one_hidden = features.Learnt(with_functions(x)[:, [0, 2, 1]], with_functions(y)[:, [0, 2, 1]])
    assert features.few(one_hidden, np.arange(3000)) == 3, "the last one is new"


def test_pictures_show_what_their_information_is_said_to_be_of():
    """The edges of a rectangle and the place of a bump can be read off the picture."""
    rng = np.random.default_rng(0)
    for pictures in rectangles(1.0).sample(50, rng):
        profile = pictures.sum(1) / pictures.sum(1).max(1, keepdims=True)
        assert profile.max() == 1
        width = profile.sum(1)
        assert width.min() >= 0.2 * 16 - 1e-9
        first = np.argmax(profile > 0, axis=1)
        low = first + 1 - profile[np.arange(50), first]
        again = np.clip(
            np.minimum(np.arange(16) + 1, (low + width)[:, None])
            - np.maximum(np.arange(16), low[:, None]),
            0,
            1,
        )
        np.testing.assert_allclose(again, profile, atol=1e-9)
    (one, _), grid = bumps(1.0).sample(50, rng), np.linspace(0, 1, 16)
    slope = np.diff(np.log(one[:, :, 8]), axis=1)[:, 7] / np.diff(grid)[7]
    place = 0.2**2 * slope + (grid[7] + grid[8]) / 2
    again = np.exp(-np.square(grid - place[:, None]) / (2 * 0.2**2))
    np.testing.assert_allclose(again / again[:, :1], one[:, :, 8] / one[:, :1, 8], rtol=1e-6)


def test_halves_keep_groups_whole():
    groups = np.repeat(np.arange(30), 7)
    first, second = halves(210, groups, np.random.default_rng(0))
    assert not set(groups[first]) & set(groups[second])
    assert abs(len(first) - 105) <= 7
    np.testing.assert_array_equal(np.sort(np.concatenate([first, second])), np.arange(210))


def test_features_of_too_few_images_are_said_to_be_so():
    assert not few_images(Estimate(0.02, 0.0, 10), 1.0, labels=True)
    (warning,) = few_images(Estimate(0.05, 0.0, 10), 1.0, labels=True)
    assert "half of the images tell 0.05 nats less" in warning
    assert not few_images(Estimate(0.05, 0.0, 10), 1.0, labels=False)
    assert few_images(Estimate(0.2, 0.0, 10), 1.0, labels=False)
    assert not few_images(Estimate(0.2, 0.0, 10), 7.2, labels=False)
    (warning,) = few_images(Estimate(0.2, 0.0, 10), 9.1, labels=False)
    assert "I(X;Y) is likely above this number" in warning


def test_what_more_images_would_show_is_added_once():
    """Features that see their latents through noise of a variance of 1/m."""
    rng, n, told = np.random.default_rng(0), 40_000, 1.0
    latents = rng.standard_normal((2, n, 1))
    rho = np.sqrt(-np.expm1(-2 * told))
    x, y = latents[0], rho * latents[0] + np.sqrt(1 - rho**2) * latents[1]

    def seen(m):
        noise = rng.standard_normal((2, n, 1)) / np.sqrt(m)
        return features.Learnt(x + noise[0], y + noise[1])

    rows, known = np.arange(n), seen(200)
    short = Estimate(known.told(rows, 1), 0.005, n)
    gain = features.gain(known, seen(100), rows, 1, short.value)
    clusters = features.gain(known, seen(100), rows, 1, short.value / 2)
    assert abs(clusters.value / gain.value - 0.5) < 0.2, "the other draw of noise is another one"
    assert short.value < told - 0.02
    whole = grown(short, gain)
    assert abs(whole.value - told) < 3 * whole.standard_error
    assert whole.standard_error < 0.01
    assert grown(short, Estimate(0.01, 0.02, 10)) == short, "a gain below its error is none"
    assert grown(short, Estimate(9.0, 0.0, 10)).value == pytest.approx(1.1 * short.value)


@pytest.fixture
def quick(monkeypatch):
    for name, few in {"STEPS": 100, "BATCH": 128, "WIDTH": 32, "FOLDS": 2}.items():
        monkeypatch.setattr(cross_fit, name, few)
    monkeypatch.setattr(features, "STEPS", 50)


def test_images_and_labels_numbers_or_images(quick):
    """Only the brightness of one corner is shared, at a signal-to-noise ratio of 3 (one latent)."""
    rng = np.random.default_rng(0)
    x, other = rng.standard_normal((2, 2400, 6, 6))
    latent = rng.standard_normal(2400)
    x[:, :2, :2] += 4 * latent[:, None, None]
    number = latent + 0.5 * rng.standard_normal(2400)
    other[:, 3:, 3:] += 4 * number[:, None, None]
    # Averages of a corner see its latent with deviation 1/8 (4 pixels) or 1/12 (9).
    noise_x, noise_y = 1 / 64, 1 / 144
    truth = -0.5 * np.log1p(-1 / ((1 + noise_x) * 1.25))
    measured = diffinfo.estimate_mi(x, number)
    assert measured.features >= 1
    assert abs(measured.mi - truth) < 0.1 * truth + 3 * measured.standard_error
    truth = -0.5 * np.log1p(-1 / ((1 + noise_x) * (1.25 + noise_y)))
    measured = diffinfo.estimate_mi(x[..., None], other)
    assert abs(measured.mi - truth) < 0.1 * truth + 3 * measured.standard_error
    assert "features of each image" in measured.summary()
    labels = np.where(latent > 0, "light", "dark")
    measured = diffinfo.estimate_mi(x, labels)
    certainty = norm.cdf(np.linspace(-8, 8, 20001) / np.sqrt(noise_x))  # of "light"
    entropy = entr(certainty) + entr(1 - certainty)
    truth = np.log(2) - np.trapezoid(entropy * norm.pdf(np.linspace(-8, 8, 20001)), dx=16 / 20000)
    assert abs(measured.mi - truth) < 0.1 * truth + 3 * measured.standard_error
    assert measured.classes == 2


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda x, y: (x.reshape(500, 1, 6, 6), y), "channels first"),
        (lambda x, y: (x[:100], y[:100]), "too few"),
        (lambda x, y: (x, y[:-1]), "500 rows and y 499"),
        (lambda x, y: (x * 0, y), "all images are the same"),
        (lambda x, y: (np.where(np.arange(500)[:, None, None] == 7, np.nan, x), y), "row 7"),
        (lambda x, y: (x.astype(str), y), "must be numbers"),
    ],
)
def test_images_that_are_none_are_refused(change, message):
    rng = np.random.default_rng(0)
    x, y = rng.standard_normal((500, 6, 6)), rng.standard_normal(500)
    with pytest.raises(DataError, match=message):
        diffinfo.estimate_mi(*change(x, y))


def test_groups_and_missing_images():
    rng = np.random.default_rng(0)
    x, y = rng.standard_normal((500, 6, 6)), rng.standard_normal(500)
    x[7, 2, 2], y[9] = np.nan, np.nan
    groups = np.repeat(np.arange(50), 10)
    pairs = paired_images(x, y, "auto", "drop", groups, None, 8)
    assert pairs.dropped == 2
    assert pairs.images == {"x"}
    assert [len(side) for side in pairs.seen] == [498, 498]
    np.testing.assert_array_equal(pairs.given["y"], np.delete(y, [7, 9]))
    np.testing.assert_array_equal(pairs.groups, np.delete(groups, [7, 9]))
    with pytest.raises(DataError, match="y: no value in row"):
        paired_images(np.nan_to_num(x), y, "auto", "error", None, None, 8)
