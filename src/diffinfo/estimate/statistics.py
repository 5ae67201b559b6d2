"""Numbers with their standard errors over examples, and folds of examples for cross-fitting."""

from dataclasses import dataclass

import numpy as np


def mean_and_error(per_example: np.ndarray, axis: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Return the mean over the examples, which lie along `axis`, and its standard error.

    per_example: `(N, ...)` for axis 0; both results then have the shape `(...)`.
    """
    deviation = np.std(per_example, axis=axis, ddof=1)
    return np.mean(per_example, axis=axis), deviation / np.sqrt(np.shape(per_example)[axis])


@dataclass(frozen=True)
class Estimate:
    """A mean over `n` independent held-out examples and its standard error, in nats."""

    value: float
    standard_error: float
    n: int

    @classmethod
    def of(cls, per_example: np.ndarray) -> "Estimate":
        """Estimate the expectation of one draw per example, `(N,)`.

        Raises: ValueError for fewer than two examples.
        """
        if len(per_example) < 2:
            raise ValueError(f"{len(per_example)} examples give no standard error: need at least 2")
        mean, error = mean_and_error(per_example)
        return cls(float(mean), float(error), len(per_example))


def folds(n: int, parts: int) -> list[tuple[np.ndarray, np.ndarray]]:
    """Deal n examples into interleaved parts; return masks `(apply, fit)`, each `(n,)`, of each.

    `apply` is the part and `fit` all the others: what is fitted on one is applied to the other.
    """
    part = np.arange(n) % parts
    return [(part == k, part != k) for k in range(parts)]
