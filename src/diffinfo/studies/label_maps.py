"""Where in a few test images, and at which noise level, the information about their labels sits."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import jax
import numpy as np

from diffinfo.data.dataset import Dataset
from diffinfo.errors import DataError
from diffinfo.estimate.maps import information_maps
from diffinfo.process.denoise import Denoiser
from diffinfo.process.forward import decoded


@dataclass(frozen=True)
class LabelMaps:
    """Images `(N, H, W, C)` uint8 of the labels y `(N,)`, and `maps` of them, `(N, R, H, W)` in
    nats, in the R ranges of log-SNR between `edges` `(R + 1,)`.
    """

    images: np.ndarray
    y: np.ndarray
    edges: np.ndarray
    maps: np.ndarray

    def arrays(self) -> dict[str, np.ndarray]:
        """Every field under its own name."""
        return dict(vars(self))


def label_maps(
    denoiser: Denoiser,
    log_posterior: Callable,
    dataset: Dataset,
    lam_range: tuple[float, float],
    settings: Mapping[str, Any],
) -> LabelMaps:
    """Maps (`estimate/maps.py`) of the first test image of each label, `images` at most.

    log_posterior: a classifier of noised images, `(z, lam) -> (N, classes)`; lam_range: the
    log-SNRs that the denoiser was trained on, which the `edges` within it part into ranges;
    settings: a config's `maps` section. Raises DataError for data that are not labelled images.
    """
    if not (dataset.has_pixels and dataset.classes):
        raise DataError("maps are of labelled images, and these data are not")
    lam_min, lam_max = lam_range
    inner = [edge for edge in settings["edges"] if lam_min < edge < lam_max]
    edges = np.array([lam_min, *inner, lam_max])
    first = [np.flatnonzero(dataset.y_test == label)[:1] for label in range(dataset.classes)]
    rows = np.concatenate(first)[: settings["images"]]
    images, y = dataset.x_test[rows], dataset.y_test[rows]
    maps = information_maps(
        denoiser,
        log_posterior,
        decoded(images),
        y,
        edges,
        jax.random.key(settings["seed"]),
        classes=dataset.classes,
        draws=settings["draws"],
    )
    return LabelMaps(images, y, edges, maps)
