"""What networks tell of I(X;Y): by which estimator, what more rows would add to it, and what speaks
against it.
"""

from dataclasses import replace
from typing import NamedTuple

import numpy as np
from scipy.special import fdtrc

from diffinfo.data.canonical import Canonical, normal_scores, t_information
from diffinfo.estimate.integrand import Strata, Terms
from diffinfo.estimate.mutual_information import (
    class_log_posterior,
    label_entropy,
    mutual_information,
)
from diffinfo.estimate.neighbours import told_by_neighbours
from diffinfo.estimate.statistics import Estimate
from diffinfo.studies.cross_fit import CrossFitted
from diffinfo.studies.pair_input import halves

MOST_GAIN = 0.1  # the largest share of the information that halving may add
LOW_BOUND = 0.03  # the share by which the bound of labels may be below aligned_difference, or grow
# Where more than so many nats come with each unit of log-SNR at the end of the range, there are
# more beyond it.
END_RATE, END_WIDTH = 0.02, 2.0
CHANCE = 0.01  # of folds that disagree so much by luck of their rows
# Nearest neighbours tell much of so few columns, by at most so many rows; single columns are asked
# if they are so few pairs.
NEAR_COLUMNS, NEAR_ROWS, NEAR_PAIRS = 4, 20_000, 16
NEAR_LABELS = 50  # rows of each label, so that a tenth of the rows holds several
# Features of images were seen to tell 7.5 nats to 5 %, and to miss 9 % of 10.
MOST_OF_IMAGES = 8.0


def gain_of_rows(terms: Terms, halves: Terms) -> Estimate:
    """The growth of `aligned_difference` from networks of half of the rows to those of all."""
    grown = terms.aligned[: len(halves.aligned)].sum(1) - halves.aligned.sum(1)
    return Estimate.of(grown, halves.groups)


def _credible(told: float, gain: Estimate) -> float:
    """The largest gain, in nats, that a deficit of 1/m explains, given this gain's error."""
    return max(MOST_GAIN * told, 0.05) + 2 * gain.standard_error


def grown(told: Estimate, gain: Estimate) -> Estimate:
    """`told` plus `gain` if that exceeds its error, but no more than is credible."""
    if gain.value <= gain.standard_error:
        return told
    error = float(np.hypot(told.standard_error, gain.standard_error))
    return Estimate(told.value + min(gain.value, _credible(told.value, gain)), error, told.n)


def extrapolated(estimates: dict[str, Estimate], gain: Estimate | None) -> Estimate:
    """`aligned_difference` with the gain of rows, if there is any.

    Its standard error is at least that of `loss_difference`, whose scatter over rows follows the
    fitted part to first order as well.
    """
    aligned = estimates["aligned_difference"]
    error = max(aligned.standard_error, estimates["loss_difference"].standard_error)
    told = Estimate(aligned.value, error, aligned.n)
    return told if gain is None else grown(told, gain)


def convergence(
    terms: Terms, estimates: dict[str, Estimate], gain: Estimate | None, cut_short: bool
) -> list[str]:
    """Warnings of what speaks against the answer. gain: of all rows over half of them, or None.

    With D = v_c - v_u, exact fields have E<v - v_u, D> = E|D|^2; the gap is what D has learnt too
    much or too little.
    """
    aligned = estimates["aligned_difference"]
    warnings = (
        ["the time was up before the held-out loss had stopped falling: give more minutes"]
        if cut_short
        else []
    )
    gap = Estimate.of((terms.squared - terms.aligned).sum(1), terms.groups)
    allowed = max(0.1 * abs(aligned.value), 0.03, 3 * gap.standard_error)
    if abs(gap.value) > allowed:
        warnings.append(
            "the network is not at its optimum: squared_difference and aligned_difference are "
            f"{gap.value:+.2g} nats apart (at most {allowed:.2g} is expected). More rows or more "
            "minutes may help"
        )
    if gain and gain.value > (allowed := _credible(aligned.value, gain)):
        warnings.append(
            f"there are too few rows: half of them tell {gain.value:.2g} nats less (at most "
            f"{allowed:.2g} is expected)"
        )
    return warnings


