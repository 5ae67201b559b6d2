"""Networks for the two fields of paired rows, each trained on some folds and used on another."""

from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from functools import lru_cache

import jax
import jax.numpy as jnp
import numpy as np

from diffinfo.data.canonical import Canonical
from diffinfo.data.dataset import Dataset
from diffinfo.errors import DataError
from diffinfo.estimate.integrand import Strata, Terms, evaluate_terms
from diffinfo.estimate.statistics import Estimate
from diffinfo.nn.build import DataSummary, Model
from diffinfo.process.schedule import VPSchedule
from diffinfo.studies.clean_classifiers import guessed_losses
from diffinfo.train.loop import Trainer, make_objective
from diffinfo.train.stopping import by_groups, held_out_rows

FOLDS = 4
HALVED_FOLDS = 2  # measured by networks of half of the rows as well, as far as so many rows go
HALVED_ROWS = 100_000
# From so many rows on, one network of half of them measures the other half: its error is small.
MANY_ROWS = 200_000
FEW_PASSES = 3  # of training over its rows: half of them would be seen little more often
STEPS, EVERY, BATCH = 1000, 100, 1024
WIDTH, DEPTH = 128, 3
# Many rows need fewer draws each: so many evaluations leave an error that is small beside others.
DRAWS, LEAST_DRAWS, EVALUATIONS = 32, 8, 3_200_000
# Noise in the classes' losses blurs the posterior over labels, and the bound comes out low: labels
# take more draws, as far as so many evaluations of one class's field allow.
LABEL_DRAWS, LABEL_EVALUATIONS = 64, 10_000_000
NULL_DRAWS = 8  # of every row under each permutation
_LEAST_BLOCKS = 4
SCHEDULE, S_MIN = VPSchedule(), 1e-5
LAM_RANGE = SCHEDULE.log_snr_range(S_MIN)


def folds_of(n: int) -> tuple[int, int]:
    """Into how many folds n rows are dealt, and how many of these are measured."""
    return (2, 1) if n >= MANY_ROWS else (FOLDS, FOLDS)


