"""`estimate_mi` and other estimators of mutual information on the same pairs of pictures.

    python benchmarks/peers.py [--rows 10000] [--only bumps] [--steps 2000] [--seed 0] > peers.csv

KSG   Kraskov et al. 2004, their first estimator, 5 neighbours; Euclidean distances on each side
MINE  Belghazi et al. 2018, the Donsker-Varadhan bound; all other pairs of a batch are independent
NCE   InfoNCE, van den Oord et al. 2018: never more than the log of the batch
Both have a critic that is a perceptron of the features of convolutional networks (those of
`estimate_mi`, 32 numbers), are trained on four fifths of the rows, and measured on the last fifth
after the steps that were best there, which flatters them.
"""

import argparse
import time
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import optax
from flax import nnx
from mi import arguments, write_rows
from scipy.special import digamma

from diffinfo import estimate_mi
from diffinfo.exact.pairs import KnownPair, pictures
from diffinfo.nn.features import ImageFeatures

NEIGHBOURS, BATCH, EVERY = 5, 256, 100


def ksg(x: np.ndarray, y: np.ndarray) -> float:
    """Kraskov's first estimator, in nats."""
    sides = [side.reshape(len(side), -1) for side in (x, y)]
    squares, counts = [np.square(side).sum(1) for side in sides], []
    for rows in np.array_split(np.arange(len(x)), max(1, len(x) // 1000)):
        away = [
            np.maximum(square[rows, None] + square - 2 * side[rows] @ side.T, 0)
            for side, square in zip(sides, squares, strict=True)
        ]
        for distances in away:
            distances[np.arange(len(rows)), rows] = np.inf
        radius = np.partition(np.maximum(*away), NEIGHBOURS - 1, axis=1)[:, NEIGHBOURS - 1]
        counts.append([(distances < radius[:, None]).sum(1) for distances in away])
    inside = np.concatenate(counts, axis=1)
    return float(digamma(NEIGHBOURS) + digamma(len(x)) - digamma(inside + 1).sum(0).mean())


class Critic(nnx.Module):
    """`x (N, ...), y (M, ...)` -> scores of all pairs `(N, M)`."""

    def __init__(self, shape, rngs):
        self.of_x, self.of_y = (ImageFeatures(shape, (16, 32, 64), 32, rngs=rngs) for _ in range(2))
        self.from_x, self.from_y = (nnx.Linear(32, 128, rngs=rngs) for _ in range(2))
        self.hidden, self.last = nnx.Linear(128, 128, rngs=rngs), nnx.Linear(128, 1, rngs=rngs)

    def __call__(self, x, y):
        h = self.from_x(self.of_x(x))[:, None] + self.from_y(self.of_y(y))
        return self.last(jax.nn.silu(self.hidden(jax.nn.silu(h))))[..., 0]


def donsker_varadhan(scores):
    n = len(scores)
    others = jnp.where(jnp.eye(n, dtype=bool), -jnp.inf, scores)
    return jnp.diag(scores).mean() - jax.nn.logsumexp(others) + jnp.log(n * (n - 1))


def info_nce(scores):
    return jnp.diag(jax.nn.log_softmax(scores, axis=1)).mean() + jnp.log(len(scores))


def by_critic(bound, x: np.ndarray, y: np.ndarray, steps: int, seed: int) -> float:
    """The largest value of the bound, in nats, on the last fifth of the rows."""
    x, y = (jnp.asarray((side - side.mean()) / side.std(), jnp.float32) for side in (x, y))
    graph, params = nnx.split(Critic(x.shape[1:], nnx.Rngs(seed)))
    optimizer = optax.adam(5e-4)
    state, seen = optimizer.init(params), 4 * len(x) // 5

    def value(params, x, y):
        return bound(nnx.merge(graph, params)(x, y))

    @jax.jit
    def step(params, state, key):
        rows = jax.random.randint(key, (BATCH,), 0, seen)
        gradients = jax.grad(lambda params: -value(params, x[rows], y[rows]))(params)
        updates, state = optimizer.update(gradients, state, params)
        return optax.apply_updates(params, updates), state

    held_out = jax.jit(value)
    starts = range(seen, len(x) - BATCH + 1, BATCH)
    best = -np.inf
    for number in range(steps):
        params, state = step(params, state, jax.random.fold_in(jax.random.key(seed), number))
        if (number + 1) % EVERY == 0:
            now = [held_out(params, x[i : i + BATCH], y[i : i + BATCH]) for i in starts]
            best = max(best, float(np.mean(now)))
    return best


def _row(pair: KnownPair, x: np.ndarray, y: np.ndarray, args: argparse.Namespace) -> dict:
    ours, row = estimate_mi(x, y, random_state=args.seed), {"pair": pair.name}
    row |= {"truth": f"{pair.truth:g}", "mi": f"{ours.mi:.3f}"}
    row |= {"standard_error": f"{ours.standard_error:.3f}", "converged": ours.converged}
    row |= {"features": ours.features, "seconds": f"{ours.seconds:.0f}"}
    trained = {"steps": args.steps, "seed": args.seed}
    peers = {
        "ksg": ksg,
        "mine": partial(by_critic, donsker_varadhan, **trained),
        "nce": partial(by_critic, info_nce, **trained),
    }
    for name, peer in peers.items():
        began = time.monotonic()
        row[name] = f"{peer(x[..., None], y[..., None]):.3f}"
        row[f"{name}_seconds"] = f"{time.monotonic() - began:.0f}"
    return row


def main() -> None:
    parser = arguments(__doc__)
    parser.add_argument("--steps", type=int, default=2000, help="of the critics")
    write_rows(pictures(), parser.parse_args(), _row)


if __name__ == "__main__":
    main()
