"""Few numbers in the place of an image, which tell as much of the other side as the image does.

Two networks, one for each side, are trained to make the information of their features as large as
Gaussians would have it (`nn/features.py`; the objective of deep canonical correlation analysis). Of
data whose two sides are images of jointly Gaussian latents these are the largest where features are
the latents and functions of them, and the canonical variates come in this order. What the features
after the first few add is looked at then: a feature that the first ones determine, or whose rest
says nothing of the other side, is left out.

Features of x and of y tell no more of each other than x and y do, whatever the networks: measured
on rows that they have never seen, their information is a lower bound of I(X;Y). How far below it is
shows in what features of half of the images tell (`gain`).
"""

from collections.abc import Callable
from dataclasses import dataclass

import jax
import jax.numpy as jnp
import numpy as np
import optax
from flax import nnx
from sklearn.neighbors import NearestNeighbors

from diffinfo.estimate.statistics import Estimate
from diffinfo.nn.features import ImageFeatures, VectorFeatures, gaussian_information
from diffinfo.train.stopping import held_out_rows

STEPS, BATCH, LEARNING_RATE, DECAY, EMA = 200, 1000, 2e-3, 1.0, 0.99
CHANNELS, WIDTH, COUNT = (16, 32, 64), 128, 8
_EVERY = 25  # steps between looks at held-out rows
_NEIGHBOURS, _FEW_ROWS = 30, 4000
_DETERMINED = 0.95  # share of a feature's variance
# A feature adds to those before it if the other side explains such a share of it: of what the first
# feature shares with the other side, but no less than chance could be, and no more than matters.
_TELLING, _LEAST, _MOST = 0.2, 0.01, 0.03
_BLOCK = 2000
_PARTS = 10  # of rows, whose scatter is the error of a gain


@dataclass(frozen=True)
class Learnt:
    """Features of x and of y `(n, K)` of all rows, the most telling first."""

    x: np.ndarray
    y: np.ndarray

    def told(self, rows: np.ndarray, count: int) -> float:
        """What Gaussians would tell with the first `count`, in nats, as these rows correlate."""
        return float(gaussian_information(self.x[rows, :count], self.y[rows, :count]))


def _network(values: np.ndarray, rngs: nnx.Rngs) -> nnx.Module:
    if values.ndim == 4:
        return ImageFeatures(values.shape[1:], CHANNELS, COUNT, rngs=rngs)
    return VectorFeatures(values.shape[1], WIDTH, COUNT, rngs=rngs)