def beyond(terms: Terms, strata: Strata) -> list[str]:
    """A warning where information still grows at the end of the range of log-SNR."""
    last = strata.low >= min(strata.high[-1] - END_WIDTH, strata.low[-1])
    width = float((strata.high - strata.low)[last].sum())
    rate = Estimate.of((terms.loss_u - terms.loss_c)[:, last].sum(1) / width, terms.groups)
    if rate.value <= END_RATE + 4 * rate.standard_error:
        return []
    return [
        f"information grows by {rate.value:.2g} nats with each unit of log-SNR at the end of the "
        f"range ({strata.high[-1]:.1f}): I(X;Y) is above this number, or infinite, as where one "
        "side is a function of the other"
    ]


def short_of_t(told: Estimate, held: float) -> list[str]:
    """A warning where one multivariate t that is fitted to x and y holds more, `held` nats."""
    allowed = max(LOW_BOUND * held, 0.03) + 2 * told.standard_error
    if held - told.value <= allowed:
        return []
    return [
        f"x and y are like one multivariate t, which would hold {held:.4g} nats, more than "
        f"networks find (by at most {allowed:.2g} is expected): the scale that all columns share "
        "is hard to see. More rows or more minutes may help"
    ]


def seen_at_once(
    x: np.ndarray, y: np.ndarray, groups: np.ndarray | None, rng: np.random.Generator
) -> Estimate:
    """A lower bound of I(X;Y), in nats, from normal scores x `(n, D_X)`, y `(n, D_Y)` and their
    squares: what one number of each side tells. groups: the number of each row's, or None.

    The first canonical variates f(x), g(y) of half of the rows correlate by rho on the other half,
    after f is mapped to normal scores there. Of a Gaussian f, whatever g is,
    I(f; g) >= -1/2 log(1 - rho^2): h(f|g) is at most that of a Gaussian with the variance that a
    line through g leaves.
    """
    known, rest = halves(len(x), groups, rng)
    independent = len(rest) if groups is None else len(np.unique(groups[rest]))
    x, y = (np.hstack([side, side**2]) for side in (x, y))
    canonical = Canonical.fit(x[known], y[known])
    f, g = canonical.x(x[rest])[:, :1], canonical.y(y[rest])[:, 0]
    rho = float(np.corrcoef(normal_scores(f, rng)[:, 0], g)[0, 1])
    error = abs(rho) / np.sqrt(independent)  # (1 - rho^2) / sqrt(n) of rho
    return Estimate(-0.5 * float(np.log1p(-min(rho**2, 1 - 1e-12))), error, independent)


def short_of_simple(told: Estimate, simple: Estimate) -> list[str]:
    """A warning where one number of each side tells more than all of them are said to."""
    error = float(np.hypot(told.standard_error, simple.standard_error))
    if simple.value - told.value <= (allowed := 0.02 + 3 * error):
        return []
    return [
        f"one number of x and one of y, from squares and sums of columns, tell {simple.value:.2g} "
        f"nats, more than networks find (by at most {allowed:.2g} is expected): these have missed "
        "how x and y are related. More rows, more minutes or fewer columns may help"
    ]


def short_of_neighbours(told: Estimate, near: Estimate, errors: float = 4) -> list[str]:
    """A warning where distances to the nearest rows tell more, `near`, than networks find, by more
    than so many standard errors.
    """
    error = float(np.hypot(told.standard_error, near.standard_error))
    if near.value - told.value <= (allowed := 0.01 * near.value + errors * error):
        return []
    return [
        f"the nearest neighbours of rows tell {near.value:.3g} nats, of some columns or all, more "
        f"than is found (by at most {allowed:.2g} is expected): x and y are related in finer steps "
        "or turns than networks have learnt. More rows or more minutes may help"
    ]


def disagreement(terms: Terms, fold: np.ndarray) -> list[str]:
    """A warning where the networks of different folds find more or less than their rows explain.

    fold: of each row `(n,)`. What folds scatter by beyond the errors of their means is training's.
    """
    told, groups = terms.aligned.sum(1), terms.groups
    folds = [np.flatnonzero(fold == number) for number in np.unique(fold)]
    own = [None if groups is None else groups[rows] for rows in folds]
    degrees = len(folds) - 1
    # A group that is as large as a fold says nothing of how its rows scatter.
    if not degrees or any(each is not None and len(np.unique(each)) < 2 for each in own):
        return []
    parts = [Estimate.of(told[rows], each) for rows, each in zip(folds, own, strict=True)]
    scatter = np.var([part.value for part in parts], ddof=1)
    within = np.mean([part.standard_error**2 for part in parts])
    excess = np.sqrt(max(0.0, scatter - within))
    if excess <= max(0.02 * told.mean(), 0.01):
        return []
    if fdtrc(degrees, sum(part.n - 1 for part in parts), scatter / within) > CHANCE:
        return []
    found = ", ".join(f"{part.value:.3g}" for part in parts)
    return [
        f"the networks of the folds disagree ({found} nats) by more than their rows explain: what "
        "they learn is partly chance. More rows or more minutes may help"
    ]