def halved_folds(n: int, steps: int) -> int:
    """How many of the first folds of n rows networks of half of the rows measure as well.

    None where training passes its rows a few times only: what it lacks then is not rows.
    """
    folds, measured = folds_of(n)
    many = steps * BATCH <= FEW_PASSES * (n - n // folds)
    return 0 if many else min(HALVED_FOLDS, measured)


def deal(
    labels: np.ndarray | None, groups: np.ndarray | None, n: int, rng: np.random.Generator
) -> np.ndarray:
    """The fold of each row, `(n,)`. Folds have equal shares of the rows, and of each label's; with
    groups, these stay whole, and the shares are as equal as that allows.
    """
    if groups is not None:
        return _deal_groups(groups, rng)
    folds, _ = folds_of(n)
    order = rng.permutation(n)
    if labels is not None:
        order = order[np.argsort(labels[order], kind="stable")]
    fold = np.empty(n, int)
    fold[order] = np.arange(n) % folds
    return fold


def _deal_groups(groups: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """The fold of each row: groups, the largest first, go to the fold that has the fewest rows."""
    sizes = np.bincount(groups)
    order = rng.permutation(len(sizes))
    folds, _ = folds_of(len(groups))
    fold_of, rows = np.empty(len(sizes), int), np.zeros(folds, int)
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
class FittedNetwork:
    """A denoiser of canonical coordinates, with the map to them that was fitted on its rows."""

    canonical: Canonical
    denoiser: Callable
    best_step: int
    cut_short: bool


class Direction:
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
        evaluations, most = EVALUATIONS, DRAWS
        if self.classes:
            evaluations, most = LABEL_EVALUATIONS // self.classes, LABEL_DRAWS
        draws = int(np.clip(evaluations // len(x), LEAST_DRAWS, most))
        self.strata = Strata.stratified(*LAM_RANGE, draws)

    def fit(self, rows: np.ndarray, seconds: float, report: Callable[[str], None]) -> FittedNetwork:
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
        return FittedNetwork(canonical, denoiser, trained.best_step, trained.cut_short)

    def measure(
        self,
        network: FittedNetwork,
        rows: np.ndarray,
        key: jax.Array,
        given: np.ndarray | None = None,
        strata: Strata | None = None,
    ) -> Terms:
        """The terms of these rows under that network; given: the rows whose y is given, by default
        the same.
        """
        given, strata = rows if given is None else given, strata or self.strata
        x, denoiser = network.canonical.x(self.x[rows]), network.denoiser
        if self.classes:
            denoiser = _Labelled(denoiser, jnp.asarray(network.canonical.y(np.eye(self.classes))))
        y = self.labels[given] if self.classes else network.canonical.y(self.y[given])
        terms = evaluate_terms(denoiser, x, y, strata, key, classes=self.classes, block=2500)
        return terms if self.groups is None else replace(terms, groups=self.groups[rows])

    def guessed(
        self, terms: Terms, network: FittedNetwork, rows: np.ndarray, known: np.ndarray
    ) -> Terms:
        """The terms of these rows, with two more groups of losses of the labels: those of
        classifiers of x without noise, which are trained on the rows `known`.
        """
        losses = guessed_losses(
            network.canonical.x(self.x), self.x, self.labels, known, rows, self.seed, self.groups
        )
        return replace(terms, class_loss=np.concatenate([terms.class_loss, losses], axis=1))

    def null_losses(self, network: FittedNetwork, orders: np.ndarray, key: jax.Array) -> np.ndarray:
        """The losses of the rows `orders[0]` given y of those of each of `orders` `(P, m)`; `(P,)`,
        always with the same noise.
        """
        rows, strata = orders[0], Strata.stratified(*LAM_RANGE, NULL_DRAWS)
        if self.classes:
            losses = self.measure(network, rows, key, strata=strata).class_loss.sum(1)
            return np.array([losses[np.arange(len(rows)), self.labels[o]].sum() for o in orders])
        terms = (self.measure(network, rows, key, given=order, strata=strata) for order in orders)
        return np.array([each.loss_c.sum() for each in terms])


def _joined(parts: list[Terms]) -> Terms:
    """The terms of all rows, part after part."""
    names = [f.name for f in fields(Terms) if getattr(parts[0], f.name) is not None]
    return Terms(
        **{name: np.concatenate([getattr(part, name) for part in parts]) for name in names}
    )


@dataclass(frozen=True)
class CrossFitted:
    """The terms of all rows that are measured, fold after fold. `order` says which row each is.

    halves: the terms of the first folds by networks of half of the rows, or None where these would
    show nothing (`halved_folds`); of labels, with the classifiers of half of the rows.
    networks: one for each fold.
    """

    terms: Terms
    order: np.ndarray
    halves: Terms | None
    networks: list[FittedNetwork]


def better(candidates: list[Terms], directions: list[Direction]) -> int:
    """The index of the best candidate, from the terms of the same rows in each of the directions.

    Radial factors alone win over a deeper network unless its fields have smaller losses, by more
    than the standard error of the difference: where there is more information, there may just be an
    unconditional field that has not learnt what its side is like. Losses of different sides are not
    comparable; of these, the one with more information is taken.
    """
    depths = [direction.depth for direction in directions]
    losses = [(terms.loss_u + terms.loss_c).sum(1) for terms in candidates]
    gains = [(terms.loss_u - terms.loss_c).sum(1).mean() for terms in candidates]
    kept = []
    for side in {id(direction.x): direction.x for direction in directions}.values():
        same = [i for i, direction in enumerate(directions) if direction.x is side]
        simple, full = min(same, key=depths.__getitem__), max(same, key=depths.__getitem__)
        less = Estimate.of(losses[simple] - losses[full])
        kept.append(full if less.value > less.standard_error else simple)
    return max(kept, key=gains.__getitem__)


def cross_fitted(
    directions: list[Direction], fold: np.ndarray, seconds: float, rng, report
) -> tuple[Direction, CrossFitted]:
    """The best direction, and rows measured in it: all of them once, or of many rows half.

    seconds: for each network.
    """
    seed = directions[0].seed
    key = jax.random.key(seed)
    terms, halves, order, networks = [], [], [], []
    _, measured_folds = folds_of(len(fold))
    halved = halved_folds(len(fold), directions[0].steps)
    for number in range(measured_folds):
        inside, outside = np.flatnonzero(fold == number), np.flatnonzero(fold != number)
        # Every fold trains on equally many rows, so that one compilation serves all.
        outside = outside[: len(fold) - np.bincount(fold).max()]
        groups = None if directions[0].groups is None else directions[0].groups[outside]
        fold_key, name = jax.random.fold_in(key, number), f"fold {number + 1} of {measured_folds}"
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
            chosen = better(candidates, directions)
            directions, fitted = [directions[chosen]], [fitted[chosen]]
        (direction,), (network,) = directions, fitted
        order.append(inside)
        networks.append(network)
        measured = direction.measure(network, inside, fold_key)
        terms.append(
            direction.guessed(measured, network, inside, outside) if direction.classes else measured
        )
        if number < (HALVED_FOLDS if direction.classes else halved):
            shuffled = rng.permutation(outside)
            if groups is not None:
                shuffled = outside[by_groups(groups, rng)]
            half = np.sort(shuffled[: len(outside) // 2])
            if direction.classes:
                halves.append(direction.guessed(measured, network, inside, half))
                continue
            half_network = direction.fit(
                half, seconds, lambda line, name=name: report(f"{name}, half: {line}")
            )
            # Only the fold of many rows has more, and that is the only one.
            halves.append(direction.measure(half_network, inside[:HALVED_ROWS], fold_key))
    fewer = _joined(halves) if halves else None
    return direction, CrossFitted(_joined(terms), np.concatenate(order), fewer, networks)


def orders_of(groups: np.ndarray | None, n: int, permutations: int, rng) -> np.ndarray:
    """Orders of n rows that are as likely where x and y are independent, `(P, m)`; the first is the
    true one. Groups change places as a whole, so only those of the commonest size take part.
    """
    if groups is None:
        return np.stack([np.arange(n), *(rng.permutation(n) for _ in range(permutations))])
    members = np.argsort(groups, kind="stable")
    _, starts, sizes = np.unique(groups[members], return_index=True, return_counts=True)
    common = np.bincount(sizes).argmax()
    blocks = np.stack([members[start : start + common] for start in starts[sizes == common]])
    if len(blocks) < _LEAST_BLOCKS:
        raise DataError(
            f"permutations: {len(blocks)} groups of one size are in the first fold; they change "
            f"places as a whole, so at least {_LEAST_BLOCKS} are needed"
        )
    count = range(permutations)
    places = np.stack([np.arange(len(blocks)), *(rng.permutation(len(blocks)) for _ in count)])
    return blocks[places].reshape(permutations + 1, -1)


def p_value(statistics: np.ndarray, rng: np.random.Generator) -> float:
    """The p-value of the first of `statistics` `(P,)` among all; large ones speak for dependence.

    Equal ones are ordered by chance, so that it is uniform also where a statistic never changes.
    """
    order = np.lexsort((rng.random(len(statistics)), statistics))[::-1]
    return float((np.flatnonzero(order == 0)[0] + 1) / len(statistics))
