"""Spectra fitted to draws of random fields give back what those fields are known to hold."""

import numpy as np
import pytest

from diffinfo.data.dataset import Dataset
from diffinfo.errors import DataError
from diffinfo.exact.random_fields import RandomFields
from diffinfo.exact.worlds import world
from diffinfo.process.schedule import VPSchedule
from diffinfo.studies.spectra import class_spectra, fields_of

LAMS = np.array([-2.0, 0.0, 2.0, 4.0, 10.0])


def _dataset(fields, n, classes):
    x, y = fields.draw(n, np.random.default_rng(1))
    return Dataset(x[..., None], y, x[:10, ..., None], y[:10], {"classes": classes})


def _row(table, quantity):
    return table[table["quantity"] == quantity].sort_values("lam")


@pytest.mark.parametrize(("name", "contrast"), [("coarse", 1.5), ("texture", 1.0)])
def test_spectra_of_draws_predict_where_the_label_is(name, contrast):
    fields, rng = world(name, contrast, side=24), np.random.default_rng(0)
    x, y = fields.draw(4000, rng)
    truth = fields.information(x, y, rng.standard_normal(x.shape), LAMS)
    found = _row(class_spectra(_dataset(fields, 8000, 4), VPSchedule(), LAMS), "information")
    error = np.hypot(found["standard_error"], truth.std(0) / np.sqrt(len(x)))
    # Besides, smoothing over rings and fitting to so many draws move it by a hundredth of a nat.
    assert (np.abs(found["value"] - truth.mean(0)) < 4 * error + 0.01).all()
    assert error.max() < 0.03


def test_means_are_kept_where_they_differ_and_chance_is_not():
    """One pixel tells, of 500 images a label; of equal labels means differ by chance alone."""
    white = np.full((2, 8, 8), 0.05)
    means = np.zeros((2, 8, 8))
    equal = RandomFields(white, means, np.array([0.5, 0.5]))
    told = _row(class_spectra(_dataset(equal, 1000, 2), VPSchedule(), LAMS), "information")
    assert (told["value"].abs() < 4 * told["standard_error"] + 0.02).all()
    x, y = equal.draw(1000, np.random.default_rng(1))
    naive = np.stack([x[y == label].mean(0) for label in (0, 1)])
    kept = fields_of(x, y, 2).means
    assert np.square(kept[1] - kept[0]).sum() < 0.5 * np.square(naive[1] - naive[0]).sum()
    means[1, 3, 4] = 1.0
    apart = RandomFields(white, means, np.array([0.5, 0.5]))
    x, y = apart.draw(1000, np.random.default_rng(1))
    kept = fields_of(x, y, 2).means
    assert kept[1, 3, 4] - kept[0, 3, 4] > 0.7


def test_labels_need_images():
    x = np.zeros((5, 4, 4))
    with pytest.raises(DataError, match="label 1: has fewer than two"):
        fields_of(x, np.array([0, 0, 0, 0, 1]), 2)
    vectors = Dataset(x[:, 0], x[:, 0], x[:, 0], x[:, 0], {})
    with pytest.raises(DataError, match="labelled images"):
        class_spectra(vectors, VPSchedule(), LAMS)
