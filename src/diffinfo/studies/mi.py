"""I(X;Y) of anybody's paired arrays: `estimate_mi(x, y)`, in nats, with a standard error and a word
on whether to trust it.

The rows are dealt into folds. For each fold both sides are mapped to canonical coordinates
(`data/canonical.py`), one network that starts as the exact field of the fitted Gaussian learns on
the other folds what is not Gaussian, and stops when a tenth of them that it does not train on says
so. The fold itself is only measured. Every row is thus measured once, by a network that has never
seen it. Information is symmetric, and either side can be noised: the first fold tries both, and the
one that tells more about its tenth of watched rows is used.

Where one side is a multivariate t, whatever its margins, `data/canonical.py` makes it Gaussian
radially, and the network may follow z, the residual and the conditional mean by factors that depend
on lengths only (`nn/mlp.py`). There the first fold also tries a network of such factors alone,
which cannot overfit much.

A network trained on m rows misses what m rows do not show. Halving tells how much: networks trained
on half of the rows measure the first two folds again, and what they lose to the whole is added once
(exact where the deficit goes like 1/m; a loss too large for that is said to be one).
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, field, fields
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pandas as pd

from diffinfo.config import complete
from diffinfo.data.canonical import Canonical, normal_scores, radially_gaussian
from diffinfo.data.columns import as_columns, as_labels
from diffinfo.data.dataset import Dataset
from diffinfo.errors import DataError
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
from diffinfo.train.loop import Trainer, held_out_rows, make_objective

FOLDS = 4
HALVED_FOLDS = 2
MOST_GAIN = 0.1
STEPS, EVERY, DEPTH = 1000, 100, 3
DEFAULT_MINUTES = 1.2  # what STEPS take on two CPU cores
MIN_ROWS, ROWS_PER_COLUMN = 200, 5
DRAWS = 32


@dataclass(frozen=True)
class MutualInformation:
    """What `estimate_mi` found. `mi`, `standard_error` and everything in `estimates` and
    `linear_gaussian` in nats.

    converged: whether the network's fields agree with each other as the exact ones would; if not,
    `warnings` says how far they are apart. upper_bound: H(Y) for labels. profile: where in log-SNR
    the information sits (`estimate/profiles.py`).
    """

    mi: float
    standard_error: float
    estimator: str
    converged: bool
    warnings: tuple[str, ...]
    n: int
    dim_x: int
    dim_y: int
    classes: int | None
    upper_bound: float | None
    linear_gaussian: float
    estimates: dict[str, Estimate]
    steps: tuple[int, ...]
    lam_range: tuple[float, float]
    random_state: int
    seconds: float
    profile: pd.DataFrame = field(repr=False)

    @property
    def bits(self) -> float:
        """`mi` in bits."""
        return self.mi / float(np.log(2))

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


def _deal(labels: np.ndarray | None, n: int, rng: np.random.Generator) -> np.ndarray:
    """The fold of each row, `(n,)`, in equal shares, of every label where there are labels."""
    order = rng.permutation(n)
    if labels is not None:
        order = order[np.argsort(labels[order], kind="stable")]
    fold = np.empty(n, int)
    fold[order] = np.arange(n) % FOLDS
    return fold


@dataclass(frozen=True)
class _Labelled:
    """A denoiser that takes labels: their canonical coordinates `(K, Q)` stand in `table`."""

    denoiser: Callable
    table: jax.Array

    def __call__(self, z, lam, y=None):
        return self.denoiser(z, lam, None if y is None else self.table[y])


jax.tree_util.register_dataclass(_Labelled, data_fields=["denoiser", "table"], meta_fields=[])


def _settings(steps: int) -> dict[str, dict[str, Any]]:
    """Training of every fold."""
    return {
        "train": complete(
            "train",
            {
                "steps": steps,
                "batch": 1024,
                "learning_rate": 0.004,
                "validate_every": EVERY,
                "patience": 4,
                "density": {"center": 1.0, "scale": 2.5},
            },
        ),
        "process": complete("process", {}),
    }


class _Trainers:
    """One `Trainer` for all data of a shape, so that neither folds nor sides compile anew."""

    def __init__(self, settings: dict, elliptical: bool):
        self.settings, self.elliptical, self._made = settings, elliptical, {}
        self.depths = (DEPTH, 0) if elliptical else (DEPTH,)

    def of(self, dataset: Dataset, depth: int) -> Trainer:
        case = dim_x, dim_y, _ = dataset.x_train.shape[1], dataset.y_train.shape[1], depth
        if case not in self._made:
            network = {"fields": "one", "mlp": {"width": 128, "depth": depth}}
            train, process = self.settings["train"], self.settings["process"]
            kind = {"canonical": True, "elliptical": self.elliptical}
            summary = DataSummary(
                (dim_x,), 0.0, 1.0, y_mean=(0.0,) * dim_y, y_std=(1.0,) * dim_y, **kind
            )
            self._made[case] = Trainer(
                Model(network, summary), make_objective(train, process), train
            )
        return self._made[case]


class _Side:
    """One way to measure: x noised, given y. Holds both sides' scores, and fits and measures a fold
    at a time.

    depth: of the network; 0 for radial factors alone.
    """

    def __init__(
        self,
        x: np.ndarray,
        y: np.ndarray,
        labels: np.ndarray | None,
        trainers: _Trainers,
        seed: int,
        depth: int,
    ):
        self.x, self.y, self.labels, self.seed, self.depth = x, y, labels, seed, depth
        self.classes = None if labels is None else y.shape[1]
        self.trainers = trainers
        self.lam_range = VPSchedule().log_snr_range(trainers.settings["process"]["s_min"])
        self.strata = Strata.stratified(*self.lam_range, DRAWS)

    def fit(self, outside: np.ndarray, seconds: float, report: Callable[[str], None]) -> "_Fitted":
        """A network trained on these rows."""
        canonical = Canonical.fit(self.x[outside], self.y[outside])
        x, y = canonical.x(self.x[outside]), canonical.y(self.y[outside])
        dataset = Dataset(x, y, x[:0], y[:0], {"correlations": canonical.correlations.tolist()})
        trainer = self.trainers.of(dataset, self.depth)
        trained = trainer.train(dataset, self.seed, seconds=seconds, report=report)
        return _Fitted(
            canonical, trainer.model.denoiser(trained.params), trained.best_step, trained.cut_short
        )

    def measure(self, fitted: "_Fitted", rows: np.ndarray, key: jax.Array) -> Terms:
        """Terms of these rows under that network."""
        x, denoiser = fitted.canonical.x(self.x[rows]), fitted.denoiser
        if self.classes:
            denoiser = _Labelled(denoiser, jnp.asarray(fitted.canonical.y(np.eye(self.classes))))
        given = self.labels[rows] if self.classes else fitted.canonical.y(self.y[rows])
        return evaluate_terms(
            denoiser, x, given, self.strata, key, classes=self.classes, block=2500
        )


@dataclass(frozen=True)
class _Fitted:
    canonical: Canonical
    denoiser: Callable
    best_step: int
    cut_short: bool


def _gain(terms: Terms, halves: Terms) -> Estimate:
    """What `aligned_difference` gained from half of the rows to all of them."""
    return Estimate.of(terms.aligned[: len(halves.aligned)].sum(1) - halves.aligned.sum(1))


def _credible(aligned: Estimate, gain: Estimate) -> float:
    """The most that a deficit of 1/m may be, nats, and be measured with this gain's error."""
    return max(MOST_GAIN * aligned.value, 0.05) + 2 * gain.standard_error


