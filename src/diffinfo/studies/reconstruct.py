"""Held-out images through an autoencoder and back, and how sharp they come out."""

from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from diffinfo.data.dataset import Dataset
from diffinfo.estimate.codes import code_divergence, high_frequency_power
from diffinfo.nn.build import Autoencoder
from diffinfo.process.forward import decoded
from diffinfo.sample.solvers import heun_log_snr, sample
from diffinfo.studies.samples import as_pixels

IMAGES = 256  # so many are measured; the first of each class are shown
STEPS = 60


@dataclass(frozen=True)
class Reconstructions:
    """The S images shown, and what is measured on N of them.

    images, reconstructions: `(S, H, W, C)` uint8 of the labels y `(S,)`; squared_error: the mean
    over the entries of an image, `(N,)`; images_power, reconstructions_power: the spectral power
    above half the Nyquist frequency, `(N, C)`; kl: of all latents together, in nats.
    """

    images: np.ndarray
    y: np.ndarray
    reconstructions: np.ndarray
    squared_error: np.ndarray
    kl: float
    is_diffusion: bool
    images_power: np.ndarray
    reconstructions_power: np.ndarray

    @property
    def sharpness(self) -> float:
        """Spectral power of the reconstructions as a fraction of that of the images."""
        return float(self.reconstructions_power.mean() / self.images_power.mean())

    def arrays(self) -> dict[str, np.ndarray]:
        """Every field under its own name."""
        return {name: np.asarray(value) for name, value in vars(self).items()}


def reconstruct(
    model: Autoencoder, params: Any, dataset: Dataset, lam_range: tuple[float, float], seed: int
) -> Reconstructions:
    """Encode test images into the means of their codes, and decode those.

    lam_range: the log-SNRs that a diffusion decoder was trained on; seed: of the noise that it
    starts from (both are of no use to a Gaussian decoder, whose means are taken).
    """
    shown = np.arange(10)
    if dataset.classes:
        first = [np.flatnonzero(dataset.y_test == label)[:1] for label in range(dataset.classes)]
        shown = np.concatenate(first)
    others = np.setdiff1d(np.arange(len(dataset.x_test)), shown)[: IMAGES - len(shown)]
    rows = np.concatenate([shown, others])
    x = decoded(dataset.x_test[rows])
    posteriors = model.encoded(params, x)
    codes = jnp.concatenate([mean for mean, _ in posteriors.values()], axis=1)
    if model.is_diffusion:
        key, lams = jax.random.key(seed), np.linspace(*lam_range, STEPS + 1)
        start = jax.random.normal(key, x.shape)
        decoded_x = sample(model.denoiser(params), codes, start, lams, key, heun_log_snr)
    else:
        decoded_x, _ = model.gaussian(params, codes)
    decoded_x = np.clip(np.asarray(decoded_x), 0, 1)
    return Reconstructions(
        images=dataset.x_test[shown],
        y=dataset.y_test[shown],
        reconstructions=as_pixels(decoded_x[: len(shown)]),
        squared_error=np.mean(np.square(decoded_x - x), axis=(1, 2, 3)),
        kl=sum(divergence.value for divergence in code_divergence(posteriors).values()),
        is_diffusion=model.is_diffusion,
        images_power=high_frequency_power(x),
        reconstructions_power=high_frequency_power(decoded_x),
    )
