"""Autoencoders whose decoders are known give back the images, up to the noise they leave out."""

import jax
import numpy as np
import pytest

from diffinfo.config import complete
from diffinfo.exact.denoisers import GaussianDenoiser
from diffinfo.process.schedule import schedule_of
from diffinfo.studies.reconstruct import reconstruct

_, LAM_RANGE = schedule_of(complete("process", {}))


def _of_images(gaussian, z, lam, y=None):
    return gaussian(z.reshape(len(z), -1), lam, y).reshape(z.shape)


class Exact:
    """The code of an image is itself but for noise; p(x|z) is N(z, 0.05^2 I), or else its mean."""

    def __init__(self, is_diffusion):
        self.is_diffusion = is_diffusion

    def encoded(self, params, x):
        codes = x.reshape(len(x), -1)
        return {"semantic": (codes, np.full_like(codes, np.log(0.25)))}

    def denoiser(self, params):
        eye = np.eye(16)
        exact = GaussianDenoiser.of(np.zeros(16), (1 + 0.05**2) * eye, eye, eye)
        return jax.tree_util.Partial(_of_images, exact)

    def gaussian(self, params, codes):
        return codes.reshape(-1, 4, 4, 1), np.log(0.05)


@pytest.mark.parametrize("is_diffusion", [True, False])
def test_images_come_back(mixture, is_diffusion):
    dataset = mixture.dataset
    made = reconstruct(Exact(is_diffusion), None, dataset, LAM_RANGE, 0)
    assert made.y.tolist() == [0, 1, 2]
    np.testing.assert_array_equal(made.images, dataset.x_test[:3])
    assert len(made.squared_error) == len(dataset.x_test)
    if is_diffusion:
        assert made.squared_error.mean() == pytest.approx(0.05**2, rel=0.2)
        assert made.sharpness > 1.05, "it has the noise of p(x|z), too"
    else:
        np.testing.assert_array_equal(made.reconstructions, made.images)
        assert made.sharpness == 1
    x = dataset.x_test / 255
    expected = 0.5 * (x**2).sum((1, 2, 3)).mean() + 8 * (0.25 - 1 - np.log(0.25))
    assert made.kl == pytest.approx(expected, rel=1e-4)
    assert made.arrays()["is_diffusion"] == is_diffusion
