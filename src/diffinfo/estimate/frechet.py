"""The distance of samples from data, measured on the features of a small classifier of noised
images (so it is not an FID, whose features are Inception's).
"""

from collections.abc import Callable, Sequence

import jax
import jax.numpy as jnp
import numpy as np

from diffinfo.process.forward import blocks, noised

LEVELS = (4.0, 2.0, 0.0, -2.0)  # log-SNRs at which the classifier looks
_BLOCK = 2048  # images at once; what they make in the network takes 90 kB each at 28 x 28


def classifier_features(
    log_posterior: Callable, x: np.ndarray, key: jax.Array, levels: Sequence[float] = LEVELS
) -> np.ndarray:
    """log q(y | z), in nats, of every label at each of `levels`, side by side: `(N, levels x
    classes)`.

    log_posterior: `(z, lam) -> (N, classes)`; x: `(N, ...)` on the process's scale. A classifier
    that is certain of clean images still tells noised ones apart, hence the several levels.
    """
    log_posterior = jax.jit(log_posterior)
    parts = []
    for number, level in enumerate(levels):
        eps = np.asarray(jax.random.normal(jax.random.fold_in(key, number), x.shape))
        of_level = []
        for rows, padded in blocks(len(x), _BLOCK):
            lam = jnp.full(len(padded), level)
            z, _ = noised(jnp.asarray(x[padded]), lam, jnp.asarray(eps[padded]))
            of_level.append(np.asarray(log_posterior(z, lam), float)[: len(rows)])
        parts.append(np.concatenate(of_level))
    return np.concatenate(parts, axis=1)


def frechet_distance(one: np.ndarray, other: np.ndarray) -> float:
    """The squared 2-Wasserstein distance between the Gaussians that have the means and covariances
    of two sets of features, `(N, D)` and `(M, D)`.

    `|m - m'|^2 + tr(S + S' - 2 (S^1/2 S' S^1/2)^1/2)`. It is biased upwards for few examples, so
    distances compare only if they are of equally many.
    """
    means = [features.mean(0) for features in (one, other)]
    first, second = (np.cov(features, rowvar=False) for features in (one, other))
    values, vectors = np.linalg.eigh(first)
    root = (vectors * np.sqrt(np.maximum(values, 0))) @ vectors.T
    cross = np.sqrt(np.maximum(np.linalg.eigvalsh(root @ second @ root), 0)).sum()
    return float(
        np.sum((means[0] - means[1]) ** 2) + np.trace(first) + np.trace(second) - 2 * cross
    )
