"""Labelled images sampled in few steps on any grid, and their scores: what comparing schedules on a
trained model takes.
"""

from dataclasses import dataclass

import jax
import jax.numpy as jnp
import numpy as np

from diffinfo.checkpoint import load_model
from diffinfo.data.dataset import Dataset, load_dataset
from diffinfo.errors import DataError
from diffinfo.estimate.frechet import classifier_features, frechet_distance
from diffinfo.nn.build import NoisyClassifier
from diffinfo.process.denoise import Denoiser
from diffinfo.process.forward import decoded
from diffinfo.process.schedule import VPSchedule, schedule_of
from diffinfo.sample.guidance import guided
from diffinfo.sample.solvers import ddim, solve

SAMPLERS = {"DDIM": ddim(0.0), "DDIM, eta 1": ddim(1.0)}


@dataclass(frozen=True)
class FewSteps:
    """A model of labelled images and the classifier that scores its samples.

    schedule, lam_range: of the model's process; log_posterior: the classifier; y: the labels of a
    set of samples, `(N,)`.
    """

    dataset: Dataset
    denoiser: Denoiser
    log_posterior: jax.tree_util.Partial
    schedule: VPSchedule
    lam_range: tuple[float, float]
    y: jax.Array

    @classmethod
    def load(cls, data: str, model: str, classifier: str, per_class: int) -> "FewSteps":
        """From the files of the data and train stages. Raises DataError for data that are not
        labelled images.
        """
        dataset = load_dataset(data)
        if not (dataset.is_image and dataset.classes):
            raise DataError(f"{data}: comparing schedules takes labelled images, and these are not")
        fields, params, about = load_model(model, dataset=dataset)
        judge, judge_params, _ = load_model(classifier, NoisyClassifier, dataset)
        schedule, lam_range = schedule_of(about["settings"]["process"])
        y = jnp.repeat(jnp.arange(dataset.classes), per_class)
        return cls(
            dataset, fields.denoiser(params), judge.posterior(judge_params), schedule, lam_range, y
        )

    def sample(self, sampler: str, grid: np.ndarray, weight: float, seed: int) -> np.ndarray:
        """Images `(N, H, W, C)` in [0, 1] of the labels y, with guidance weight `weight`."""
        start_key, noise_key = jax.random.split(jax.random.key(seed))
        start = jax.random.normal(start_key, (len(self.y), *self.dataset.x_train.shape[1:]))
        field = guided(self.denoiser, weight) if weight else self.denoiser
        z = solve(field, self.y, start, grid, noise_key, SAMPLERS[sampler])
        return np.clip(np.asarray(z) * np.sqrt(1 + np.exp(-grid[-1])), 0, 1)

    def features(self, x: np.ndarray) -> np.ndarray:
        """The classifier's features of images, always with the same noise, `(N, D)`."""
        return classifier_features(self.log_posterior, x, jax.random.key(7))

    def scores(
        self, x: np.ndarray, real: np.ndarray, y: np.ndarray | None = None
    ) -> dict[str, float]:
        """Fréchet distance of images to the features `real`, and how often the classifier sees
        their label at log-SNR 4.
        """
        found = self.features(x)
        classes = self.dataset.classes
        right = found[:, :classes].argmax(1) == np.asarray(self.y if y is None else y)
        return {"frechet_distance": frechet_distance(found, real), "accuracy": float(right.mean())}

    def held_out(self) -> tuple[np.ndarray, np.ndarray]:
        """Held-out images and their labels."""
        return decoded(self.dataset.x_test), self.dataset.y_test
