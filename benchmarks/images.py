"""Training images per second: our loop against a plain one of the same network, and PyTorch's.

    python benchmarks/images.py [--shape 28 28 1] [--channels 32 64] [--batch 64] [--patch 1]
                                [--steps 20] [--rounds 3] [--threads 2] [--torch]

The plain loop is what one writes first: the same U-Net of Flax's own layers (`nnx.Conv`,
`nnx.GroupNorm`), `nnx.jit` over a module and an `nnx.Optimizer`, one step per dispatch, and batches
that a shuffling loader scales and hands over. Rounds alternate, and medians are printed. GFLOP/s
count 3 x 2 x 9 x C_in C_out x pixels of the 3x3 convolutions alone. --torch adds the same network
in PyTorch (`unet_torch.py`; `pip install torch` first), eager and compiled.
"""

import argparse
import os
import time

import jax
import jax.numpy as jnp
import numpy as np
import optax
from flax import nnx
from jax.flatten_util import ravel_pytree

import diffinfo.nn.unet as unet
from diffinfo.config import complete
from diffinfo.nn.build import DataSummary, Model, build_module
from diffinfo.process import denoise
from diffinfo.process.forward import noised
from diffinfo.train.loop import Trainer, default_chunk, make_objective
from diffinfo.train.step import initial_state

CLASSES = 10


class Counted(nnx.Conv):
    """Flax's convolution in the place of ours; notes the work of one image."""

    work = 0

    def __init__(self, c_in, c_out, *, kernel_init=nnx.initializers.lecun_normal(), rngs):  # noqa: B008
        super().__init__(c_in, c_out, (3, 3), kernel_init=kernel_init, rngs=rngs)

    def __call__(self, x):
        Counted.work += 2 * 9 * x.shape[1] * x.shape[2] * self.in_features * self.out_features
        return super().__call__(x)


class Library(nnx.GroupNorm):
    """Flax's normalisation in the place of ours."""

    def __init__(self, channels):
        super().__init__(channels, num_groups=8 if channels % 8 == 0 else 1, rngs=nnx.Rngs(0))

    def __call__(self, x, scale=None, shift=None):
        x = super().__call__(x)
        return x if scale is None else x * (1 + scale[:, None, None]) + shift[:, None, None]


def loader(x, y, batch):
    """Shuffled batches, scaled to [0, 1]."""
    rng = np.random.default_rng(0)
    while True:
        order = rng.permutation(len(x))
        for start in range(0, len(x) - batch + 1, batch):
            rows = order[start : start + batch]
            yield x[rows].astype(np.float32) / 255, y[rows]


def plain(network, data, settings, x, y):
    """A function that takes some steps of the plain loop."""
    ours, (unet.Conv3x3, unet.GroupNorm) = (unet.Conv3x3, unet.GroupNorm), (Counted, Library)
    try:
        module = build_module(network, data, nnx.Rngs(0))
    finally:
        unet.Conv3x3, unet.GroupNorm = ours
    schedule = optax.warmup_cosine_decay_schedule(0.0, settings["learning_rate"], 100, 10_000)
    optimizer = nnx.Optimizer(
        module, optax.chain(optax.clip_by_global_norm(1.0), optax.adam(schedule)), wrt=nnx.Param
    )
    average = jax.tree.map(jnp.copy, nnx.state(module, nnx.Param))

    @nnx.jit
    def step(module, optimizer, x, y, key):
        level, noise, drop = jax.random.split(key, 3)
        lam = jax.random.uniform(level, x.shape[:1], minval=-8.0, maxval=13.8)
        z, v = noised(x, lam, jax.random.normal(noise, x.shape))
        present = jax.random.bernoulli(drop, 0.7, x.shape[:1])

        def loss(module):
            output = module(denoise.network_input(z, lam, data.mean, data.std), lam, y, present)
            return jnp.mean(
                jnp.square(v - denoise.precondition(output, z, lam, data.mean, data.std))
            )

        value, gradients = nnx.value_and_grad(loss)(module)
        optimizer.update(module, gradients)
        return value

    update = jax.jit(lambda average, params: optax.incremental_update(params, average, 1e-3))
    batches, key = loader(x, y, settings["batch"]), jax.random.key(0)

    def run(steps):
        nonlocal key, average
        for _ in range(steps):
            key, now = jax.random.split(key)
            value = step(module, optimizer, *next(batches), now)
            average = update(average, nnx.state(module, nnx.Param))
        jax.block_until_ready((value, average))

    return run