def by_neighbours(
    x: np.ndarray, y: np.ndarray, groups: np.ndarray | None, rng: np.random.Generator
) -> Estimate | None:
    """What nearest neighbours tell of scores x `(n, D_X)`, y `(n, D_Y)` or labels y `(n,)`: of all
    columns if they are few, and of each one on either side, which tell no more than all; the most
    of these. None where they would tell too little, of rare labels or many columns, or too much, of
    groups of rows.
    """
    if groups is not None:
        return None
    some = rng.permutation(len(x))[:NEAR_ROWS]
    x, y = x[some], y[some]
    if y.ndim == 1:
        if np.unique(y, return_counts=True)[1].min() < NEAR_LABELS:
            return None
        of_y, whole = [y], x.shape[1]
    else:
        of_y, whole = np.split(y, y.shape[1], axis=1), x.shape[1] + y.shape[1]
    pairs = [(one, other) for one in np.split(x, x.shape[1], axis=1) for other in of_y]
    if len(pairs) > NEAR_PAIRS:
        return None
    if len(pairs) > 1 and whole <= NEAR_COLUMNS:
        pairs.append((x, y))
    return max((told_by_neighbours(*pair, rng) for pair in pairs), key=lambda told: told.value)


def few_neighbours(near: Estimate, fewer: Estimate) -> list[str]:
    """A warning where `near` still grows with the number of rows; fewer: that of half of them."""
    gain = Estimate(near.value - fewer.value, near.standard_error, near.n)
    if gain.value <= (allowed := _unseen(near.value, gain)):
        return []
    return [
        f"there are too few rows: nearest neighbours in half of them tell {gain.value:.2g} nats "
        f"less (at most {allowed:.2g} is expected)"
    ]


def gain_of_label_rows(terms: Terms, halves: Terms, labels: np.ndarray) -> Estimate:
    """The growth of `classification_bound` from classifiers of half of the rows to those of all;
    labels: of the rows of `terms`, of which `halves` has the first.
    """
    n = len(halves.aligned)
    groups, y = halves.groups, labels[:n]
    few = replace(terms, class_loss=terms.class_loss[:n], groups=groups)
    told, less = (
        np.take_along_axis(class_log_posterior(each, y), y[:, None], 1)[:, 0]
        for each in (few, halves)
    )
    return Estimate.of(told - less, groups)


def _unseen(told: float, gain: Estimate) -> float:
    """The largest gain, in nats, that may be left out of a bound that tells so much."""
    return max(LOW_BOUND * told, 0.02) + 2 * gain.standard_error


def few_rows_of_labels(bound: Estimate, gain: Estimate) -> list[str]:
    """A warning where the bound of labels still grows with the number of rows.

    What is missing is more than the gain where that shrinks more slowly than 1/m, as the boundaries
    of labels do: half of what may be missing is allowed.
    """
    allowed = max(LOW_BOUND / 2 * bound.value, 0.01) + gain.standard_error
    if gain.value <= allowed:
        return []
    return [
        f"there are too few rows: a classifier of half of them tells {gain.value:.2g} nats less "
        f"(at most {allowed:.2g} is expected)"
    ]


def short_bound(terms: Terms, log_q: np.ndarray, labels: np.ndarray) -> list[str]:
    """A warning where the bound of labels is below what the fields say; log_q: `(n, classes)`."""
    entropy = label_entropy(labels)
    told = entropy + np.take_along_axis(log_q, labels[:, None], 1)[:, 0]
    short = Estimate.of(terms.aligned.sum(1) - told, terms.groups)
    allowed = max(LOW_BOUND * told.mean(), 0.02) + 3 * short.standard_error
    # More than H(Y), as fields may say, labels cannot tell.
    if min(short.value, entropy - told.mean()) <= allowed:
        return []
    return [
        f"the bound is {short.value:.2g} nats below aligned_difference (at most {allowed:.2g} is "
        "expected): labels tell more than it finds. More rows or more minutes may help"
    ]


