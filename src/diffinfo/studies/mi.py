"""I(X;Y) of paired arrays: `estimate_mi(x, y)`, in nats, with a standard error and a verdict on
whether to trust it.

The rows are dealt into folds, those of a group into the same one. For each fold, x and y are mapped
to canonical coordinates (`data/canonical.py`), and a network that starts as the exact field of the
fitted Gaussian learns on the other folds what is not Gaussian. It stops when its loss on a tenth of
those rows, which it does not train on, stops falling. Then it measures the fold. Every row is thus
measured once, by a network that has never seen it. Information is symmetric, so either of x and y
can be the one that is noised: the first fold tries both, and the direction with more information on
its held-out tenth is used.

Labels are guessed from x twice: by the networks' losses under each label, and by a classifier of x
itself, which sees no noise. How much to trust each is fitted on other folds
(`estimate/mutual_information.py`).

Where x or y is a multivariate t, whatever its margins, `data/canonical.py` makes it Gaussian
radially, and the network may scale z, the residual and the conditional mean by factors that depend
on lengths only (`nn/mlp.py`). There the first fold also tries a network of such factors alone,
which cannot overfit much.

A network trained on m rows misses what m rows do not show. Halving shows how much that is: networks
trained on half of the rows measure the first two folds again, and the difference is added once.
This is exact where the deficit goes like 1/m; if the difference is too large for that, a warning
says so.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, field, fields, replace
from functools import lru_cache
from typing import Any, NamedTuple
from warnings import catch_warnings, simplefilter

import jax
import jax.numpy as jnp
import numpy as np
import pandas as pd
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier

from diffinfo.data.canonical import Canonical, normal_scores, radially_gaussian
from diffinfo.data.columns import (
    as_columns,
    as_groups,
    as_labels,
    distinct,
    opened,
    without_missing,
)
from diffinfo.data.dataset import Dataset
from diffinfo.data.dependence import copies, rows_of_memory, serial_dependence
from diffinfo.errors import DataError
from diffinfo.estimate.counting import are_few, counted, states
from diffinfo.estimate.integrand import Strata, Terms, evaluate_terms
from diffinfo.estimate.mutual_information import (
    class_log_posterior,
    label_entropy,
    mutual_information,
)
from diffinfo.estimate.profiles import profiles
from diffinfo.estimate.statistics import Estimate
from diffinfo.nn.build import DataSummary, Model
from diffinfo.process.schedule import VPSchedule
from diffinfo.train.loop import Trainer, make_objective
from diffinfo.train.stopping import by_groups, held_out_rows

FOLDS = 4
HALVED_FOLDS = 2  # measured by networks of half of the rows as well
MOST_GAIN = 0.1  # the largest share of the information that halving may add
STEPS, EVERY, BATCH = 1000, 100, 1024
WIDTH, DEPTH = 128, 3
CLASSIFIER_EPOCHS = 100
LOW_BOUND = 0.05  # the share by which the bound of labels may be below aligned_difference
DEFAULT_MINUTES = 1.2  # what STEPS take on two CPU cores
MIN_ROWS, ROWS_PER_COLUMN, MIN_GROUPS = 200, 5, 20
DRAWS = 32
# Noise in the classes' losses blurs the posterior over labels, and the bound comes out low: labels
# take more draws, as far as so many evaluations of one class's field allow.
LABEL_DRAWS, LABEL_EVALUATIONS = 128, 10_000_000
LEAST_LOG_Q = -12.0  # of the classifier: that far its certainty goes
SCHEDULE, S_MIN = VPSchedule(), 1e-5
LAM_RANGE = SCHEDULE.log_snr_range(S_MIN)


@dataclass(frozen=True)
class MutualInformation:
    """What `estimate_mi` returns; everything is in nats but `bits` and `seconds`.

    estimator: the name of the one of `estimates` that `mi` is. converged: whether nothing speaks
    against the answer; if something does, `warnings` says what. n: how many rows were used;
    dropped: how many lacked a value and were left out. groups: how many groups of rows are
    independent of one another, or None where all rows are. dim_x, dim_y: without repeated columns.
    upper_bound: H(Y) for labels.
    linear_gaussian: the information of the fitted Gaussian. steps: how many steps the network of
    each fold was trained. profile: where in log-SNR the information sits (`estimate/profiles.py`).
    What is counted, as few values are, has no networks: no steps, lam_range, linear_gaussian and
    profile.
    """

    mi: float
    standard_error: float
    estimator: str
    converged: bool
    warnings: tuple[str, ...]
    n: int
    dropped: int
    groups: int | None
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
        return (
            f"I(X;Y) = {self.mi:.4f} +- {self.standard_error:.4f} nats "
            f"= {self.bits:.4f} bits{bound}\n"
            f"{self.estimator}, {verdict}, {self.seconds:.0f} s\n"
            f"{self.n} rows{groups}{dropped} of {self.dim_x} + {self.dim_y} columns, "
            f"{levels}"
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


def _deal(
    labels: np.ndarray | None, groups: np.ndarray | None, n: int, rng: np.random.Generator
) -> np.ndarray:
    """The fold of each row, `(n,)`. Folds have equal shares of the rows, and of each label's; with
    groups, these stay whole, and the shares are as equal as that allows.
    """
    if groups is not None:
        return _deal_groups(groups, rng)
    order = rng.permutation(n)
    if labels is not None:
        order = order[np.argsort(labels[order], kind="stable")]
    fold = np.empty(n, int)
    fold[order] = np.arange(n) % FOLDS
    return fold


def _deal_groups(groups: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """The fold of each row: groups, the largest first, go to the fold that has the fewest rows."""
    sizes = np.bincount(groups)
    order = rng.permutation(len(sizes))
    fold_of, rows = np.empty(len(sizes), int), np.zeros(FOLDS, int)
    for group in order[np.argsort(-sizes[order], kind="stable")]:
        fold_of[group] = rows.argmin()
        rows[fold_of[group]] += sizes[group]
    return fold_of[groups]


@dataclass(frozen=True)
class _Labelled:
    """A denoiser that takes labels and looks up their canonical coordinates in `table` `(K, Q)`."""

    denoiser: Callable
    table: jax.Array

    def __call__(self, z, lam, y=None):
        return self.denoiser(z, lam, None if y is None else self.table[y])


jax.tree_util.register_dataclass(_Labelled, data_fields=["denoiser", "table"], meta_fields=[])


@lru_cache(maxsize=8)
def _trainer(
    dim_x: int,
    dim_y: int,
    elliptical: bool,
    depth: int,
    width: int,
    steps: int,
    validate_every: int,
    batch: int,
) -> Trainer:
    """The trainer of networks of this size for data of this shape.

    Folds, directions and later calls share it, so that nothing is compiled twice.
    """
    settings = {
        "steps": steps,
        "batch": batch,
        "learning_rate": 0.004,
        "warmup": 100,
        "clip": 1.0,
        "ema": 0.999,
        "weighting": "velocity",
        "null_probability": 0.5,
        "validate_every": validate_every,
        "patience": 4,
        "density": {"center": 1.0, "scale": 2.5, "uniform": 0.3},
    }
    summary = DataSummary(
        (dim_x,),
        mean=0.0,
        std=1.0,
        y_mean=(0.0,) * dim_y,
        y_std=(1.0,) * dim_y,
        canonical=True,
        elliptical=elliptical,
    )
    model = Model({"fields": "one", "mlp": {"width": width, "depth": depth}}, summary)
    betas = {"beta_min": SCHEDULE.beta_min, "beta_max": SCHEDULE.beta_max}
    return Trainer(model, make_objective(settings, betas | {"s_min": S_MIN}), settings)


@dataclass(frozen=True)
class _FittedNetwork:
    """A denoiser of canonical coordinates, with the map to them that was fitted on its rows."""

    canonical: Canonical
    denoiser: Callable
    classifier: MLPClassifier | None
    best_step: int
    cut_short: bool


class _Direction:
    """One way to measure I(X;Y): x is noised, y is given. It trains and measures, some rows each.

    x, y: scores `(n, D)`, the labels' as indicators. depth: of the network; 0 leaves radial factors
    alone. steps: of every training. groups: the number of each row's, `(n,)`, or None.
    """

    def __init__(
        self,
        x: np.ndarray,
        y: np.ndarray,
        labels: np.ndarray | None,
        groups: np.ndarray | None,
        seed: int,
        depth: int,
        elliptical: bool,
        steps: int,
    ):
        self.x, self.y, self.labels, self.groups = x, y, labels, groups
        self.seed, self.depth = seed, depth
        self.classes = None if labels is None else y.shape[1]
        self.elliptical, self.steps = elliptical, steps
        draws = DRAWS
        if self.classes:
            affordable = LABEL_EVALUATIONS // (len(x) * self.classes)
            draws = int(np.clip(affordable, DRAWS, LABEL_DRAWS))
        self.strata = Strata.stratified(*LAM_RANGE, draws)

    def fit(
        self, rows: np.ndarray, seconds: float, report: Callable[[str], None]
    ) -> _FittedNetwork:
        """A network trained on these rows, for at most so many seconds."""
        groups = None if self.groups is None else self.groups[rows]
        independent = None if groups is None else len(np.unique(groups))
        canonical = Canonical.fit(self.x[rows], self.y[rows], independent)
        x, y = canonical.x(self.x[rows]), canonical.y(self.y[rows])
        dataset = Dataset(x, y, x[:0], y[:0], {"correlations": canonical.correlations.tolist()})
        network, training = (self.depth, WIDTH), (self.steps, EVERY, BATCH)
        trainer = _trainer(x.shape[1], y.shape[1], self.elliptical, *network, *training)
        trained = trainer.train(dataset, self.seed, groups=groups, seconds=seconds, report=report)
        denoiser = trainer.model.denoiser(trained.params)
        classifier = None
        if self.classes:
            classifier = MLPClassifier(
                (WIDTH, WIDTH),
                early_stopping=True,
                random_state=self.seed,
                max_iter=CLASSIFIER_EPOCHS,
            )
            with catch_warnings():
                simplefilter("ignore", ConvergenceWarning)
                classifier.fit(x, self.labels[rows])
        return _FittedNetwork(canonical, denoiser, classifier, trained.best_step, trained.cut_short)

    def measure(self, network: _FittedNetwork, rows: np.ndarray, key: jax.Array) -> Terms:
        """The terms of these rows under that network."""
        x, denoiser = network.canonical.x(self.x[rows]), network.denoiser
        if self.classes:
            denoiser = _Labelled(denoiser, jnp.asarray(network.canonical.y(np.eye(self.classes))))
        given = self.labels[rows] if self.classes else network.canonical.y(self.y[rows])
        terms = evaluate_terms(
            denoiser, x, given, self.strata, key, classes=self.classes, block=2500
        )
        if network.classifier is not None:
            log_q = np.full((len(rows), self.classes), LEAST_LOG_Q)
            guessed = network.classifier.predict_log_proba(x)
            log_q[:, network.classifier.classes_] = np.maximum(guessed, LEAST_LOG_Q)
            losses = np.concatenate([terms.class_loss, -log_q[:, None]], axis=1)
            terms = replace(terms, class_loss=losses)
        return terms if self.groups is None else replace(terms, groups=self.groups[rows])


def _gain(terms: Terms, halves: Terms) -> Estimate:
    """The growth of `aligned_difference` from networks of half of the rows to those of all."""
    grown = terms.aligned[: len(halves.aligned)].sum(1) - halves.aligned.sum(1)
    return Estimate.of(grown, halves.groups)


def _credible(aligned: Estimate, gain: Estimate) -> float:
    """The largest gain, in nats, that a deficit of 1/m explains, given this gain's error."""
    return max(MOST_GAIN * aligned.value, 0.05) + 2 * gain.standard_error


