"""Several seeds of one joint-Gaussian training: as one vectorised program, or one after the other.

    python benchmarks/seeds.py [--seeds 3] [--steps 200]

Prints the milliseconds per step and seed of both, without compilation, and their ratio; each is
timed twice, interleaved.
"""

import argparse
import time

import jax
import jax.numpy as jnp
from jax.flatten_util import ravel_pytree

from diffinfo.config import complete
from diffinfo.data.sources import make_dataset
from diffinfo.nn.build import Model
from diffinfo.train.loop import make_objective, summarize
from diffinfo.train.step import initial_state, make_loss, make_optimizer, make_step


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--steps", type=int, default=200)
    args = parser.parse_args()

    dataset = make_dataset(complete("data", {"gaussian": {"sigma_eps": 1.0}}))
    settings = complete("train", {})
    model = Model(complete("network", {"mlp": {}}), summarize(dataset))
    optimizer = make_optimizer(args.steps, settings["learning_rate"], 10, settings["clip"])
    x, y = jnp.asarray(dataset.x_train), jnp.asarray(dataset.y_train)
    params = [model.init(seed) for seed in range(args.seeds)]
    objective = make_objective(settings, complete("process", {}))
    loss = make_loss(model, ravel_pytree(params[0])[1], objective, settings)
    step = make_step(loss, optimizer, settings["batch"], settings["ema"])
    states = [initial_state(p, optimizer) for p in params]
    keys = jax.random.split(jax.random.key(0), args.seeds)
    stacked = jax.tree.map(lambda *leaves: jnp.stack(leaves), *states)

    def run(state, key):
        return jax.lax.scan(lambda carry, _: step(carry, x, y, key), state, None, length=args.steps)

    single, together = jax.jit(run), jax.jit(jax.vmap(run))
    jax.block_until_ready((single(states[0], keys[0]), together(stacked, keys)))

    def seconds(work) -> float:
        start = time.perf_counter()
        jax.block_until_ready(work())
        return (time.perf_counter() - start) / (args.steps * args.seeds)

    for _ in range(2):
        alone = seconds(
            lambda: [single(state, key) for state, key in zip(states, keys, strict=True)]
        )
        vectorised = seconds(lambda: together(stacked, keys))
        ratio = f"{vectorised / alone:.2f}"
        print(
            f"per step and seed: one after the other {alone * 1e3:.2f} ms, "
            f"vectorised {vectorised * 1e3:.2f} ms: {ratio}"
        )


if __name__ == "__main__":
    main()
