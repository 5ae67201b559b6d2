"""Numbers with their standard errors over examples, and folds of examples for cross-fitting."""

from dataclasses import dataclass

import numpy as np
from scipy.special import stdtrit


def mean_and_error(per_example: np.ndarray, axis: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Return the mean over the examples, which lie along `axis`, and its standard error.

    per_example: `(N, ...)` for axis 0; both results then have the shape `(...)`.
    """
    deviation = np.std(per_example, axis=axis, ddof=1)
    return np.mean(per_example, axis=axis), deviation / np.sqrt(np.shape(per_example)[axis])


def shares_of_last(per_example: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the means of the columns of `(N, L)` over that of the last one, and their standard
    errors, in which the two are correlated (the delta method).
    """
    means = np.mean(per_example, axis=0)
    shares = means / means[-1]
    _, errors = mean_and_error((per_example - shares * per_example[:, -1:]) / means[-1])
    return shares, errors


def half_width(standard_error, degrees=np.inf):
    """Return half the width of the 95 % confidence interval of a mean, by Student's t.

    standard_error, degrees (of freedom of that error): numbers or arrays. Of many examples it is
    1.96 standard errors; of three seeds that alone make the error, 4.3.
    """
    return stdtrit(degrees, 0.975) * standard_error


def share_interval(right: int, n: int) -> tuple[float, float]:
    """Return Wilson's 95 % interval of a share, of which `right` of `n` draws are; it stays within
    [0, 1], and has a width also where all draws agree.
    """
    from scipy.stats import binomtest  # half a second to load, which most jobs do without

    interval = binomtest(right, n).proportion_ci(method="wilson")
    return float(interval.low), float(interval.high)


def exponent(x, y) -> tuple[float, float]:
    """Return the exponent b of the power law `y = a x^b` that fits y best in logarithms, and its
    standard error from the scatter about the law (0 for two points).

    x, y: `(n,)`, positive.
    """
    from scipy.stats import linregress

    fit = linregress(np.log(np.asarray(x, float)), np.log(np.asarray(y, float)))
    return float(fit.slope), float(fit.stderr)


def in_words(value: float, standard_error: float) -> str:
    """Return `value ± error`, both to the second digit of the error, which is positive."""
    digits = max(0, 1 - int(np.floor(np.log10(standard_error))))
    return f"{value:.{digits}f} ± {standard_error:.{digits}f}"


@dataclass(frozen=True)
class Estimate:
    """A mean over `n` independent held-out examples, or groups of them, and its standard error, in
    nats.
    """

    value: float
    standard_error: float
    n: int

    @property
    def half_width(self) -> float:
        """Half the width of the 95 % confidence interval, over examples."""
        return float(half_width(self.standard_error, self.n - 1))

    @classmethod
    def of(cls, per_example: np.ndarray, groups: np.ndarray | None = None) -> "Estimate":
        """Estimate the expectation of one draw per example, `(N,)`.

        groups: numbers from 0 `(N,)` of groups of examples, where only examples of different groups
        are independent; then the error is that of a mean over clusters, and `n` counts them.
        Raises: ValueError for fewer than two examples or groups.
        """
        n = len(per_example) if groups is None else len(np.unique(groups))
        if n < 2:
            kind = "examples" if groups is None else "groups"
            raise ValueError(f"{n} {kind} give no standard error: need at least 2")
        mean, error = mean_and_error(per_example)
        if groups is not None:
            sums = np.bincount(groups, per_example - mean)
            error = np.sqrt(n / (n - 1) * np.square(sums).sum()) / len(per_example)
        return cls(float(mean), float(error), n)


def folds(
    n: int, parts: int, groups: np.ndarray | None = None
) -> list[tuple[np.ndarray, np.ndarray]]:
    """Deal n examples into interleaved parts; return masks `(apply, fit)`, each `(n,)`, of each.

    `apply` is the part and `fit` all the others: what is fitted on one is applied to the other.
    groups: numbers from 0 `(n,)`; examples of a group stay in one part.
    """
    part = (np.arange(n) if groups is None else groups) % parts
    return [(part == k, part != k) for k in range(parts)]