def few_images(gain: Estimate, told: float, labels: bool) -> list[str]:
    """Warnings where features tell more, by `gain` nats, than those of half of the images do, or
    more than such features were seen to be exact enough for.

    labels: whether `told` is a bound of labels, to which the gain is not added.
    """
    allowed = (_unseen if labels else _credible)(told, gain)
    warnings = []
    if told > MOST_OF_IMAGES:
        warnings.append(
            f"images that share more than {MOST_OF_IMAGES:.0f} nats need features that are more "
            "exact than so many images teach: I(X;Y) is likely above this number (rectangles of 10 "
            "nats came out as 9.1)"
        )
    if gain.value > allowed:
        warnings.append(
            f"there are too few rows: features of half of the images tell {gain.value:.2g} nats "
            f"less (at most {allowed:.2g} is expected), so I(X;Y) is above this number"
        )
    return warnings


class Told(NamedTuple):
    """All estimates by their names, the name of the one to go by, and warnings against it."""

    estimates: dict[str, Estimate]
    estimator: str
    warnings: list[str]


def _cut_short(fitted: CrossFitted) -> bool:
    return any(network.cut_short for network in fitted.networks)


def told_of_labels(fitted: CrossFitted, labels: np.ndarray) -> Told:
    """What the fields under each label and classifiers of x tell; labels: of all rows `(n,)`."""
    terms, labels = fitted.terms, labels[fitted.order]
    log_q = class_log_posterior(terms, labels)
    estimates = mutual_information(terms, labels, log_q)
    bound = estimates["classification_bound"]
    warnings = convergence(terms, estimates, None, _cut_short(fitted))
    warnings += few_rows_of_labels(bound, gain_of_label_rows(terms, fitted.halves, labels))
    return Told(estimates, "classification_bound", warnings + short_bound(terms, log_q, labels))


def told_of_numbers(
    fitted: CrossFitted,
    fold: np.ndarray,
    strata: Strata,
    ranks: dict[str, np.ndarray],
    dofs: list[float],
    groups: np.ndarray | None,
    rng: np.random.Generator,
) -> Told:
    """What the fields tell of numbers on both sides, and what can be seen without networks.

    fold: of all rows `(n,)`; ranks: normal scores of x and y; dofs: the degrees of freedom of those
    sides that are multivariate t; groups: the number of each row's, or None.
    """
    terms, gain = fitted.terms, None
    if fitted.halves is not None:
        gain = gain_of_rows(terms, fitted.halves)
    estimates = mutual_information(terms, np.empty(0), None)
    told = estimates["extrapolated_difference"] = extrapolated(estimates, gain)
    warnings = convergence(terms, estimates, gain, _cut_short(fitted))
    warnings += beyond(terms, strata) + disagreement(terms, fold[fitted.order])
    warnings += short_of_simple(told, seen_at_once(ranks["x"], ranks["y"], groups, rng))
    if len(dofs) == 2:
        warnings += short_of_t(told, t_information(ranks["x"], ranks["y"], dofs))
    return Told(estimates, "extrapolated_difference", warnings)


def with_neighbours(
    told: Told, x: np.ndarray, y: np.ndarray, groups: np.ndarray | None, rng: np.random.Generator
) -> Told:
    """`told` beside what nearest neighbours tell; arguments as of `by_neighbours`.

    Of one column each these have next to no bias, so that two errors are enough to go by them.
    """
    near = by_neighbours(x, y, groups, rng)
    if near is None:
        return told
    estimates, alone = told.estimates | {"neighbours": near}, x.shape[1] == y[0].size == 1
    short = short_of_neighbours(estimates[told.estimator], near, errors=2 if alone else 4)
    if not (alone and short):
        return Told(estimates, told.estimator, told.warnings + short)
    half = rng.permutation(len(x))[: near.n // 2]
    few = few_neighbours(near, told_by_neighbours(x[half], y[half], rng))
    return Told(estimates, "neighbours", told.warnings + few)
