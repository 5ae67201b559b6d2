"""Label -> code -> image with exact fields, where codes and images have known classes."""

import jax
import numpy as np
import pytest

from diffinfo.config import complete
from diffinfo.exact.denoisers import GaussianDenoiser, MixtureDenoiser
from diffinfo.process.schedule import schedule_of
from diffinfo.studies.two_stages import Field, two_stages

_, LAM_RANGE = schedule_of(complete("process", {}))
SCALE = np.array([2.0, 0.5, 1.0])


def _of_images(gaussian, z, lam, y=None):
    return gaussian(z.reshape(len(z), -1), lam, y).reshape(z.shape)


@pytest.fixture
def fields(mixture):
    """Codes of the label k are `3 e_k` with a variance of 0.1 in each entry, over `SCALE`; an image
    is the mean of its code's label with a variance of 0.05^2, linearly in the code.
    """
    centres = 3 * np.eye(3) / SCALE
    codes = MixtureDenoiser.of(centres, 0.01, np.ones(3), np.arange(3))
    gain = mixture.means.T / 3
    cov = gain @ gain.T + 0.05**2 * np.eye(16)
    decoder = GaussianDenoiser.of(np.zeros(16), cov, gain, np.eye(3))
    return (
        Field(codes, LAM_RANGE),
        Field(jax.tree_util.Partial(_of_images, decoder), LAM_RANGE),
        Field(mixture.denoiser, LAM_RANGE),
    )


def test_both_ways_make_what_they_are_asked_for(mixture, fields):
    settings = complete("sample", {"per_class": 20, "guidance": [0, 1]})
    made = two_stages(mixture.dataset, *fields, mixture.log_posterior, SCALE, settings)
    variance = 16 * 0.05**2  # within a class, summed over pixels
    for name in ("two_stages", "guided"):
        scores = made.scores[name]
        assert made.images[name].shape == (2, 60, 4, 4, 1)
        assert scores.right.mean(1).min() > 0.95, name
        assert scores.log_q.mean() > -0.1
        assert scores.spread.shape == (2, 3)
    assert made.scores["guided"].spread[0].mean() == pytest.approx(variance, rel=0.2)
    assert made.scores["two_stages"].spread[0].mean() > variance, (
        "codes have a variance of their own"
    )
    assert made.real.right.mean() > 0.99
    assert made.real.spread.mean() == pytest.approx(variance, rel=0.2)
    arrays = made.arrays()
    assert {"two_stages", "guided", "guided_log_q", "real_right", "guidance", "y"} <= set(arrays)
    np.testing.assert_array_equal(arrays["two_stages_right"], made.scores["two_stages"].right)


def test_the_scale_of_codes_matters(mixture, fields):
    settings = complete("sample", {"per_class": 20, "guidance": [0]})
    wrong = two_stages(mixture.dataset, *fields, mixture.log_posterior, 0 * SCALE, settings)
    assert wrong.scores["two_stages"].right.mean() < 0.6
