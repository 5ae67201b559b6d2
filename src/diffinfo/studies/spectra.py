"""What class-conditional spectra alone say of where in noise level labels sit: every class of
labelled images as a Gaussian random field, with the mean and the power of its training images.
"""

import numpy as np
import pandas as pd

from diffinfo.data.dataset import Dataset
from diffinfo.errors import DataError
from diffinfo.estimate.statistics import mean_and_error, shares_of_last
from diffinfo.exact.random_fields import RandomFields, frequencies, hartley, sectors, symmetric
from diffinfo.process.forward import decoded
from diffinfo.process.schedule import VPSchedule

_SECTORS = 4  # directions that are told apart
_EXAMPLES = 2000  # drawn from the fields; the error of their mean is in the table
_IMAGES = 20_000  # at most, of the training images


def _smooth(values: np.ndarray, height: int, width: int) -> np.ndarray:
    """The mean of values `(..., H, W)` over rings of frequency, one cycle wide, and directions."""
    k, direction = frequencies(height, width)
    number = k.round().astype(int) * _SECTORS + sectors(direction, _SECTORS)
    number = np.where(k.round() < 1, -1, number).ravel()
    _, number = np.unique(number, return_inverse=True)
    flat = values.reshape(-1, height * width)
    sums = np.stack([np.bincount(number, row) for row in flat])
    return (sums / np.bincount(number))[:, number].reshape(values.shape)


def fields_of(x: np.ndarray, y: np.ndarray, classes: int) -> RandomFields:
    """Random fields with the means and the spectra of grey images x `(N, H, W)` of every label.

    Power is smoothed over rings and directions, and what means of few images differ by at random is
    taken away from them, so that little is told apart that is not different. Raises: DataError if a
    label has fewer than two images.
    """
    counts = np.bincount(y, minlength=classes)
    if counts.min() < 2:
        raise DataError(f"label {int(counts.argmin())}: has fewer than two training images")
    size = x.shape[1:]
    means = np.stack([x[y == label].mean(0) for label in range(classes)])
    spectra = hartley(means)
    power = np.stack(
        [
            ((hartley(x[y == each]) - spectra[each]) ** 2).sum(0) / (n - 1)
            for each, n in enumerate(counts)
        ]
    )
    power = _smooth(symmetric(power), *size)
    center = counts @ spectra.reshape(classes, -1) / counts.sum()
    apart = spectra - center.reshape(size)
    seen, random = _smooth(apart**2, *size), power / counts[:, None, None]
    kept = np.sqrt(np.clip(1 - random / np.maximum(seen, 1e-300), 0, 1))
    means = hartley(center.reshape(size) + kept * apart)
    return RandomFields(np.maximum(power, 1e-9), means, counts / counts.sum())


def class_spectra(dataset: Dataset, schedule: VPSchedule, lams: np.ndarray) -> pd.DataFrame:
    """I(X_lam;Y) of random fields that are fitted to labelled images, in nats with standard errors,
    at increasing log-SNRs `lams` `(L,)`, and how much power and difference of means they have.

    Rows "information": `lam`, `s`, `value`, `standard_error`; "share": that of the last level, with
    its error. Rows "power" and "apart", per `frequency` in cycles a side: the variance of an entry
    given the label, averaged over labels, and the variance over labels of its mean (`value`).
    Raises: DataError for data that are not labelled images.
    """
    if not (dataset.x_train.ndim == 4 and dataset.classes):
        raise DataError("class spectra are of labelled images, and these data are not")
    x = decoded(dataset.x_train[:_IMAGES]).astype(float).mean(-1)
    fields = fields_of(x, dataset.y_train[:_IMAGES], dataset.classes)
    rng = np.random.default_rng(0)
    draws, y = fields.draw(_EXAMPLES, rng)
    values = fields.information(draws, y, rng.standard_normal(draws.shape), lams)
    s = schedule.time(lams)
    rows = [
        {"quantity": quantity, "lam": lam, "s": time, "value": value, "standard_error": error}
        for quantity, v, e in (
            ("information", *mean_and_error(values)),
            ("share", *shares_of_last(values)),
        )
        for lam, time, value, error in zip(lams, s, v, e, strict=True)
    ]
    k, _ = frequencies(*x.shape[1:])
    spectra = hartley(fields.means)
    apart = (fields.weights[:, None, None] * (spectra - spectra.mean(0)) ** 2).sum(0)
    for frequency in range(int(k.max().round()) + 1):
        ring = k.round() == frequency
        for quantity, of in (("power", fields.power.mean(0)), ("apart", apart)):
            rows.append({"quantity": quantity, "frequency": frequency, "value": of[ring].mean()})
    return pd.DataFrame(rows)
