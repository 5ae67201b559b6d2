"""I(X;Y) of paired arrays: `estimate_mi(x, y)`, in nats, with a standard error and a verdict on
whether to trust it.

The rows are dealt into folds, those of a group into the same one. For each fold, x and y are mapped
to canonical coordinates (`data/canonical.py`), and a network that starts as the exact field of the
fitted Gaussian learns on the other folds what is not Gaussian. It stops when its loss on a tenth of
those rows, which it does not train on, stops falling. Then it measures the fold. Every row is thus
measured once, by a network that has never seen it. Information is symmetric, so either of x and y
can be the one that is noised: the first fold tries both, and the direction with more information on
its held-out tenth is used.

Labels are guessed from x by the networks' losses under each label, and by classifiers of x itself,
which see no noise (`studies/clean_classifiers.py`). How much to trust each is fitted on other folds
(`estimate/mutual_information.py`).

Where x or y is a multivariate t, whatever its margins, `data/canonical.py` makes it Gaussian
radially, and the network may scale z, the residual and the conditional mean by factors that depend
on lengths only (`nn/mlp.py`). There the first fold also tries a network of such factors alone,
which cannot overfit much.

Of images, half of the rows teach networks a few features (`studies/features.py`), and the other
half measure their information as above: a lower bound of that of the images.

A network trained on m rows misses what m rows do not show. Halving shows how much that is: networks
trained on half of the rows measure the first two folds again, and the difference is added once; so
is what features of half of the images tell less. This is exact where the deficit goes like 1/m; if
the difference is too large for that, a warning says so. Where training passes its rows a few times
only, as of a million, nothing is halved. Bounds of labels stay bounds: nothing is added to them.

Of few columns, nearest neighbours of rows tell the information as well (`estimate/neighbours.py`):
they follow steps and turns that are too fine for a network. If they tell clearly more, theirs is
the number where x and y have one column each; where there are more columns, a warning says so.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, field, fields, replace
from typing import Any

import jax
import numpy as np
import pandas as pd

from diffinfo.data.canonical import normal_scores, radially_gaussian
from diffinfo.errors import DataError
from diffinfo.estimate.counting import are_few, counted
from diffinfo.estimate.mutual_information import label_entropy
from diffinfo.estimate.profiles import profiles
from diffinfo.estimate.statistics import Estimate
from diffinfo.studies import cross_fit, features
from diffinfo.studies.cross_fit import (
    LAM_RANGE,
    SCHEDULE,
    Direction,
    cross_fitted,
    deal,
    orders_of,
    p_value,
)
from diffinfo.studies.pair_input import (
    checked_options,
    checked_pairs,
    halves,
    paired_images,
    tied,
)
from diffinfo.studies.verdict import (
    few_images,
    grown,
    told_of_labels,
    told_of_numbers,
    with_neighbours,
)

DEFAULT_MINUTES = 1.2  # what cross_fit.STEPS take on two CPU cores


@dataclass(frozen=True)
class MutualInformation:
    """What `estimate_mi` returns; everything is in nats but `bits` and `seconds`.

    estimator: the name of the one of `estimates` that `mi` is. converged: whether nothing speaks
    against the answer; if something does, `warnings` says what. n: how many rows were used;
    measured: how many of them the number is a mean over; dropped: how many lacked a value and were
    left out. groups: how many groups of rows are independent of one another, or None where all rows
    are. p_value: how often independent rows look so dependent, if that was asked for. dim_x, dim_y:
    without repeated columns. upper_bound: H(Y) for labels.
    linear_gaussian: the information of the fitted Gaussian. steps: how many steps the network of
    each fold was trained. profile: where in log-SNR the information sits (`estimate/profiles.py`).
    features: how many numbers stand for each image, or None where there are none.
    What is counted, as few values are, has no networks: no steps, lam_range, linear_gaussian and
    profile.
    """

    mi: float
    standard_error: float
    estimator: str
    converged: bool
    warnings: tuple[str, ...]
    n: int
    measured: int
    dropped: int
    groups: int | None
    p_value: float | None
    dim_x: int
    dim_y: int
    classes: int | None
    upper_bound: float | None
    linear_gaussian: float | None
    estimates: dict[str, Estimate]
    steps: tuple[int, ...]
    lam_range: tuple[float, float] | None
    random_state: int
    seconds: float
    profile: pd.DataFrame | None = field(repr=False)
    features: int | None = None

    @property
    def bits(self) -> float:
        """`mi` in bits."""
        return self.mi / float(np.log(2))

    def summary(self) -> str:
        """The number, its standard error and what it rests on, in three lines."""
        bound = "" if self.upper_bound is None else f", at most H(Y) = {self.upper_bound:.4f}"
        verdict = "converged" if self.converged else "NOT converged"
        levels = "log-SNR {:.1f} to {:.1f}".format(*self.lam_range) if self.lam_range else "counted"
        dropped = f" ({self.dropped} more lack a value)" if self.dropped else ""
        groups = f" in {self.groups} groups" if self.groups else ""
        measured = "" if self.measured == self.n else f", {self.measured} of them measured,"
        learnt = "" if self.features is None else f" ({self.features} features of each image)"
        null = "" if self.p_value is None else f", independence has p = {self.p_value:.3g}"
        return (
            f"I(X;Y) = {self.mi:.4f} +- {self.standard_error:.4f} nats "
            f"= {self.bits:.4f} bits{bound}\n"
            f"{self.estimator}, {verdict}, {self.seconds:.0f} s{null}\n"
            f"{self.n} rows{measured}{groups}{dropped} of {self.dim_x} + {self.dim_y} "
            f"columns{learnt}, {levels}"
        )

    def __str__(self) -> str:
        return self.summary()

    def as_dict(self) -> dict[str, Any]:
        """Everything but the profile, ready for JSON."""
        plain = {
            f.name: getattr(self, f.name)
            for f in fields(self)
            if f.name not in ("profile", "estimates")
        }
        return plain | {
            "bits": self.bits,
            "estimates": {name: vars(e) for name, e in self.estimates.items()},
        }


def estimate_mi(
    x,
    y,
    *,
    discrete: bool | str = "auto",
    missing: str = "error",
    groups=None,
    block: int | None = None,
    permutations: int = 0,
    minutes: float | None = None,
    random_state: int | np.random.Generator | np.random.RandomState | None = 0,
    report: Callable[[str], None] = lambda line: None,
) -> MutualInformation:
    """Mutual information of paired rows x `(n, D_X)` and y `(n, D_Y)` (or `(n,)`), in nats:

        I(X;Y) = 1/2 int E[|eps - eps_u|^2 - |eps - eps_c|^2] dlam

    estimated by networks for the fields eps_u of x and eps_c of x given y, as the module says.

    x, y: arrays, masked ones, sparse matrices, pandas frames or series; dates count as numbers. One
    or both may hold images `(n, H, W)` or `(n, H, W, C)` of any numbers.
    discrete: whether y holds labels (integers or text in one column); "auto" takes few different
    integers, booleans or text for labels. missing: "error" if a value is missing (NaN, NaT, None,
    masked), or "drop" to leave such rows out. groups: a value of any kind for each row, the same
    for rows that are not independent (of one subject, copies of one example); they stay in one
    fold, and the standard error is over groups. block: the same for series, whose neighbouring rows
    are alike: so many rows in a row are a group; take twenty times the rows over which they
    remember. permutations: if not 0, of y among the rows of the first fold, which its network has
    never seen; the share of them that look as dependent as the true order is `p_value`, which is
    uniform where x and y are independent, whatever the network. minutes: time for training; without
    it the number of steps is fixed, so that the same call gives the same number. random_state: the
    seed of folds, ties, networks and noise, a generator to draw it from, or None for a new one.
    report: called with lines of progress.

    Columns of one side that order all rows alike (or in reverse) are one column, and count once.

    Rows that repeat others, or neighbours that are alike on both sides, give a warning, unless
    groups or block tell what belongs together.

    Raises DataError (a ValueError), naming array, row and column, for missing values, constant
    columns, a continuous column on both sides, mismatched or too few rows, and options that mean
    nothing.

    >>> import numpy as np
    >>> from diffinfo import estimate_mi
    >>> x = np.random.default_rng(0).standard_normal((5000, 1))
    >>> y = x + np.random.default_rng(1).standard_normal((5000, 1))
    >>> estimate_mi(x, y).mi  # 0.347 in truth
    """
    started = time.monotonic()
    discrete, random_state = checked_options(
        discrete, missing, groups, block, permutations, minutes, random_state
    )
    if {np.ndim(x), np.ndim(y)} & {3, 4}:
        options = {"discrete": discrete, "permutations": permutations, "minutes": minutes}
        options |= {"random_state": random_state, "report": report}
        return _of_images(x, y, missing, groups, block, options, started)
    rng = np.random.default_rng(random_state)
    checked = checked_pairs(x, y, discrete, missing, groups, block, 2 * cross_fit.FOLDS)
    groups, columns, labels = checked.groups, checked.columns, None
    about = {"dropped": checked.dropped, "random_state": random_state}
    about["groups"] = None if groups is None else int(groups.max()) + 1
    about |= {f"dim_{name}": columns[name].shape[1] if name in columns else 1 for name in "xy"}
    if discrete is not False and are_few(*(both := checked.states())):
        about["warnings"] = tuple(checked.warnings)
        return _by_counting(*both, groups, permutations, rng, about, started)
    if checked.labels:
        # Information is symmetric: the side that holds labels is the one that is given.
        name = "y" if "y" in checked.labels else "x"
        labels = checked.labels[name]
        (noised,) = {"x", "y"} - {name}
        if noised not in columns:
            raise DataError("x and y both hold labels, too many to be counted; merge rare ones")
        columns = {"x": columns[noised]}
    n = len(columns["x"])
    # More time is used for a slower schedule of learning rates, not for a later end of the same.
    steps = (
        cross_fit.EVERY
        * max(2, round(cross_fit.STEPS / cross_fit.EVERY * min(minutes / DEFAULT_MINUTES, 20)))
        if minutes
        else cross_fit.STEPS
    )
    ranks = {name: normal_scores(column, rng) for name, column in columns.items()}
    rounded = {name: radially_gaussian(values) for name, values in ranks.items()}
    scores = {name: values for name, (values, _) in rounded.items()}
    dofs = [dof for _, dof in rounded.values() if dof]
    elliptical = bool(dofs)
    if labels is None:
        pairs = [(scores["x"], scores["y"]), (scores["y"], scores["x"])]
    else:
        pairs = [(scores["x"], np.eye(labels.max() + 1)[labels])]
    directions = [
        Direction(noised, given, labels, groups, random_state, depth, elliptical, steps)
        for noised, given in pairs
        for depth in ((cross_fit.DEPTH, 0) if elliptical else (cross_fit.DEPTH,))
    ]
    _, measured_folds = cross_fit.folds_of(n)
    halved = cross_fit.halved_folds(n, steps) if labels is None else 0
    networks = measured_folds + len(directions) - 1 + halved
    seconds = 60 * minutes / networks if minutes else float("inf")
    fold = deal(labels, groups, n, rng)
    direction, fitted = cross_fitted(directions, fold, seconds, rng, report)
    terms, classes = fitted.terms, direction.classes
    own_rng = np.random.default_rng(random_state)
    warnings = list(checked.warnings)
    if classes:
        told = told_of_labels(fitted, labels)
    else:
        warnings += tied(checked.sides, checked.columns)
        told = told_of_numbers(fitted, fold, direction.strata, ranks, dofs, groups, own_rng)
    if not checked.warnings:  # rows that are copies of others would be each other's neighbours
        other = ranks["y"] if labels is None else labels
        told = with_neighbours(told, ranks["x"], other, groups, own_rng)
    estimates, estimator = told.estimates, told.estimator
    warnings += told.warnings
    about["p_value"] = None
    if permutations:
        rows = np.flatnonzero(fold == 0)
        orders = orders_of(None if groups is None else groups[rows], len(rows), permutations, rng)
        null_key = jax.random.fold_in(jax.random.key(random_state), cross_fit.FOLDS + 1)
        losses = direction.null_losses(fitted.networks[0], rows[orders], null_key)
        about["p_value"] = p_value(-losses, rng)
    # Where the untrained network was the best, terms have no scatter; what is left at independence
    # is the error of a fitted Gaussian's information.
    independent = about["groups"] or n
    least_error = float(np.sqrt(direction.x.shape[1] * direction.y.shape[1] / 2) / independent)
    return MutualInformation(
        mi=estimates[estimator].value,
        standard_error=max(estimates[estimator].standard_error, least_error),
        estimator=estimator,
        converged=not warnings,
        warnings=tuple(warnings),
        n=n,
        measured=len(fitted.order),
        classes=classes,
        upper_bound=label_entropy(labels) if classes else None,
        linear_gaussian=float(np.mean([fit.canonical.information for fit in fitted.networks])),
        estimates=estimates,
        steps=tuple(network.best_step for network in fitted.networks),
        lam_range=LAM_RANGE,
        seconds=time.monotonic() - started,
        profile=profiles(terms, direction.strata, SCHEDULE),
        **about,
    )


def _of_images(
    x, y, missing: str, groups, block: int | None, options: dict[str, Any], started: float
) -> MutualInformation:
    """The answer where x, y or both are images: that of features, for the rows on which these were
    not learnt; options: what `estimate_mi` is to be given with them.
    """
    report, seed = options["report"], options["random_state"]
    pairs = paired_images(x, y, options["discrete"], missing, groups, block, 4 * cross_fit.FOLDS)
    n = len(pairs.seen[0])
    known, rest = halves(n, pairs.groups, np.random.default_rng(seed))
    learnt = features.learn(*pairs.seen, known, pairs.groups, seed, report)
    count = features.few(learnt, rest)
    own = {"x": learnt.x[:, :count], "y": learnt.y[:, :count]}
    sides = [(own if name in pairs.images else pairs.given)[name][rest] for name in "xy"]
    groups = None if pairs.groups is None else pairs.groups[rest]
    measured = estimate_mi(*sides, groups=groups, **options)
    fewer = features.learn(*pairs.seen, known[::2], pairs.groups, seed)
    gain = features.gain(learnt, fewer, rest, count, measured.mi)
    told = Estimate(measured.mi, measured.standard_error, measured.measured)
    if not measured.classes:
        told = grown(told, gain)
    warnings = measured.warnings + tuple(few_images(gain, measured.mi, bool(measured.classes)))
    return replace(
        measured,
        mi=told.value,
        standard_error=told.standard_error,
        estimates=measured.estimates | {measured.estimator: told},
        converged=not warnings,
        warnings=warnings,
        n=n,
        dropped=pairs.dropped,
        features=count,
        seconds=time.monotonic() - started,
    )


def _by_counting(
    x: np.ndarray,
    y: np.ndarray,
    groups: np.ndarray | None,
    permutations: int,
    rng: np.random.Generator,
    about: dict[str, Any],
    started: float,
) -> MutualInformation:
    """The answer for states x and y `(n,)`; about: what else is known of them."""
    estimates = counted(x, y, groups)
    classes = int(y.max()) + 1
    about["p_value"] = None
    if permutations:
        orders = orders_of(groups, len(x), permutations, rng)
        told = [counted(x[orders[0]], y[order])["plug_in"].value for order in orders]
        about["p_value"] = p_value(np.array(told), rng)
    return MutualInformation(
        mi=estimates["counted"].value,
        standard_error=estimates["counted"].standard_error,
        estimator="counted",
        converged=not about["warnings"],
        n=len(x),
        measured=len(x),
        classes=classes,
        upper_bound=label_entropy(y),
        linear_gaussian=None,
        estimates=estimates,
        steps=(),
        lam_range=None,
        seconds=time.monotonic() - started,
        profile=None,
        **about,
    )
