"""How far samples are from data in what a small classifier of noised images makes of them. No
Inception, so not an FID.
"""

from collections.abc import Callable, Sequence

import jax
import jax.numpy as jnp
import numpy as np

from diffinfo.process.forward import noised

LEVELS = (4.0, 2.0, 0.0, -2.0)  # log-SNRs at which the classifier looks


def classifier_features(
    log_posterior: Callable, x: np.ndarray, key: jax.Array, levels: Sequence[float] = LEVELS
) -> np.ndarray:
    """log q(y | z) for every label at each of `levels`, side by side, `(N, levels x classes)`.

    log_posterior: `(z, lam) -> (N, classes)`. Noised images tell details that at clean ones a
    confident classifier ignores.
    """
    look = jax.jit(log_posterior)
    parts = []
    for number, level in enumerate(levels):
        lam = jnp.full(len(x), level)
        z, _ = noised(
            jnp.asarray(x), lam, jax.random.normal(jax.random.fold_in(key, number), x.shape)
        )
        parts.append(np.asarray(look(z, lam), float))
    return np.concatenate(parts, axis=1)


def frechet_distance(one: np.ndarray, other: np.ndarray) -> float:
    """Squared 2-Wasserstein distance of the Gaussians with the moments of two sets of features,
    `(N, D)` and `(M, D)`.

    `|m - m'|^2 + tr(S + S' - 2 (S^1/2 S' S^1/2)^1/2)`. Biased upwards for few examples: compare
    equal numbers of them.
    """
    means = [features.mean(0) for features in (one, other)]
    first, second = (np.cov(features, rowvar=False) for features in (one, other))
    values, vectors = np.linalg.eigh(first)
    root = (vectors * np.sqrt(np.maximum(values, 0))) @ vectors.T
    cross = np.sqrt(np.maximum(np.linalg.eigvalsh(root @ second @ root), 0)).sum()
    return float(
        np.sum((means[0] - means[1]) ** 2) + np.trace(first) + np.trace(second) - 2 * cross
    )
