"""Two mixtures in the plane on which schedules are compared, and scores of their samples, of which
a collapsed sampler cannot win all.

2601.21943 does not state radius, pitch, weights and variance. Ours are fitted to its published
tables: ten numbers (seven of eight weights are free), to 36 published values of Fig. 23. That these
agree is partly by construction.
"""

import numpy as np
from scipy.spatial.distance import cdist, pdist

from diffinfo.exact.mixture import Mixture

WEIGHTS = np.array([0.2, 0.05, 0.15, 0.1, 0.15, 0.05, 0.2, 0.1])
DEVIATION = 0.25


def circle8() -> Mixture:
    """A mixture of eight components on a circle of radius 4."""
    angle = 2 * np.pi * np.arange(8) / 8
    return Mixture(4 * np.stack([np.cos(angle), np.sin(angle)], axis=1), WEIGHTS, DEVIATION**2)


def grid8() -> Mixture:
    """A mixture of eight components on a 3x3 lattice of pitch 3 without its centre."""
    points = np.array([(x, y) for y in (-3.0, 0.0, 3.0) for x in (-3.0, 0.0, 3.0) if x or y])
    return Mixture(points, WEIGHTS, DEVIATION**2)


TOYS = {"circle8": circle8, "grid8": grid8}


def negative_log_likelihood(mixture: Mixture, x: np.ndarray) -> np.ndarray:
    """-log p(x) in nats under the mixture itself, `(n, d) -> (n,)`. A sampler that shrinks every
    component has a lower one than the data have.
    """
    return -mixture.log_density(x, 0.0)


def mean_distance(x: np.ndarray) -> float:
    """E|X - X'| of examples x `(n, d)`, over all pairs."""
    return float(pdist(x).mean())


def energy_distance(x: np.ndarray, y: np.ndarray, within: float | None = None) -> float:
    """Unbiased estimate of `2 E|X - Y| - E|X - X'| - E|Y - Y'|`, which is zero for equal laws only.

    x, y: `(n, d)` and `(m, d)`. within: `mean_distance(y)`, where many x are compared with one y.
    """
    within = mean_distance(y) if within is None else within
    return float(2 * cdist(x, y).mean()) - mean_distance(x) - within


def mode_scores(mixture: Mixture, x: np.ndarray) -> tuple[float, float]:
    """The mean squared deviation of samples x `(n, d)` from their nearest component's mean, as a
    share of the true variance, and the total variation between the weights.

    The deviation is from the component's own mean, so that samples between components count, too.
    """
    nearest = cdist(x, mixture.means).argmin(1)
    counts = np.bincount(nearest, minlength=len(mixture.weights))
    squares = ((x - mixture.means[nearest]) ** 2).sum(1) / (x.shape[1] * mixture.variance)
    return float(squares.mean()), float(0.5 * np.abs(counts / len(x) - mixture.weights).sum())
