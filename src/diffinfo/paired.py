"""I(X;Y) of anybody's paired arrays: `estimate_mi(x, y)`, in nats, with a standard error and a word on whether to trust it.

The rows are dealt into folds. For each fold both sides are mapped to canonical coordinates (`data/canonical.py`), one network
that starts as the exact field of the fitted Gaussian learns on the other folds what is not Gaussian, and stops when a tenth
of them that it does not train on says so. The fold itself is only measured. Every row is thus measured once, by a network that
has never seen it.
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
from diffinfo.data.canonical import Canonical, normal_scores
from diffinfo.data.dataset import Dataset
from diffinfo.estimate.entropy import Estimate
from diffinfo.estimate.integrand import Levels, Terms, evaluate_terms
from diffinfo.estimate.mutual_information import label_entropy, mutual_information
from diffinfo.estimate.profiles import profiles
from diffinfo.files import DataError
from diffinfo.nn.build import DataSummary, Model
from diffinfo.process.schedule import VPSchedule
from diffinfo.train.loop import make_objective, train_model

FOLDS = 4
STEPS, EVERY = 1500, 100
DEFAULT_MINUTES = 1.2  # what STEPS take on two CPU cores
MIN_ROWS, ROWS_PER_COLUMN = 200, 5
MOST_LABELS = 200
DRAWS = 32


@dataclass(frozen=True)
class MutualInformation:
    """What `estimate_mi` found. `mi`, `standard_error` and everything in `estimates` and `linear_gaussian` in nats.

    converged: whether the network's fields agree with each other as the exact ones would; if not, `warnings` says how far
    they are apart. upper_bound: H(Y) for labels. profile: where in log-SNR the information sits (`estimate/profiles.py`).
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
        plain = {f.name: getattr(self, f.name) for f in fields(self) if f.name not in ("profile", "estimates")}
        return plain | {"bits": self.bits, "estimates": {name: vars(e) for name, e in self.estimates.items()}}


def _as_columns(values, name: str) -> np.ndarray:
    """Real columns `(n, d)`, float64. Raises DataError."""
    try:
        array = np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise DataError(f"{name}: not numbers ({error}); labels belong in y, as one column of integers or strings") from error
    array = array[:, None] if array.ndim == 1 else array
    if array.ndim != 2 or 0 in array.shape:
        raise DataError(f"{name}: needs shape (n, d), rows are examples; got {np.shape(values)}")
    bad = np.argwhere(~np.isfinite(array))
    if len(bad):
        row, column = bad[0]
        raise DataError(f"{name}: {array[row, column]} in row {row}, column {column} ({len(bad)} in all); remove or fill them")
    constant = np.flatnonzero(np.ptp(array, axis=0) == 0)
    if len(constant):
        raise DataError(f"{name}: column {constant[0]} is constant and can tell nothing; remove it ({len(constant)} in all)")
    return array


