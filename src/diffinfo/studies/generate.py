"""Images that a model generates, as a data set to train and measure on, beside what a classifier of
real images makes of them, how far they are from real ones, and whether they are copies.
"""

from collections.abc import Callable, Mapping
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from scipy.stats import entropy

from diffinfo.data.dataset import Dataset
from diffinfo.errors import DataError
from diffinfo.estimate.frechet import classifier_features, frechet_distance
from diffinfo.estimate.neighbours import nearest
from diffinfo.estimate.statistics import mean_and_error
from diffinfo.process.denoise import Denoiser
from diffinfo.process.forward import decoded
from diffinfo.process.schedule import schedule_of
from diffinfo.sample.grids import time_grid
from diffinfo.sample.guidance import guided
from diffinfo.sample.solvers import ode_2m, solve
from diffinfo.studies.samples import as_pixels

_BLOCK = 250  # images that are generated at once
_POWER = 2  # of the grid in time
_COMPARED = 500  # images whose nearest neighbours are sought
_RESAMPLED = 20  # halves of the images, for the error of a Fréchet distance


def _mean(values: np.ndarray) -> dict[str, float]:
    value, error = mean_and_error(np.asarray(values, float))
    return {"value": float(value), "standard_error": float(error)}


def _distance(features: np.ndarray, real: np.ndarray, rng: np.random.Generator) -> dict[str, float]:
    """The Fréchet distance of two sets of features; its error is from halves of the first one."""
    halves = []
    for _ in range(_RESAMPLED):
        half = rng.permutation(len(features))[: len(features) // 2]
        halves.append(frechet_distance(features[half], real))
    # Of n rows drawn without putting back, half of n vary as much as n drawn anew.
    return {
        "value": frechet_distance(features, real),
        "standard_error": float(np.std(halves, ddof=1)),
    }


def judged(x: np.ndarray, y: np.ndarray, dataset: Dataset, log_posterior: Callable, lam_max: float):
    """Return what is said of images x `(N, H, W, C)` uint8 of labels y by what knows real ones.

    held_out_classifier: the bound `H(Y) + E log q(y|x)` on I(X;Y) of x and y, in nats; accuracy: a
    fraction; frechet_distance (of features, to those of as many test images), beside that of as
    many training images, its floor; nearest: root mean square difference to the nearest training
    image, in grey levels, beside that of test images; copies: the share of images that are nearer
    than 1 % of the test images are. Each has its standard error over images.
    """
    rng, n = np.random.default_rng(0), len(x)
    posterior, pixels = jax.jit(log_posterior), decoded(x)
    log_q = np.concatenate(
        [
            np.asarray(posterior(jnp.asarray(part), jnp.full(len(part), lam_max)), float)
            for part in np.split(pixels, range(_BLOCK, n, _BLOCK))
        ]
    )
    of_label = log_q[np.arange(n), y]
    bound = _mean(of_label)
    bound["value"] += float(entropy(np.bincount(y, minlength=dataset.classes)))
    real, training = (
        images[rng.permutation(len(images))[:n]] for images in (dataset.x_test, dataset.x_train)
    )
    key = jax.random.key(0)
    features, of_real, of_training = (
        classifier_features(log_posterior, decoded(images), jax.random.fold_in(key, number))
        for number, images in enumerate((x, real, training))
    )
    near, _ = nearest(x[:_COMPARED], dataset.x_train)
    near_real, _ = nearest(real[:_COMPARED], dataset.x_train)
    return {
        "held_out_classifier": bound,
        "accuracy": _mean(log_q.argmax(1) == y),
        "frechet_distance": _distance(features, of_real, rng),
        "frechet_distance_of_training_images": _distance(of_training, of_real, rng),
        "nearest": _mean(near),
        "nearest_of_test_images": _mean(near_real),
        "copies": _mean(near < np.quantile(near_real, 0.01)),
    }


def generate(
    denoiser: Denoiser,
    process: Mapping[str, float],
    log_posterior: Callable,
    dataset: Dataset,
    settings: Mapping[str, Any],
    report: Callable[[int, int], None] = lambda done, total: None,
) -> Dataset:
    """Return images that the denoiser generates, for labels drawn from those of training images.

    process: the config's section that the denoiser was trained with; log_posterior: a classifier of
    noised images of `dataset`, `(z, lam) -> (N, classes)`; settings: a config's
    `data.generated` section. The card's `judged` is what `judged` says of the test images.

    Raises: DataError for data that are not labelled images.
    """
    if not (dataset.has_pixels and dataset.classes):
        raise DataError("generating takes a model of labelled images, and these data are not")
    schedule, (low, high) = schedule_of(process)
    grid = time_grid(schedule, low, high, settings["steps"], _POWER)
    weight = settings["guidance_weight"]
    field = guided(denoiser, weight) if weight else denoiser
    n_train, n_test = settings["n_train"], settings["n_test"]
    rng, key = np.random.default_rng(settings["seed"]), jax.random.key(settings["seed"])
    y = rng.choice(dataset.y_train, n_train + n_test).astype(np.int32)
    parts = []
    for start in range(0, len(y), _BLOCK):
        # The last block is a full one, too, of which some is left out: one program for all.
        labels = np.resize(y[start : start + _BLOCK], _BLOCK)
        noise = jax.random.normal(
            jax.random.fold_in(key, start), (_BLOCK, *dataset.x_train.shape[1:])
        )
        z = solve(field, jnp.asarray(labels), noise, grid, key, ode_2m)
        parts.append(as_pixels(z * np.sqrt(1 + np.exp(-grid[-1]))))
        report(min(start + _BLOCK, len(y)), len(y))
    x = np.concatenate(parts)[: len(y)]
    kept = ("classes", "class_names")
    card = {name: dataset.card[name] for name in kept if name in dataset.card}
    card |= {"name": f"{settings['of']}, w = {weight:g}", "source": "generated"}
    card |= {"generated": dict(settings), "lam_max": high}
    card["judged"] = judged(x[n_train:], y[n_train:], dataset, log_posterior, high)
    return Dataset(x[:n_train], y[:n_train], x[n_train:], y[n_train:], card)
