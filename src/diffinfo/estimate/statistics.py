"""A number with its standard error, and how examples are dealt into folds."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Estimate:
    """A mean over `n` independent held-out examples, in nats, and its standard error."""

    value: float
    standard_error: float
    n: int

    @classmethod
    def of(cls, per_example: np.ndarray) -> "Estimate":
        """From one draw per example, `(N,)`. Raises ValueError for fewer than two examples."""
        if len(per_example) < 2:
            raise ValueError(f"{len(per_example)} examples give no standard error: need at least 2")
        return cls(
            float(np.mean(per_example)),
            float(np.std(per_example, ddof=1) / np.sqrt(len(per_example))),
            len(per_example),
        )


def folds(n: int, parts: int) -> list[tuple[np.ndarray, np.ndarray]]:
    """For cross-fitting: `parts` interleaved parts of n examples, each with all the others, as
    masks `(apply, fit)`.
    """
    part = np.arange(n) % parts
    return [(part == k, part != k) for k in range(parts)]
