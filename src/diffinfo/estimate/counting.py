"""I(X;Y) of values that are few: counted."""

import numpy as np
from scipy.special import digamma

from diffinfo.estimate.statistics import Estimate

# Of n rows, at least so many for each state of a side, and for each pair: the bias is small then.
_SIDE, _PAIRS = 20, 10
_RARE = 20  # rows of a state
_PARTS = 200  # at most so many parts of the groups are left out in turn


def states(array: np.ndarray) -> np.ndarray:
    """Number the different rows of an array `(n, d)`, `(n,)`.

    Where one column alone has too many values to be counted, these are numbered, not the rows: the
    answer of `are_few` is the same, and the rows of many continuous columns are slow to sort.
    """
    for column in array.T:
        values, numbers = np.unique(column, return_inverse=True)
        if len(values) > len(array) // _SIDE:
            return numbers
    _, numbers = np.unique(array, axis=0, return_inverse=True)
    return numbers.reshape(-1)


def are_few(x: np.ndarray, y: np.ndarray) -> bool:
    """Whether states x and y `(n,)` come often enough to be counted."""
    n = len(x)
    pairs = len(np.unique(x.astype(np.int64) * (y.max() + 1) + y))
    return x.max() < n // _SIDE and y.max() < n // _SIDE and pairs <= n // _PAIRS


def counted(x: np.ndarray, y: np.ndarray, groups: np.ndarray | None = None) -> dict[str, Estimate]:
    """Return I(X;Y) of states x and y `(n,)`, numbered from 0, in nats.

    `plug_in` is that of the frequencies. `counted` is H(X) + H(Y) - H(X,Y) with entropies whose
    bias is smaller, `H = log n - E G(n_state)` (Grassberger 2003, Eq. 27). The standard error has
    two parts: that of the delta method, less what the frequencies' own scatter adds to it, and that
    which is left where states are independent, the error of a chi-squared variable over 2n.

    groups: numbers from 0 `(n,)`, where only rows of different groups are independent. Then bias
    and error of the frequencies' information are found by leaving groups out in turn (jackknife).
    """
    n, pairs = len(x), x.astype(np.int64) * (y.max() + 1) + y
    _, pair, joint = np.unique(pairs, return_inverse=True, return_counts=True)
    of_x, of_y = np.bincount(x), np.bincount(y)
    told = np.log(n * joint[pair] / (of_x[x] * of_y[y]))
    plug_in = Estimate.of(told, groups)
    if groups is not None:
        return {"plug_in": plug_in, "counted": _jackknifed(x, y, pair, groups)}
    mended = np.log(n) + _g(joint)[pair] - _g(of_x)[x] - _g(of_y)[y]
    freedom = (np.count_nonzero(of_x) - 1) * (np.count_nonzero(of_y) - 1)
    scatter = max(plug_in.standard_error**2 - freedom / n**2, 0.0)
    error = np.sqrt(scatter + freedom / 2 / n**2)
    return {"plug_in": plug_in, "counted": Estimate(float(mended.mean()), float(error), n)}


def _jackknifed(x: np.ndarray, y: np.ndarray, pair: np.ndarray, groups: np.ndarray) -> Estimate:
    """The information of the frequencies, extrapolated from what it is without each of the groups;
    pair: the number of each row's pair of states, `(n,)`.
    """
    _, first = np.unique(pair, return_index=True)
    joint = np.bincount(pair)

    def information(counts: np.ndarray) -> float:
        n, of_x, of_y = counts.sum(), np.bincount(x[first], counts), np.bincount(y[first], counts)
        seen = counts > 0
        expected = of_x[x[first]] * of_y[y[first]]
        return float((counts[seen] * np.log(n * counts[seen] / expected[seen])).sum() / n)

    members = int(groups.max()) + 1
    count = min(members, _PARTS)
    part = groups % count
    without = np.array(
        [
            information(joint - np.bincount(pair[part == k], minlength=len(joint)))
            for k in range(count)
        ]
    )
    value = count * information(joint) - (count - 1) * without.mean()
    error = np.sqrt((count - 1) / count * np.square(without - without.mean()).sum())
    return Estimate(float(value), float(error), members)


def _g(counts: np.ndarray) -> np.ndarray:
    """Return G of numbers of rows, which is about their logarithm."""
    n = np.maximum(counts, 1)
    # The sign that alternates mends the bias of rare states; of others it only adds scatter.
    alternating = 0.5 * (-1.0) ** n * (digamma((n + 1) / 2) - digamma(n / 2))
    return digamma(n) + np.where(n < _RARE, alternating, 0.0)
