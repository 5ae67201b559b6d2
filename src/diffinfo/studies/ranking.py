"""I(X_j;Y) of every column of X with the same y, in nats: `mutual_info(X, y)`, to rank features.

`estimate_mi` trains networks for one pair after the other. Here every column has a small network of
its own, and all of them are trained and measured side by side in one program. Each column is mapped
to normal scores, so that its unconditional field is known, E[v | z] = 0. What is learnt is the
field given y only, from that of the Gaussian with the mean (linear in y) and the variance that were
fitted:

    I(X_j;Y) = 1/2 int alpha E<v, v_c> dlam,

where the errors of v_c that come from its own training rows cancel in the mean (the
`aligned_difference` of `estimate/mutual_information.py` with v_u = 0). Rows are dealt into two
halves, each of which is measured by networks that were trained on the other.

Small networks round off steps and miss fine turns, which nearest neighbours see: where these tell
clearly more, theirs is the number (`estimate/neighbours.py`). They are noisier where there is
little to tell.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pandas as pd
from flax import nnx

from diffinfo.data.canonical import normal_scores
from diffinfo.estimate.integrand import Strata
from diffinfo.estimate.statistics import Estimate
from diffinfo.nn.embed import VectorCondition
from diffinfo.nn.mlp import MLP
from diffinfo.process.denoise import network_input, precondition
from diffinfo.process.density import LevelDensity
from diffinfo.process.forward import blocks, noised
from diffinfo.studies.cross_fit import LAM_RANGE, deal
from diffinfo.studies.pair_input import checked_columns, checked_options, halves
from diffinfo.studies.verdict import by_neighbours, short_of_neighbours
from diffinfo.train.stopping import held_out_rows

STEPS, EVERY, BATCH, LEARNING_RATE, EMA = 600, 50, 512, 0.006, 0.99
WIDTH, DEPTH = 32, 2
DRAWS, LOOKS = 16, 4  # levels for each row that is measured, and for each one that is held out
SIDE_BY_SIDE = 64  # columns
_LEAST_VARIANCE = 1e-6  # of scores given y
_BLOCK = 1000


@dataclass(frozen=True)
class Ranking:
    """What `mutual_info` returns: numbers `(D,)` in nats, in the order of the columns of X.

    mi, standard_error: of I(X_j;Y). names: of the columns, or their numbers. n: rows that were
    used; groups: how many groups of them are independent of one another, or None where all rows
    are. dropped: rows that lacked a value. warnings: what speaks against the numbers.
    """

    mi: np.ndarray
    standard_error: np.ndarray
    names: tuple[str, ...]
    n: int
    groups: int | None
    dropped: int
    warnings: tuple[str, ...]

    def ranked(self) -> pd.DataFrame:
        """The columns with `mi` and `standard_error`, the most telling first."""
        table = pd.DataFrame(
            {"column": self.names, "mi": self.mi, "standard_error": self.standard_error}
        )
        return table.sort_values("mi", ascending=False, kind="stable").reset_index(drop=True)

    def __array__(self, dtype=None, copy=None) -> np.ndarray:
        return np.array(self.mi, dtype=dtype)


def mutual_info(
    X,
    y,
    *,
    discrete: bool | str = "auto",
    missing: str = "error",
    groups=None,
    block: int | None = None,
    random_state: int | np.random.Generator | np.random.RandomState | None = 0,
    report: Callable[[str], None] = lambda line: None,
) -> Ranking:
    """Mutual information of every column of X `(n, D)` with y `(n,)` or `(n, D_Y)`, in nats.

    Arguments are those of `estimate_mi`, but for X: its columns are numbers, and each is measured
    by itself. It is quicker than a loop of that, and less careful: networks are small, and there is
    no verdict for each column.

    Raises DataError (a ValueError), naming array, row and column, for what cannot be measured.

    >>> import numpy as np
    >>> from diffinfo import mutual_info
    >>> X, noise = np.random.default_rng(0).standard_normal((2, 5000, 3))
    >>> mutual_info(X, X[:, 0] + noise[:, 0]).mi  # 0.347, 0, 0 in truth
    """
    discrete, seed = checked_options(discrete, missing, groups, block, 0, None, random_state)
    rng = np.random.default_rng(seed)
    checked = checked_columns(X, y, discrete, missing, groups, block)
    scores = normal_scores(checked.columns, rng)
    if checked.labels is None:
        given = normal_scores(checked.given, rng)
    else:
        given = np.eye(checked.labels.max() + 1)[checked.labels]
    n, count = scores.shape
    if checked.groups is None:
        fold = deal(checked.labels, None, n, rng) % 2
        sides = [np.flatnonzero(fold == number) for number in range(2)]
    else:
        sides = list(halves(n, checked.groups, rng))
    told = np.empty((n, count))
    for some in np.array_split(np.arange(count), -(-count // SIDE_BY_SIDE)):
        for number, (known, rest) in enumerate((sides, sides[::-1])):
            own = None if checked.groups is None else checked.groups[known]
            name = f"columns {some[0]} to {some[-1]}, half {number + 1} of 2"
            fitted = _fitted(
                scores[known][:, some], given[known], own, seed + number,
                lambda line, name=name: report(f"{name}: {line}"),
            )  # fmt: skip
            told[np.ix_(rest, some)] = fitted(scores[rest][:, some], given[rest])
    estimates = [Estimate.of(column, checked.groups) for column in told.T]
    other = given if checked.labels is None else checked.labels
    # Rows that are copies of others would be each other's neighbours.
    for number, told in enumerate([] if checked.warnings else estimates):
        near = by_neighbours(scores[:, [number]], other, checked.groups, rng)
        if near and short_of_neighbours(told, near):
            estimates[number] = near
    return Ranking(
        mi=np.array([estimate.value for estimate in estimates]),
        standard_error=np.array([estimate.standard_error for estimate in estimates]),
        names=checked.names,
        n=n,
        groups=None if checked.groups is None else int(checked.groups.max()) + 1,
        dropped=checked.dropped,
        warnings=tuple(checked.warnings + checked.ties),
    )


@dataclass(frozen=True)
class _Programs:
    """Compiled functions for so many columns beside a y of so many dimensions."""

    fresh: Callable
    step: Callable
    losses: Callable
    told: Callable
    optimizer: Any


@lru_cache(maxsize=8)
def _programs(columns: int, dim_y: int) -> _Programs:
    density = LevelDensity.of(*LAM_RANGE, center=1.0, scale=2.5, uniform=0.3)
    optimizer = optax.adam(
        optax.warmup_cosine_decay_schedule(0.0, LEARNING_RATE, STEPS // 10, STEPS)
    )

    def module(key):
        rngs = nnx.Rngs(key)
        condition = VectorCondition(np.zeros(dim_y), np.ones(dim_y), rngs=rngs)
        return MLP(1, condition, dim_y, WIDTH, DEPTH, rngs=rngs)

    graph = nnx.graphdef(nnx.eval_shape(lambda: module(jax.random.key(0))))

    def field(params, z, lam, y, base):
        """The fields of all columns, `(N, D)` each."""

        def of_column(params, z, slope, variance):
            mean, std = (y @ slope[:-1] + slope[-1])[:, None], jnp.sqrt(variance)
            seen = network_input(z[:, None], lam, mean, std)
            output = nnx.merge(graph, params)(seen, lam, y, jnp.ones(len(z), bool))
            return precondition(output, z[:, None], lam, mean, std)[:, 0]

        return jax.vmap(of_column, in_axes=(0, 1, 1, 0), out_axes=1)(params, z, *base)

    def error(params, x, y, lam, eps, base):
        z, v = noised(x, lam, eps)
        return v, field(params, z, lam, y, base)

    @jax.jit
    def step(carry, x, y, base, key):
        params, average, state, number = carry
        row_key, level_key, noise_key = jax.random.split(jax.random.fold_in(key, number), 3)
        rows = jax.random.randint(row_key, (BATCH,), 0, len(x))
        lam, _ = density.sample(level_key, BATCH)
        eps = jax.random.normal(noise_key, (BATCH, columns))

        def loss(params):
            v, v_hat = error(params, x[rows], y[rows], lam, eps, base)
            return jnp.sum(jnp.mean((v - v_hat) ** 2, axis=0))

        updates, state = optimizer.update(jax.grad(loss)(params), state, params)
        params = optax.apply_updates(params, updates)
        decay = jnp.minimum(EMA, (1 + number) / (10 + number))
        return (params, optax.incremental_update(params, average, 1 - decay), state, number + 1)

    @partial(jax.jit, static_argnames="draws")
    def told(params, x, y, base, key, draws):
        """What each row tells of each column, and its loss less that of v_u = 0, in nats, `(N, D)`
        each.
        """
        strata = Strata.stratified(*LAM_RANGE, draws)
        low, width = (jnp.asarray(a, jnp.float32) for a in (strata.low, strata.weight))

        def add(total, stratum):
            low, width, key = stratum
            level_key, noise_key = jax.random.split(key)
            lam = low + width * jax.random.uniform(level_key, x.shape[:1])
            v, v_hat = error(params, x, y, lam, jax.random.normal(noise_key, x.shape), base)
            half_alpha = 0.5 * width * jax.nn.sigmoid(lam)[:, None]
            parts = half_alpha * v * v_hat, half_alpha * ((v - v_hat) ** 2 - v**2)
            return jax.tree.map(jnp.add, total, parts), None

        zero = jnp.zeros(x.shape)
        keys = jax.random.split(key, draws)
        return jax.lax.scan(add, (zero, zero), (low, width, keys))[0]

    return _Programs(
        jax.jit(
            lambda key: jax.vmap(lambda k: nnx.state(module(k)))(jax.random.split(key, columns))
        ),
        step,
        jax.jit(lambda *args: told(*args, draws=LOOKS)[1].mean(0)),
        jax.jit(lambda *args: told(*args, draws=DRAWS)[0]),
        optimizer,
    )


@jax.jit
def _chosen(is_new: jax.Array, new, old):
    """Of each column the new parameters or the old ones."""
    return jax.tree.map(
        lambda new, old: jnp.where(is_new.reshape(-1, *[1] * (new.ndim - 1)), new, old), new, old
    )


def _fitted(
    x: np.ndarray,
    y: np.ndarray,
    groups: np.ndarray | None,
    seed: int,
    report: Callable[[str], None],
) -> Callable[[np.ndarray, np.ndarray], np.ndarray]:
    """A function that says what rows x `(m, D)`, y `(m, D_Y)` tell, in nats `(m, D)`, by networks
    that were trained on the rows x, y. Each is that of the steps after which its loss on a tenth of
    these rows, which it is not trained on, was least.
    """
    x, y = x.astype(np.float32), y.astype(np.float32)
    rows, held_out = held_out_rows(len(x), seed, groups)
    design = np.column_stack([y, np.ones(len(y))])[rows]
    slopes, *_ = np.linalg.lstsq(design, x[rows], rcond=None)
    variance = np.maximum(np.square(x[rows] - design @ slopes).mean(0), _LEAST_VARIANCE)
    base = jnp.asarray(slopes, jnp.float32), jnp.asarray(variance, jnp.float32)
    programs, key = _programs(x.shape[1], y.shape[1]), jax.random.key(seed)
    params = programs.fresh(key)
    carry = (params, params, programs.optimizer.init(params), jnp.int32(0))
    seen = [jnp.asarray(values[rows]) for values in (x, y)]
    watched = [jnp.asarray(values[held_out]) for values in (x, y)]
    look_key = jax.random.fold_in(key, STEPS)
    best, least = params, programs.losses(params, *watched, base, look_key)
    for number in range(STEPS):
        carry = programs.step(carry, *seen, base, key)
        if (number + 1) % EVERY == 0:
            losses = programs.losses(carry[1], *watched, base, look_key)
            best = _chosen(losses < least, carry[1], best)
            least = jnp.minimum(losses, least)
            report(f"step {number + 1} of {STEPS}, {-float(least.mean()):.3f} nats a column")

    def told(x: np.ndarray, y: np.ndarray) -> np.ndarray:
        parts = []
        for number, (some, padded) in enumerate(blocks(len(x), _BLOCK)):
            block_key = jax.random.fold_in(key, STEPS + 1 + number)
            values = (jnp.asarray(values[padded], jnp.float32) for values in (x, y))
            parts.append(programs.told(best, *values, base, block_key)[: len(some)])
        return np.concatenate(parts).astype(float)

    return told
