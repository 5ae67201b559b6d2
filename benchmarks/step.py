"""One step of the default joint-Gaussian training: ours against plain `nnx.jit`.

    python benchmarks/step.py [--steps 100]

Network, loss, batch and optimizer are the same; ours has flat parameters and scans over the steps.
Prints the seconds of compilation and the milliseconds per step of both, and the ratios.
"""

import argparse
import time
from functools import partial

import jax
import jax.numpy as jnp
import optax
from flax import nnx
from jax.flatten_util import ravel_pytree

from diffinfo.config import complete
from diffinfo.data.sources import make_dataset
from diffinfo.loss import two_field_loss
from diffinfo.nn.build import Model, build_module
from diffinfo.train.loop import make_objective, summarize
from diffinfo.train.step import initial_state, make_loss, make_optimizer, make_step


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--steps", type=int, default=100)
    args = parser.parse_args()

    dataset = make_dataset(complete("data", {"gaussian": {"sigma_eps": 1.0}}))
    settings, network = complete("train", {}), complete("network", {"mlp": {}})
    summary = summarize(dataset)
    model = Model(network, summary)
    optimizer = make_optimizer(args.steps, settings["learning_rate"], 10, settings["clip"])
    objective = make_objective(settings, complete("process", {}))
    x, y = jnp.asarray(dataset.x_train), jnp.asarray(dataset.y_train)
    batch, key = settings["batch"], jax.random.key(0)

    params = model.init(0)
    loss = make_loss(model, ravel_pytree(params)[1], objective, settings)
    step = make_step(loss, optimizer, batch, settings["ema"])

    def ours(state):
        return jax.lax.scan(lambda carry, _: step(carry, x, y, key), state, None, length=args.steps)

    state = initial_state(params, optimizer)
    start = time.perf_counter()
    ours = jax.jit(ours).lower(state).compile()
    our_compile = time.perf_counter() - start

    class Pair(nnx.Module):
        def __init__(self, rngs):
            self.unconditional, self.conditional = (
                build_module(network, summary, rngs),
                build_module(network, summary, rngs),
            )

    pair = Pair(nnx.Rngs(0))
    plain_optimizer = nnx.Optimizer(
        pair, optax.chain(optax.clip_by_global_norm(1.0), optax.adam(1e-3)), wrt=nnx.Param
    )

    @nnx.jit
    def plain(pair, plain_optimizer, rows, key):
        def loss(pair):
            def denoiser(z, lam, y=None):
                given = jnp.full(len(z), y is not None)
                net = pair.unconditional if y is None else pair.conditional
                return net(z, lam, summary.null_condition(len(z)) if y is None else y, given)

            return two_field_loss(denoiser, objective, x[rows], y[rows], key)[0]

        value, gradients = nnx.value_and_grad(loss)(pair)
        plain_optimizer.update(pair, gradients)
        return value

    def run_plain():
        for i in range(args.steps):
            step_key = jax.random.fold_in(key, i)
            plain(
                pair, plain_optimizer, jax.random.randint(step_key, (batch,), 0, len(x)), step_key
            )

    start = time.perf_counter()
    jax.block_until_ready(plain(pair, plain_optimizer, jnp.arange(batch), key))
    plain_compile = time.perf_counter() - start

    def milliseconds(work) -> float:
        start = time.perf_counter()
        jax.block_until_ready(work())
        return (time.perf_counter() - start) / args.steps * 1e3

    print(
        f"compile: ours {our_compile:.1f} s, plain {plain_compile:.1f} s: "
        f"{plain_compile / our_compile:.2f} times"
    )
    for _ in range(2):
        mine, theirs = milliseconds(partial(ours, state)), milliseconds(run_plain)
        print(f"step: ours {mine:.2f} ms, plain {theirs:.2f} ms: {theirs / mine:.2f} times")


if __name__ == "__main__":
    main()
