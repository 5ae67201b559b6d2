"""Classifiers of x without noise: what they tell of known laws, and rows that are hard to deal."""

import numpy as np
import pytest

from diffinfo.estimate.mutual_information import label_entropy
from diffinfo.estimate.statistics import Estimate
from diffinfo.studies.clean_classifiers import guessed_losses

PERCEPTRON, TREES = 0, 1


def _told(x, y, known, rows, groups=None):
    """H(Y) + log q of the true labels, nats: an estimate for each classifier."""
    losses = guessed_losses(x, x, y, known, rows, seed=0, groups=groups)
    among = None if groups is None else groups[rows]
    own = losses[np.arange(len(rows)), :, y[rows]]
    return [Estimate.of(label_entropy(y) - each, among) for each in own.T]


def _halves(n):
    return np.arange(n // 2), np.arange(n // 2, n)


def test_each_sees_what_the_other_does_not():
    rng = np.random.default_rng(0)
    n = 8000
    y = rng.integers(3, size=n)
    x = (rng.standard_normal(n) + np.array([0, 3, -3])[y])[:, None]
    # I(X;Y) by quadrature.
    grid = np.linspace(-12, 12, 20001)
    p = np.exp(-0.5 * (grid - np.array([[0], [3], [-3]])) ** 2).mean(0) / np.sqrt(2 * np.pi)
    exact = -np.trapezoid(p * np.log(p), grid) - 0.5 * np.log(2 * np.pi * np.e)
    told = _told(x, y, *_halves(n))[PERCEPTRON]
    assert exact - 0.02 < told.value + 3 * told.standard_error
    assert told.value < exact + 4 * told.standard_error
    # The sign of a product: a step in every column, none in any one of them alone.
    x = rng.standard_normal((n, 3))
    smooth, steps = _told(x, (x.prod(1) > 0).astype(int), *_halves(n))
    assert 0.97 * np.log(2) < steps.value <= np.log(2)
    assert smooth.value < steps.value - 3 * smooth.standard_error


@pytest.mark.parametrize(
    "y",
    [
        np.arange(900) % 90,  # fewer rows are held out than there are labels
        np.r_[2, np.arange(899) % 2],  # one row of a label is known
        np.r_[np.zeros(450, int), np.ones(450, int)],  # one label is
    ],
)
def test_labels_of_few_rows(y):
    x = np.random.default_rng(1).standard_normal((len(y), 2)) + y[:, None]
    known, rows = _halves(len(y))
    losses = guessed_losses(x, x, y, known, rows, seed=0, groups=None)
    assert losses.shape == (len(rows), 2, y.max() + 1)
    # A distribution over labels, but for the least probability that one may have.
    np.testing.assert_allclose(np.exp(-losses).sum(2), 1, atol=1e-5 * (y.max() + 1))


def test_rows_of_a_group_are_held_out_together():
    rng = np.random.default_rng(2)
    groups = np.repeat(np.arange(400), 10)
    x, y = rng.standard_normal((400, 5))[groups], rng.integers(2, size=400)[groups]
    known, rows = _halves(len(y))
    for told in _told(x, y, known, rows, groups):
        assert told.value + 3 * told.standard_error > -0.03
    # Copies on both sides of the cut reward learning them by heart.
    by_heart = _told(x, y, known, rows)[PERCEPTRON]
    assert by_heart.value < -0.2
