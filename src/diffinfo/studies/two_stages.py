"""Images made in two stages, label -> code -> image, beside images guided by their labels: samples
at the same guidance weights, and what a classifier makes of them.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from diffinfo.data.dataset import Dataset
from diffinfo.process.denoise import Denoiser
from diffinfo.process.forward import decoded
from diffinfo.sample.guidance import guided
from diffinfo.sample.solvers import heun_log_snr, sample
from diffinfo.studies.samples import as_pixels


class Field(NamedTuple):
    """A denoiser and the range of log-SNR that it was trained on."""

    denoiser: Denoiser
    lam_range: tuple[float, float]

    def sample(self, y, shape: tuple[int, ...], steps: int, key: jax.Array) -> jax.Array:
        """Samples of that shape given y, by the flow from the field's noisiest level to its
        cleanest.
        """
        lams = np.linspace(*self.lam_range, steps + 1)
        return sample(self.denoiser, y, jax.random.normal(key, shape), lams, key, heun_log_snr)

    def guided(self, weight: float) -> "Field":
        """The same field with that guidance weight."""
        return self._replace(denoiser=guided(self.denoiser, weight))


@dataclass(frozen=True)
class Scores:
    """What the classifier makes of N images.

    right: whether the label that it finds likeliest is the image's own, `(..., N)`; log_q: its log
    q(y|x) of that label in nats, `(..., N)`; spread: the variance within each class, summed over
    the entries of an image, `(..., classes)`.
    """

    right: np.ndarray
    log_q: np.ndarray
    spread: np.ndarray


@dataclass(frozen=True)
class TwoStages:
    """Images `(len(guidance), N, H, W, C)` uint8 of the labels y `(N,)`, and their scores, by the
    names "two_stages" and "guided"; `real` are the scores of test images.
    """

    guidance: np.ndarray
    y: np.ndarray
    images: dict[str, np.ndarray]
    scores: dict[str, Scores]
    real: Scores

    def arrays(self) -> dict[str, np.ndarray]:
        """`guidance`, `y`, `two_stages`, `guided`, and for each of these and `real` the scores, as
        in `guided_right`.
        """
        scores = {
            f"{name}_{score}": values
            for name, of_images in (self.scores | {"real": self.real}).items()
            for score, values in vars(of_images).items()
        }
        return {"guidance": self.guidance, "y": self.y} | self.images | scores


def two_stages(
    dataset: Dataset,
    codes: Field,
    decoder: Field,
    images: Field,
    log_posterior: Callable,
    scale: np.ndarray,
    settings: Mapping[str, Any],
) -> TwoStages:
    """Sample codes given labels and images given codes; sample images given labels; score both.

    codes: the field of codes over `scale` `(D_Z,)` given labels, which is guided; decoder: the
    field of images given codes; images: the field of images given labels, which is guided;
    log_posterior: a classifier of noised images, `(z, lam) -> (N, classes)`, which looks at the
    cleanest level of `images`; settings: a config's `sample` section.
    """
    scale, key = np.asarray(scale, np.float32), jax.random.key(settings["seed"])
    steps, posterior = settings["steps"], jax.jit(log_posterior)
    labels = jnp.repeat(jnp.arange(dataset.classes), settings["per_class"])
    y, shape = np.asarray(labels), (len(labels), *dataset.x_train.shape[1:])

    def by_code(weight: float) -> jax.Array:
        code_key, image_key = jax.random.split(key)
        z = codes.guided(weight).sample(labels, (len(y), len(scale)), steps, code_key)
        return decoder.sample(z * scale, shape, steps, image_key)

    def by_label(weight: float) -> jax.Array:
        return images.guided(weight).sample(labels, shape, steps, key)

    def scores(x, y: np.ndarray) -> Scores:
        log_q = np.asarray(posterior(jnp.asarray(x), jnp.full(len(x), images.lam_range[1])))
        spread = [np.asarray(x)[y == label].var(0).sum() for label in range(dataset.classes)]
        return Scores(log_q.argmax(1) == y, log_q[np.arange(len(y)), y], np.array(spread))

    pixels, scored = {}, {}
    for name, sampler in (("two_stages", by_code), ("guided", by_label)):
        pictures = [jnp.clip(sampler(weight), 0, 1) for weight in settings["guidance"]]
        each = [scores(x, y) for x in pictures]
        pixels[name] = np.stack([as_pixels(x) for x in pictures])
        scored[name] = Scores(
            *(np.stack([getattr(s, part) for s in each]) for part in ("right", "log_q", "spread"))
        )
    n = max(2, min(len(dataset.x_test), 10 * len(y)))
    real = scores(decoded(dataset.x_test[:n]), dataset.y_test[:n])
    return TwoStages(np.asarray(settings["guidance"], float), y, pixels, scored, real)