def _extrapolated(estimates: dict[str, Estimate], gain: Estimate) -> Estimate:
    """`aligned_difference` plus `gain`, if that is more than its error, and as much of it as can be
    believed.

    The standard error has that of `loss_difference` in it, whose scatter over rows follows the
    fitted part to first order as well, and that of the gain.
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
    """What speaks against the answer, in words; gain: of all rows over half of them, where that was
    measured.

    For exact fields E<v - v_u, D> = E|D|^2; the gap is what D has learnt too much of, or too
    little.
    """
    aligned = estimates["aligned_difference"]
    warnings = (
        ["the time was up before the held-out loss had stopped falling: give more minutes"]
        if cut_short
        else []
    )
    gap = Estimate.of((terms.squared - terms.aligned).sum(1))
    allowed = max(0.1 * abs(aligned.value), 0.03, 3 * gap.standard_error)
    if abs(gap.value) > allowed:
        warnings.append(
            f"the network is not at its optimum: squared_difference and aligned_difference are {gap.value:+.2g} nats apart "
            f"(at most {allowed:.2g} is expected). More rows or more minutes may help"
        )
    if gain and gain.value > (allowed := _credible(aligned, gain)):
        warnings.append(
            f"there are too few rows: half of them tell {gain.value:.2g} nats less (at most {allowed:.2g} is expected)"
        )
    return warnings


def _joined(parts: list[Terms]) -> Terms:
    names = [f.name for f in fields(Terms) if getattr(parts[0], f.name) is not None]
    return Terms(
        **{name: np.concatenate([getattr(part, name) for part in parts]) for name in names}
    )


def _checked(x, y, discrete: bool | str) -> tuple[dict[str, np.ndarray], np.ndarray | None]:
    """Columns of x and, where y holds no labels, of y; and the labels. Raises DataError."""
    labels = as_labels(y, discrete, 2 * FOLDS)
    columns = {"x": as_columns(x, "x")} | ({} if labels is not None else {"y": as_columns(y, "y")})
    n, dims = len(columns["x"]), sum(column.shape[1] for column in columns.values())
    if n != len(y):
        raise DataError(f"x has {n} rows and y {len(y)}; they must be pairs")
    if n < max(MIN_ROWS, ROWS_PER_COLUMN * dims):
        raise DataError(
            f"{n} rows are too few for {dims} columns: needs at least {max(MIN_ROWS, ROWS_PER_COLUMN * dims)}"
        )
    if labels is not None and np.bincount(labels).min() < 2 * FOLDS:
        raise DataError(
            f"y: label number {np.argmin(np.bincount(labels))} has fewer than {2 * FOLDS} rows; merge or remove it"
        )
    return columns, labels


@dataclass(frozen=True)
class _Measured:
    """All rows, fold after fold (`order`), and the first folds by networks of half of the rows
    (None for labels).
    """

    terms: Terms
    order: np.ndarray
    halves: Terms | None
    fits: list[_Fitted]


def _better(told: list[Terms], depths: list[int]) -> int:
    """Which way tells most of the same rows; more than radial factors must tell more by more than
    the error of that.
    """
    gains = [(terms.loss_u - terms.loss_c).sum(1) for terms in told]
    best = {
        depth: max(
            (i for i in range(len(told)) if depths[i] == depth), key=lambda i: gains[i].mean()
        )
        for depth in depths
    }
    simple, full = best[min(best)], best[max(best)]
    more = Estimate.of(gains[full] - gains[simple])
    return full if more.value > more.standard_error else simple


def _measured(
    sides: list[_Side], fold: np.ndarray, seconds: float, rng, report
) -> tuple[_Side, _Measured]:
    """Every row measured once, by the better of the sides. seconds: for each network."""
    seed = sides[0].seed
    key = jax.random.key(seed)
    terms, halves, order, found = [], [], [], []
    for number in range(FOLDS):
        inside, outside = np.flatnonzero(fold == number), np.flatnonzero(fold != number)
        # as many for every fold: one compilation serves all
        outside = outside[: len(fold) - -(-len(fold) // FOLDS)]
        fold_key, name = jax.random.fold_in(key, number), f"fold {number + 1} of {FOLDS}"
        fits = [
            side.fit(outside, seconds, lambda line, name=name: report(f"{name}: {line}"))
            for side in sides
        ]
        if len(sides) > 1:
            watched = outside[held_out_rows(len(outside), seed)[1]]
            told = [
                side.measure(fit, watched, jax.random.fold_in(key, FOLDS))
                for side, fit in zip(sides, fits, strict=True)
            ]
            better = _better(told, [side.depth for side in sides])
            sides, fits = [sides[better]], [fits[better]]
        terms.append(sides[0].measure(fits[0], inside, fold_key))
        order.append(inside)
        found.append(fits[0])
        if number < HALVED_FOLDS and not sides[0].classes:
            half = np.sort(rng.permutation(outside)[: len(outside) // 2])
            fit = sides[0].fit(
                half, seconds, lambda line, name=name: report(f"{name}, half: {line}")
            )
            halves.append(sides[0].measure(fit, inside, fold_key))
    return sides[0], _Measured(
        _joined(terms), np.concatenate(order), _joined(halves) if halves else None, found
    )


def estimate_mi(
    x,
    y,
    *,
    discrete: bool | str = "auto",
    minutes: float | None = None,
    random_state: int = 0,
    report: Callable[[str], None] = lambda line: None,
) -> MutualInformation:
    """Mutual information of paired rows x `(n, D_X)` and y `(n, D_Y)` (or `(n,)`), in nats.

    discrete: whether y holds labels (integers or strings in one column); "auto" takes few different
    integers or strings for labels. minutes: time for training; without it a number of steps fixed
    by the data, so that the same call gives the same number. random_state: of folds, ties, networks
    and noise. report: takes lines of progress.

    Raises: DataError (a ValueError) naming array, row and column for NaN, constant columns,
    mismatched or too few rows.

    >>> import numpy as np
    >>> from diffinfo import estimate_mi
    >>> x = np.random.default_rng(0).standard_normal((5000, 1))
    >>> y = x + np.random.default_rng(1).standard_normal((5000, 1))
    >>> estimate_mi(x, y).mi  # 0.347 in truth
    """
    started = time.monotonic()
    rng = np.random.default_rng(random_state)
    columns, labels = _checked(x, y, discrete)
    n = len(columns["x"])
    # With more time there is a slower schedule, not just a later end of it.
    steps = (
        EVERY * max(2, round(STEPS / EVERY * min(minutes / DEFAULT_MINUTES, 20)))
        if minutes
        else STEPS
    )
    ranks = {name: normal_scores(column, rng) for name, column in columns.items()}
    scores = {name: radially_gaussian(values) for name, values in ranks.items()}
    trainers = _Trainers(
        _settings(steps), elliptical=any(scores[name] is not ranks[name] for name in ranks)
    )
    if labels is None:
        ways = [(a, b, depth) for a, b in (("x", "y"), ("y", "x")) for depth in trainers.depths]
        sides = [
            _Side(scores[a], scores[b], None, trainers, random_state, depth) for a, b, depth in ways
        ]
    else:
        classes = np.eye(labels.max() + 1)[labels]
        sides = [
            _Side(scores["x"], classes, labels, trainers, random_state, depth)
            for depth in trainers.depths
        ]
    networks = FOLDS + len(sides) - 1 + (0 if sides[0].classes else HALVED_FOLDS)
    seconds = 60 * minutes / networks if minutes else float("inf")
    side, found = _measured(sides, _deal(labels, n, rng), seconds, rng, report)
    terms = found.terms
    y = labels[found.order] if side.classes else np.empty(0)
    estimates = mutual_information(
        terms, y, class_log_posterior(terms, y) if side.classes else None
    )
    name, gain = "classification_bound", None
    if found.halves is not None:
        name, gain = "extrapolated_difference", _gain(terms, found.halves)
        estimates[name] = _extrapolated(estimates, gain)
    warnings = _convergence(terms, estimates, gain, any(fit.cut_short for fit in found.fits))
    # A network that was best untrained has no scatter; at independence that of a fitted Gaussian's
    # information is what is left.
    least = float(np.sqrt(side.x.shape[1] * side.y.shape[1] / 2) / n)
    return MutualInformation(
        mi=estimates[name].value,
        standard_error=max(estimates[name].standard_error, least),
        estimator=name,
        converged=not warnings,
        warnings=tuple(warnings),
        n=n,
        dim_x=columns["x"].shape[1],
        dim_y=columns["y"].shape[1] if "y" in columns else 1,
        classes=side.classes,
        upper_bound=label_entropy(labels, side.classes) if side.classes else None,
        linear_gaussian=float(np.mean([fit.canonical.information for fit in found.fits])),
        estimates=estimates,
        steps=tuple(fit.best_step for fit in found.fits),
        lam_range=side.lam_range,
        random_state=random_state,
        seconds=time.monotonic() - started,
        profile=profiles(terms, side.strata, VPSchedule()),
    )