def _canonical(f: np.ndarray, g: np.ndarray, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Canonical variates of the features of all rows, by the moments of `rows`."""
    white = []
    for values in (f, g):
        values = (values - values[rows].mean(0)) / values[rows].std(0)
        covariance = np.cov(values[rows].T) + 1e-6 * np.eye(values.shape[1])
        white.append(np.linalg.solve(np.linalg.cholesky(covariance), values.T).T)
    left, _, right = np.linalg.svd(white[0][rows].T @ white[1][rows] / len(rows))
    return white[0] @ left, white[1] @ right.T


def learn(
    x: np.ndarray,
    y: np.ndarray,
    known: np.ndarray,
    groups: np.ndarray | None,
    seed: int,
    report: Callable[[str], None] = lambda line: None,
) -> Learnt:
    """Features of all rows of x and y, learnt on the rows `known`.

    x, y: images `(n, H, W, C)` or vectors `(n, D)`, float32 and of about unit scale. The networks
    are those of the steps after which a tenth of these rows, which they are not trained on, told
    most. groups: the number of each row's, `(n,)`, or None.
    """
    rows, held_out = held_out_rows(len(known), seed, None if groups is None else groups[known])
    rows, held_out = known[rows], known[held_out]
    modules = [_network(values, nnx.Rngs(2 * seed + i)) for i, values in enumerate((x, y))]
    graphs, params = zip(*(nnx.split(module) for module in modules), strict=True)
    batch = min(BATCH, len(rows))
    optimizer = optax.chain(
        optax.clip_by_global_norm(1.0),
        optax.adamw(
            optax.warmup_cosine_decay_schedule(0.0, LEARNING_RATE, STEPS // 4, STEPS),
            weight_decay=DECAY,
        ),
    )

    def features(params, values):
        return [
            nnx.merge(graph, own)(value)
            for graph, own, value in zip(graphs, params, values, strict=True)
        ]

    @jax.jit
    def step(carry, values, number):
        params, average, state = carry
        key = jax.random.fold_in(jax.random.key(seed), number)
        some = jax.random.randint(key, (batch,), 0, len(values[0]))
        told, gradients = jax.value_and_grad(
            lambda params: (
                -gaussian_information(*features(params, [value[some] for value in values]))
            )
        )(params)
        updates, state = optimizer.update(gradients, state, params)
        params = optax.apply_updates(params, updates)
        decay = jnp.minimum(EMA, (1 + number) / (10 + number))
        return (params, optax.incremental_update(params, average, 1 - decay), state), -told

    of_block = jax.jit(features)

    def of(params, rows):
        blocks = [
            of_block(params, (x[some], y[some]))
            for some in np.array_split(rows, max(1, -(-len(rows) // _BLOCK)))
        ]
        return [np.concatenate(side).astype(np.float64) for side in zip(*blocks, strict=True)]

    carry, values = (params, params, optimizer.init(params)), (x[rows], y[rows])
    values = jax.tree.map(jnp.asarray, values)
    best, most = params, -np.inf
    for number in range(STEPS):
        carry, told = step(carry, values, number)
        if (number + 1) % _EVERY == 0:
            now = float(gaussian_information(*of(carry[1], held_out)))
            report(f"features, step {number + 1} of {STEPS}: {float(told):.3f}, held out {now:.3f}")
            if now > most:
                best, most = carry[1], now
    return Learnt(*_canonical(*of(best, np.arange(len(x))), known))


def gain(more: Learnt, fewer: Learnt, rows: np.ndarray, count: int, told: float) -> Estimate:
    """What the first `count` features of more images tell more than those of fewer, on rows that
    neither was learnt on; in nats.

    told: by those of more images, in truth. Gaussians would tell more where features are clusters
    (labels that images show); the gain is as much smaller as that is.
    """
    parts = np.array_split(rows, _PARTS)
    grown = np.array([more.told(part, count) - fewer.told(part, count) for part in parts])
    return Estimate.of(grown * np.clip(told / max(more.told(rows, count), 1e-6), 0, 1))


def _rest(of: np.ndarray, others: np.ndarray) -> np.ndarray:
    """What of features `(n, M)` remains of others `(n, K)` that are known, on the later half.

    It is guessed from the nearest rows of the earlier half, by a line through them.
    """
    half = len(of) // 2
    near = NearestNeighbors(n_neighbors=_NEIGHBOURS).fit(others[:half])
    near = near.kneighbors(others[half:], return_distance=False)
    away = others[:half][near] - others[half:, None]
    slopes = np.concatenate([np.ones((*near.shape, 1)), away], axis=2)
    ridge = np.diag([0.0, *[1e-3 * _NEIGHBOURS] * others.shape[1]])
    moments = np.einsum("nki,nkj->nij", slopes, slopes) + ridge
    values = np.einsum("nki,nkm->nim", slopes, of[:half][near])
    return of[half:] - np.linalg.solve(moments, values)[:, 0]


def _adds(own: np.ndarray, other: np.ndarray, kept: int, silent: float) -> bool:
    """Whether any feature of `own` after the first `kept` says more of `other` than these do, by
    more than the share `silent` of its variance.
    """
    rests = _rest(own[:, kept:], own[:, :kept])
    known = np.column_stack([np.ones(len(rests)), own[-len(rests) :, :kept]])
    seen = np.column_stack([known, other[-len(rests) :]])
    new = rests.var(0) >= (1 - _DETERMINED) * own[:, kept:].var(0)
    without, left = (
        np.square(rests - values @ np.linalg.lstsq(values, rests, rcond=None)[0]).sum(0)
        for values in (known, seen)
    )
    return bool((new & (left < (1 - silent) * without)).any())


def few(learnt: Learnt, rows: np.ndarray) -> int:
    """How many of the first features suffice, as far as these rows tell."""
    rows = rows[:_FEW_ROWS]
    f, g = learnt.x[rows], learnt.y[rows]
    shared = np.corrcoef(f[:, 0], g[:, 0])[0, 1] ** 2
    silent = float(np.clip(_TELLING * shared, _LEAST, _MOST))
    for kept in range(1, f.shape[1]):
        if not (_adds(f, g, kept, silent) or _adds(g, f, kept, silent)):
            return kept
    return f.shape[1]