def ours(network, data, settings, x, y):
    """A function that takes some steps of our loop (the device side of `Trainer.train`)."""
    model = Model(network, data)
    trainer = Trainer(model, make_objective(settings, complete("process", {})), settings)
    params = model.init(0)
    _, unravel = ravel_pytree(params)
    state, x, y = jax.device_put(
        (initial_state(params, trainer._optimizer), x, y), trainer._everywhere
    )
    key, chunk = jax.random.key(0), default_chunk(model)

    def run(steps):
        nonlocal state
        for _ in range(steps // chunk):
            state, metrics = trainer._run(state, x, y, {}, key, unravel, chunk)
        jax.block_until_ready(metrics)

    return run


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--shape", type=int, nargs=3, default=(28, 28, 1))
    parser.add_argument("--attention", type=int, nargs="*", default=())
    parser.add_argument("--torch", action="store_true", help="the same network in PyTorch as well")
    parser.add_argument("--channels", type=int, nargs="+", default=(32, 64))
    parser.add_argument("--patch", type=int, default=1)
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--steps", type=int, default=20, help="of each loop in each round")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument(
        "--threads", type=int, default=0, help="ours alone, over so many devices of one thread"
    )
    args = parser.parse_args()
    if args.threads:  # JAX has not started yet
        os.environ["XLA_FLAGS"] = (
            "--xla_cpu_multi_thread_eigen=false "
            f"--xla_force_host_platform_device_count={args.threads}"
        )
    rng = np.random.default_rng(0)
    x, y = (
        rng.integers(0, 256, (5000, *args.shape), dtype=np.uint8),
        rng.integers(0, CLASSES, 5000).astype(np.int32),
    )
    sizes = {"channels": list(args.channels), "patch": args.patch, "embedding": 128}
    sizes["attention"] = list(args.attention)
    network = complete("network", {"fields": "one", "unet": sizes})
    settings = complete("train", {"batch": args.batch})
    data = DataSummary(tuple(args.shape), 0.5, 0.29, classes=CLASSES)
    loops = {"ours": ours(network, data, settings, x, y)}
    if not args.threads:
        loops = {"plain": plain(network, data, settings, x, y)} | loops
    if args.torch:
        from unet_torch import loop

        for name, compiled in (("torch", False), ("torch compiled", True)):
            loops[name], count = loop(sizes, data, settings, x, y, compiled)
        own = sum(leaf.size for leaf in jax.tree.leaves(Model(network, data).init(0)))
        print(f"parameters: {own:,}, and {count:,} in PyTorch")
    side = jax.random.normal(jax.random.key(0), (2000, 2000))
    product = jax.jit(jnp.matmul)
    seconds = {name: [] for name in (*loops, "product")}
    for _ in range(args.rounds + 1):  # the first compiles
        for name, run in loops.items():
            began = time.perf_counter()
            run(args.steps)
            seconds[name].append((time.perf_counter() - began) / args.steps)
        began = time.perf_counter()
        jax.block_until_ready(product(side, side))
        seconds["product"].append(time.perf_counter() - began)
    middle = {name: np.median(values[1:]) for name, values in seconds.items()}
    work = 3 * Counted.work  # traced once, by the plain loop
    for name in loops:
        rate = args.batch / middle[name]
        done = f"{rate * work / 1e9:7.0f} GFLOP/s" if work else ""
        print(f"{name:14s} {1e3 * middle[name]:8.1f} ms a step {rate:8.0f} images/s {done}")
    if "plain" in middle:
        for name in loops:
            print(f"ours / {name}: {middle[name] / middle['ours']:.2f} times as fast")
    print(f"matrix product: {2 * 2000**3 / middle['product'] / 1e9:.0f} GFLOP/s")


if __name__ == "__main__":
    main()