def _as_labels(values, discrete: bool | str) -> np.ndarray | None:
    """Label numbers `(n,)` if `values` are labels (said so, or by the look of them), else None."""
    array = np.asarray(values)
    array = array[:, 0] if array.ndim == 2 and array.shape[1] == 1 else array
    if array.ndim != 1 or discrete is False:
        if discrete is True:
            raise DataError(f"y: labels must be one column, got shape {np.shape(values)}")
        return None
    names, labels = np.unique(array, return_inverse=True)
    few = len(names) <= min(MOST_LABELS, max(2, len(array) // 20))
    whole = array.dtype.kind in "iubOUS"
    if discrete is not True and not (whole and few):
        return None
    if len(names) > MOST_LABELS:
        raise DataError(f"y: {len(names)} different labels; at most {MOST_LABELS} (for numbers, pass discrete=False)")
    if len(names) < 2:
        raise DataError("y: only one label; it can tell nothing")
    return labels.astype(np.int32)


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
    """Network and training of every fold."""
    return {
        "network": complete("network", {"fields": "one", "mlp": {"width": 128, "depth": 3}}),
        "train": complete(
            "train",
            {
                "steps": steps,
                "batch": 1024,
                "learning_rate": 0.004,
                "validate_every": min(EVERY, steps),
                "patience": 4,
                "levels": {"center": 1.0, "scale": 2.5},
            },
        ),
        "process": complete("process", {}),
    }


def _convergence(terms: Terms, estimates: dict[str, Estimate]) -> list[str]:
    """For exact fields E<v - v_u, D> = E|D|^2; the gap is what D has learnt too much of, or too little."""
    gap = Estimate.of((terms.squared - terms.aligned).sum(1))
    allowed = max(0.1 * abs(estimates["aligned_difference"].value), 0.03, 3 * gap.standard_error)
    if abs(gap.value) <= allowed:
        return []
    return [
        f"the network is not at its optimum: squared_difference and aligned_difference are {gap.value:+.2g} nats apart "
        f"(allowed {allowed:.2g}). More rows or more time (minutes) may help; true values tend to lie between them"
    ]


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

    discrete: whether y holds labels (integers or strings in one column); "auto" takes few different integers or strings for
    labels. minutes: time for training; without it a number of steps fixed by the data, so that the same call gives the same
    number. random_state: of folds, ties, networks and noise. report: takes lines of progress.

    Raises: DataError (a ValueError) naming array, row and column for NaN, constant columns, mismatched or too few rows.

    >>> import numpy as np
    >>> from diffinfo import estimate_mi
    >>> x = np.random.default_rng(0).standard_normal((5000, 1))
    >>> y = x + np.random.default_rng(1).standard_normal((5000, 1))
    >>> estimate_mi(x, y).mi  # 0.347 in truth
    """
    started = time.monotonic()
    rng = np.random.default_rng(random_state)
    labels = _as_labels(y, discrete)
    real_x, real_y = _as_columns(x, "x"), None if labels is not None else _as_columns(y, "y")
    n, dims = len(real_x), real_x.shape[1] + (0 if real_y is None else real_y.shape[1])
    if n != len(labels if labels is not None else real_y):
        raise DataError(f"x has {n} rows and y {len(labels if labels is not None else real_y)}; they must be pairs")
    if n < max(MIN_ROWS, ROWS_PER_COLUMN * dims):
        raise DataError(f"{n} rows are too few for {dims} columns: needs at least {max(MIN_ROWS, ROWS_PER_COLUMN * dims)}")
    classes = None if labels is None else int(labels.max()) + 1
    if classes and np.bincount(labels).min() < 2 * FOLDS:
        raise DataError(f"y: label number {np.argmin(np.bincount(labels))} has fewer than {2 * FOLDS} rows; merge or remove it")

    scores_x = normal_scores(real_x, rng)
    scores_y = np.eye(classes)[labels] if classes else normal_scores(real_y, rng)
    if not classes and scores_x.shape[1] > scores_y.shape[1]:
        scores_x, scores_y = scores_y, scores_x  # the smaller side is the easier one to denoise
    fold = _deal(labels, n, rng)
    # With more time there is a slower schedule, not just a later end of it.
    settings = _settings(round(STEPS * np.clip(minutes / DEFAULT_MINUTES, 0.2, 20)) if minutes else STEPS)
    schedule = VPSchedule()
    lam_range = schedule.log_snr_range(settings["process"]["s_min"])
    levels = Levels.stratified(*lam_range, DRAWS)
    parts, order, steps, gaussian = [], [], [], []
    for number in range(FOLDS):
        inside, outside = np.flatnonzero(fold == number), np.flatnonzero(fold != number)
        canonical = Canonical.fit(scores_x[outside], scores_y[outside])
        x_all, y_all = canonical.x(scores_x), canonical.y(scores_y)
        dataset = Dataset(x_all[outside], y_all[outside], x_all[inside], y_all[inside], {})
        width = y_all.shape[1]
        summary = DataSummary(
            x_all.shape[1:], 0.0, 1.0, None, (0.0,) * width, (1.0,) * width, tuple(canonical.correlations.tolist())
        )
        model = Model(settings["network"], summary)
        objective = make_objective(settings["train"], settings["process"])
        trained = train_model(
            model,
            dataset,
            objective,
            settings["train"],
            random_state,
            chunk=settings["train"]["validate_every"],
            seconds=60 * minutes / FOLDS if minutes else float("inf"),
            report=lambda line, number=number: report(f"fold {number + 1} of {FOLDS}: {line}"),
        )
        denoiser, given = model.denoiser(trained.params), dataset.y_test
        if classes:
            table = canonical.y(np.eye(classes))
            denoiser, given = _Labelled(denoiser, jnp.asarray(table)), labels[inside]
        key = jax.random.fold_in(jax.random.key(random_state), number)
        parts.append(evaluate_terms(denoiser, dataset.x_test, given, levels, key, classes=classes, block=2500))
        order.append(inside)
        steps.append(trained.best_step)
        gaussian.append(canonical.information)
    terms = Terms(
        **{
            f.name: np.concatenate([getattr(part, f.name) for part in parts])
            for f in fields(Terms)
            if f.name != "class_loss" or classes
        }
    )
    given = labels[np.concatenate(order)] if classes else np.empty(0)
    estimates = mutual_information(terms, given, classes)
    name = "classification_bound" if classes else "aligned_difference"
    warnings = _convergence(terms, estimates)
    return MutualInformation(
        mi=estimates[name].value,
        standard_error=estimates[name].standard_error,
        estimator=name,
        converged=not warnings,
        warnings=tuple(warnings),
        n=n,
        dim_x=real_x.shape[1],
        dim_y=1 if classes else real_y.shape[1],
        classes=classes,
        upper_bound=label_entropy(labels, classes) if classes else None,
        linear_gaussian=float(np.mean(gaussian)),
        estimates=estimates,
        steps=tuple(steps),
        lam_range=lam_range,
        random_state=random_state,
        seconds=time.monotonic() - started,
        profile=profiles(terms, levels, schedule),
    )