def _extrapolated(estimates: dict[str, Estimate], gain: Estimate) -> Estimate:
    """`aligned_difference` plus `gain` if that exceeds its error, but no more than is credible.

    The standard error includes that of the gain, and is at least that of `loss_difference`, whose
    scatter over rows follows the fitted part to first order as well.
    """
    aligned = estimates["aligned_difference"]
    error = max(aligned.standard_error, estimates["loss_difference"].standard_error)
    if gain.value <= gain.standard_error:
        return Estimate(aligned.value, error, aligned.n)
    added = min(gain.value, _credible(aligned, gain))
    return Estimate(aligned.value + added, float(np.hypot(error, gain.standard_error)), aligned.n)


def _convergence(
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
    if gain and gain.value > (allowed := _credible(aligned, gain)):
        warnings.append(
            f"there are too few rows: half of them tell {gain.value:.2g} nats less (at most "
            f"{allowed:.2g} is expected)"
        )
    return warnings


def _short_bound(terms: Terms, log_q: np.ndarray, labels: np.ndarray) -> list[str]:
    """A warning where the bound of labels is below what the fields say; log_q: `(n, classes)`."""
    told = label_entropy(labels) + np.take_along_axis(log_q, labels[:, None], 1)[:, 0]
    short = Estimate.of(terms.aligned.sum(1) - told, terms.groups)
    allowed = max(LOW_BOUND * told.mean(), 0.02) + 3 * short.standard_error
    if short.value <= allowed:
        return []
    return [
        f"the bound is {short.value:.2g} nats below aligned_difference (at most {allowed:.2g} is "
        "expected): labels tell more than it finds. More rows or more minutes may help"
    ]


def _joined(parts: list[Terms]) -> Terms:
    """The terms of all rows, part after part."""
    names = [f.name for f in fields(Terms) if getattr(parts[0], f.name) is not None]
    return Terms(
        **{name: np.concatenate([getattr(part, name) for part in parts]) for name in names}
    )


class _Checked(NamedTuple):
    """Pairs as they are measured: columns `(n, d)` of the sides that hold numbers, and labels
    `(n,)` of those that do; groups: the number of each row's `(n,)`, or None; dropped: how many
    rows lacked a value; warnings: of what speaks against independent rows.
    """

    columns: dict[str, np.ndarray]
    labels: dict[str, np.ndarray]
    groups: np.ndarray | None
    dropped: int
    warnings: list[str]

    def states(self) -> list[np.ndarray]:
        """Both sides as numbered states, `(n,)` each."""
        return [
            self.labels[name] if name in self.labels else states(self.columns[name])
            for name in "xy"
        ]


def _dependence(sides: list[np.ndarray]) -> list[str]:
    """Warnings of rows that do not look independent."""
    warnings, n = [], len(sides[0])
    if repeated := copies(*sides):
        warnings.append(
            f"{repeated} of {n} rows repeat another one exactly, and folds then know each other: "
            "remove them, or pass groups that hold such rows together"
        )
    if product := serial_dependence(*sides):
        block = 20 * rows_of_memory(product)
        fits = block * MIN_GROUPS <= n
        remedy = f"pass block={block} or more" if fits else f"{n} rows are too few to tell"
        warnings.append(
            "neighbouring rows are alike on both sides, as in time series, and chance then looks "
            f"like information: {remedy} (if they only have been sorted, shuffle them)"
        )
    return warnings


def _checked(x, y, discrete: bool | str, missing: str, groups, block: int | None) -> _Checked:
    """Raises DataError."""
    sides = [opened(x, "x"), opened(y, "y")]
    if len(sides[0]) != len(sides[1]):
        raise DataError(
            f"x has {len(sides[0])} rows and y {len(sides[1])}; they must be pairs, one a row"
        )
    together, length = None, len(sides[0])
    if groups is not None:
        together = as_groups(groups, length, MIN_GROUPS)
    elif block is not None:
        if not 1 <= block <= length // MIN_GROUPS:
            raise DataError(
                f"block: {block}; of {length} rows, blocks of 1 to {length // MIN_GROUPS} leave "
                f"{MIN_GROUPS} of them or more"
            )
        together = np.arange(length) // block
    sides, kept = without_missing(sides, missing)
    if together is not None:
        _, together = np.unique(together[kept], return_inverse=True)
    n, dims = len(sides[0]), sum(side.array[0].size for side in sides)
    least = max(MIN_ROWS, ROWS_PER_COLUMN * dims)
    if n < least:
        turned = "; rows are examples: are they turned on their side?" if n < dims else ""
        raise DataError(f"{n} rows are too few for {dims} columns: needs at least {least}{turned}")
    labels = {
        side.name: found
        for side, asked in zip(sides, ("auto", discrete), strict=True)
        if (found := as_labels(side, asked, 2 * FOLDS)) is not None
    }
    columns = {side.name: as_columns(side) for side in sides if side.name not in labels}
    known = [labels.get(side.name, columns.get(side.name)) for side in sides]
    warnings = _dependence(known) if together is None else []
    return _Checked(distinct(sides, columns), labels, together, int((~kept).sum()), warnings)


_DISCRETE = {"auto": "auto", "yes": True, "no": False, True: True, False: False}


def _checked_options(
    discrete, missing, groups, block, minutes, random_state
) -> tuple[bool | str, int]:
    """What `discrete` means, and the seed. Raises DataError for options that mean nothing."""
    if not isinstance(discrete, str | bool | np.bool_) or discrete not in _DISCRETE:
        raise DataError(f"discrete: {discrete!r}; it is True, False or 'auto'")
    if missing not in ("error", "drop"):
        raise DataError(f"missing: {missing!r}; it is 'error' or 'drop'")
    if block is not None and (groups is not None or not isinstance(block, int | np.integer)):
        raise DataError(
            f"block: {block!r}; it is a number of rows, or None, and None where groups are given"
        )
    is_number = isinstance(minutes, int | float | np.number)
    if minutes is not None and not (is_number and np.isfinite(minutes) and minutes > 0):
        raise DataError(f"minutes: {minutes!r}; it is a positive number, or None")
    if random_state is None:
        random_state = np.random.default_rng()
    if isinstance(random_state, np.random.Generator):
        return _DISCRETE[discrete], int(random_state.integers(2**32))
    if isinstance(random_state, np.random.RandomState):
        return _DISCRETE[discrete], int(random_state.randint(2**32, dtype=np.uint64))
    if not isinstance(random_state, int | np.integer) or not 0 <= random_state < 2**32:
        raise DataError(
            f"random_state: {random_state!r}; it is an integer from 0 to {2**32 - 1}, a NumPy "
            "generator, or None for a new one each time"
        )
    return _DISCRETE[discrete], int(random_state)


@dataclass(frozen=True)
class _CrossFitted:
    """The terms of all rows, fold after fold. `order` `(n,)` says which row each one is.

    halves: the terms of the first folds by networks of half of the rows, or None for labels.
    networks: one for each fold.
    """

    terms: Terms
    order: np.ndarray
    halves: Terms | None
    networks: list[_FittedNetwork]


def _better(candidates: list[Terms], depths: list[int]) -> int:
    """The index of the candidate with the most information on the same rows.

    Radial factors alone (the smaller depth) win unless a deeper network has more by more than the
    standard error of the difference.
    """
    gains = [(terms.loss_u - terms.loss_c).sum(1) for terms in candidates]
    best = {
        depth: max(
            (i for i in range(len(candidates)) if depths[i] == depth), key=lambda i: gains[i].mean()
        )
        for depth in depths
    }
    simple, full = best[min(best)], best[max(best)]
    more = Estimate.of(gains[full] - gains[simple], candidates[full].groups)
    return full if more.value > more.standard_error else simple


def _cross_fitted(
    directions: list[_Direction], fold: np.ndarray, seconds: float, rng, report
) -> tuple[_Direction, _CrossFitted]:
    """The best direction, and every row measured in it once. seconds: for each network."""
    seed = directions[0].seed
    key = jax.random.key(seed)
    terms, halves, order, networks = [], [], [], []
    for number in range(FOLDS):
        inside, outside = np.flatnonzero(fold == number), np.flatnonzero(fold != number)
        # Every fold trains on equally many rows, so that one compilation serves all.
        outside = outside[: len(fold) - np.bincount(fold).max()]
        groups = None if directions[0].groups is None else directions[0].groups[outside]
        fold_key, name = jax.random.fold_in(key, number), f"fold {number + 1} of {FOLDS}"
        fitted = [
            direction.fit(outside, seconds, lambda line, name=name: report(f"{name}: {line}"))
            for direction in directions
        ]
        if len(directions) > 1:
            watched = outside[held_out_rows(len(outside), seed, groups)[1]]
            watched_key = jax.random.fold_in(key, FOLDS)
            candidates = [
                direction.measure(network, watched, watched_key)
                for direction, network in zip(directions, fitted, strict=True)
            ]
            better = _better(candidates, [direction.depth for direction in directions])
            directions, fitted = [directions[better]], [fitted[better]]
        (direction,), (network,) = directions, fitted
        terms.append(direction.measure(network, inside, fold_key))
        order.append(inside)
        networks.append(network)
        if number < HALVED_FOLDS and not direction.classes:
            shuffled = rng.permutation(outside)
            if groups is not None:
                shuffled = outside[by_groups(groups, rng)]
            half = np.sort(shuffled[: len(outside) // 2])
            half_network = direction.fit(
                half, seconds, lambda line, name=name: report(f"{name}, half: {line}")
            )
            halves.append(direction.measure(half_network, inside, fold_key))
    joined_halves = _joined(halves) if halves else None
    return direction, _CrossFitted(_joined(terms), np.concatenate(order), joined_halves, networks)


def estimate_mi(
    x,
    y,
    *,
    discrete: bool | str = "auto",
    missing: str = "error",
    groups=None,
    block: int | None = None,
    minutes: float | None = None,
    random_state: int | np.random.Generator | np.random.RandomState | None = 0,
    report: Callable[[str], None] = lambda line: None,
) -> MutualInformation:
    """Mutual information of paired rows x `(n, D_X)` and y `(n, D_Y)` (or `(n,)`), in nats:

        I(X;Y) = 1/2 int E[|eps - eps_u|^2 - |eps - eps_c|^2] dlam

    estimated by networks for the fields eps_u of x and eps_c of x given y, as the module says.

    x, y: arrays, masked ones, sparse matrices, pandas frames or series; dates count as numbers.
    discrete: whether y holds labels (integers or text in one column); "auto" takes few different
    integers, booleans or text for labels. missing: "error" if a value is missing (NaN, NaT, None,
    masked), or "drop" to leave such rows out. groups: a value of any kind for each row, the same
    for rows that are not independent (of one subject, copies of one example); they stay in one
    fold, and the standard error is over groups. block: the same for series, whose neighbouring rows
    are alike: so many rows in a row are a group; take twenty times the rows over which they
    remember. minutes: time for training; without it the number of
    steps is fixed, so that the same call gives the same number. random_state: the seed of folds,
    ties, networks and noise, a generator to draw it from, or None for a new one. report: called
    with lines of progress.

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
    discrete, random_state = _checked_options(
        discrete, missing, groups, block, minutes, random_state
    )
    rng = np.random.default_rng(random_state)
    checked = _checked(x, y, discrete, missing, groups, block)
    groups = checked.groups
    columns, labels = checked.columns, None
    about = {"dropped": checked.dropped, "random_state": random_state}
    about["groups"] = None if groups is None else int(groups.max()) + 1
    about |= {f"dim_{name}": columns[name].shape[1] if name in columns else 1 for name in "xy"}
    if discrete is not False and are_few(*(both := checked.states())):
        about["warnings"] = tuple(checked.warnings)
        return _by_counting(*both, groups, about, started)
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
        EVERY * max(2, round(STEPS / EVERY * min(minutes / DEFAULT_MINUTES, 20)))
        if minutes
        else STEPS
    )
    ranks = {name: normal_scores(column, rng) for name, column in columns.items()}
    scores = {name: radially_gaussian(values) for name, values in ranks.items()}
    elliptical = any(scores[name] is not ranks[name] for name in ranks)
    if labels is None:
        pairs = [(scores["x"], scores["y"]), (scores["y"], scores["x"])]
    else:
        pairs = [(scores["x"], np.eye(labels.max() + 1)[labels])]
    directions = [
        _Direction(noised, given, labels, groups, random_state, depth, elliptical, steps)
        for noised, given in pairs
        for depth in ((DEPTH, 0) if elliptical else (DEPTH,))
    ]
    networks = FOLDS + len(directions) - 1 + (HALVED_FOLDS if labels is None else 0)
    seconds = 60 * minutes / networks if minutes else float("inf")
    direction, fitted = _cross_fitted(
        directions, _deal(labels, groups, n, rng), seconds, rng, report
    )
    terms, classes = fitted.terms, direction.classes
    ordered = labels[fitted.order] if classes else np.empty(0)
    log_q = class_log_posterior(terms, ordered) if classes else None
    estimates = mutual_information(terms, ordered, log_q)
    estimator, gain = "classification_bound", None
    if fitted.halves is not None:
        estimator, gain = "extrapolated_difference", _gain(terms, fitted.halves)
        estimates[estimator] = _extrapolated(estimates, gain)
    cut_short = any(network.cut_short for network in fitted.networks)
    warnings = checked.warnings + _convergence(terms, estimates, gain, cut_short)
    if log_q is not None:
        warnings += _short_bound(terms, log_q, ordered)
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


def _by_counting(
    x: np.ndarray,
    y: np.ndarray,
    groups: np.ndarray | None,
    about: dict[str, Any],
    started: float,
) -> MutualInformation:
    """The answer for states x and y `(n,)`; about: what else is known of them."""
    estimates = counted(x, y, groups)
    classes = int(y.max()) + 1
    return MutualInformation(
        mi=estimates["counted"].value,
        standard_error=estimates["counted"].standard_error,
        estimator="counted",
        converged=not about["warnings"],
        n=len(x),
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
