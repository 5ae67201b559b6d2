"""Samples of exact fields have the labels that they were drawn for."""

import jax.numpy as jnp
import numpy as np
import pytest

from diffinfo.config import complete
from diffinfo.errors import DataError
from diffinfo.process.schedule import schedule_of
from diffinfo.studies.samples import as_pixels, samples

_, LAM_RANGE = schedule_of(complete("process", {}))


def _label(images, means):
    """The label of the nearest class mean, for each of uint8 images `(N, 4, 4, 1)`."""
    flat = images.reshape(len(images), 1, -1) / 255
    return ((flat - means) ** 2).sum(-1).argmin(1)


@pytest.mark.parametrize("method", ["ode", "ancestral"])
def test_labels_are_those_asked_for(mixture, method):
    settings = complete("sample", {"per_class": 50, "method": method, "guidance": [0, 1]})
    made = samples(mixture.denoiser, LAM_RANGE, mixture.dataset, settings)
    assert made.y.tolist() == np.repeat([0, 1, 2], 50).tolist()
    np.testing.assert_array_equal(_label(made.real, mixture.means), made.y)
    # There are 40 test images of each label, so that ten of them are shown twice.
    np.testing.assert_array_equal(made.real[:10], made.real[40:50])
    for images in made.conditional:
        assert (_label(images, mixture.means) == made.y).mean() > 0.95
    share = (_label(made.unconditional, mixture.means) == made.y).mean()
    assert 0.1 < share < 0.6, "without a label, one in three is right by chance"
    assert len(np.unique(_label(made.unconditional, mixture.means))) == 3
    spread = (made.conditional[0] / 255 - mixture.means[made.y].reshape(-1, 4, 4, 1)).std()
    assert spread == pytest.approx(0.05, rel=0.2)
    # As far from training images as test images are, in proportion to that spread.
    assert made.distance.mean() == pytest.approx(made.real_distance.mean(), rel=0.2)
    off = made.nearest.astype(float) - made.conditional[0]
    np.testing.assert_allclose(np.sqrt((off**2).mean((1, 2, 3))), made.distance, rtol=1e-5)


def test_only_labelled_images_are_sampled(mixture, vectors):
    with pytest.raises(DataError, match="labelled images"):
        samples(mixture.denoiser, LAM_RANGE, vectors, complete("sample", {}))


def test_pixels_are_cut_off_and_rounded():
    assert as_pixels(jnp.array([-1.0, 0.5, 0.999, 2.0])).tolist() == [0, 128, 255, 255]
