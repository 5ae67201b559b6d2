"""Generated examples of every label, without and with guidance, beside real ones."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from diffinfo.data.dataset import Dataset
from diffinfo.errors import DataError
from diffinfo.estimate.neighbours import nearest
from diffinfo.process.denoise import Denoiser
from diffinfo.sample.guidance import guided
from diffinfo.sample.solvers import SOLVERS, sample


@dataclass(frozen=True)
class Samples:
    """Images `(N, H, W, C)` uint8 of the labels y `(N,)`.

    real: test images of those labels, which repeat where a label has too few; unconditional:
    generated without a label; conditional: `(len(guidance), N, H, W, C)`, generated with the
    guidance weights `guidance`. nearest: the training images that are nearest to the first of
    these, at root mean square differences `distance` `(N,)` in grey levels; `real_distance` are
    those of `real`.
    """

    y: np.ndarray
    real: np.ndarray
    unconditional: np.ndarray
    guidance: np.ndarray
    conditional: np.ndarray
    nearest: np.ndarray
    distance: np.ndarray
    real_distance: np.ndarray

    def arrays(self) -> dict[str, np.ndarray]:
        """Every field under its own name."""
        return dict(vars(self))


def as_pixels(x: jax.Array) -> np.ndarray:
    """uint8 images, of the same shape, from images in [0, 1]; what lies outside is cut off."""
    return np.asarray(jnp.round(jnp.clip(x, 0, 1) * 255), np.uint8)


def samples(
    denoiser: Denoiser,
    lam_range: tuple[float, float],
    dataset: Dataset,
    settings: Mapping[str, Any],
) -> Samples:
    """`per_class` images of every label, for every guidance weight from the same noise.

    lam_range: the log-SNRs that the denoiser was trained on, all of which the sampler crosses in
    equal steps; settings: a config's `sample` section. Raises DataError for data that are not
    labelled images.
    """
    if not (dataset.has_pixels and dataset.classes):
        raise DataError("sampling draws labelled images, and these data are not")
    per_class, key = settings["per_class"], jax.random.key(settings["seed"])
    y = jnp.repeat(jnp.arange(dataset.classes), per_class)
    start_key, noise_key = key, key
    if settings["method"] == "ancestral":
        start_key, noise_key = jax.random.split(key)
    start = jax.random.normal(start_key, (len(y), *dataset.x_train.shape[1:]))
    lams = np.linspace(*lam_range, settings["steps"] + 1)

    def generated(field: Denoiser, labels) -> np.ndarray:
        return as_pixels(sample(field, labels, start, lams, noise_key, SOLVERS[settings["method"]]))

    of_label = [np.flatnonzero(dataset.y_test == label) for label in range(dataset.classes)]
    rows = np.concatenate([np.resize(rows[:per_class], per_class) for rows in of_label])
    real = dataset.x_test[rows]
    conditional = np.stack([generated(guided(denoiser, w), y) for w in settings["guidance"]])
    distance, of_training = nearest(conditional[0], dataset.x_train)
    return Samples(
        y=np.asarray(y),
        real=real,
        unconditional=generated(denoiser, None),
        guidance=np.asarray(settings["guidance"], float),
        conditional=conditional,
        nearest=dataset.x_train[of_training],
        distance=distance,
        real_distance=nearest(real, dataset.x_train)[0],
    )
