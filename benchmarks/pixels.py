"""What the field of independent pixels adds to a training step: the same U-Net with and without it.

    python benchmarks/pixels.py [--rounds 5] [--steps 4] [--batch 64]

The images are noise of all 256 values, the most that the field can have to sum over. Rounds are
interleaved, and medians are printed. The networks are those of `config/mnist-cpu.yaml` for MNIST,
and as cheap ones as anybody would use for the larger images.
"""

import argparse
import dataclasses
import time

import jax
import numpy as np
from jax.flatten_util import ravel_pytree

from diffinfo.config import complete
from diffinfo.data.dataset import Dataset
from diffinfo.nn.build import network_of
from diffinfo.train.loop import Trainer, make_objective, summarize
from diffinfo.train.step import initial_state

CASES = {
    "28x28": ((28, 28, 1), {"patch": 2, "channels": [32, 64, 96], "attention": [7]}),
    "32x32x3": ((32, 32, 3), {"patch": 2, "channels": [48, 96, 128], "attention": [8]}),
    "64x64x3": ((64, 64, 3), {"patch": 4, "channels": [64, 96, 128], "attention": [8]}),
}


def _steps(shape, unet, pixels: bool, steps: int, batch: int):
    """A call that takes that many steps of training and waits for them."""
    rng = np.random.default_rng(0)
    x, y = rng.integers(0, 256, (512, *shape), dtype=np.uint8), rng.integers(0, 10, 512)
    data = Dataset(x, y.astype(np.int32), x, y, {"classes": 10})
    summary = dataclasses.replace(summarize(data), pixels=pixels)
    model = network_of(complete("network", {"fields": "one", "unet": unet}), summary)
    settings = complete("train", {"steps": 10_000, "batch": batch})
    trainer = Trainer(model, make_objective(settings, complete("process", {})), settings)
    params, constants = model.init(0), model.constants(data)
    _, unravel = ravel_pytree(params)
    state, key = initial_state(params, trainer._optimizer), jax.random.key(0)

    def call():
        nonlocal state
        state, _ = trainer._run(state, x, data.y_train, constants, key, unravel, steps)
        jax.block_until_ready(state)

    return call


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--steps", type=int, default=4)
    parser.add_argument("--batch", type=int, default=64)
    args = parser.parse_args()
    for name, (shape, unet) in CASES.items():
        calls = [_steps(shape, unet, pixels, args.steps, args.batch) for pixels in (False, True)]
        seconds = [[], []]
        for number in range(1 + args.rounds):  # The first compiles.
            for call, times in zip(calls, seconds, strict=True):
                began = time.perf_counter()
                call()
                times += [time.perf_counter() - began] if number else []
        plain, with_pixels = (1e3 * np.median(times) / args.steps for times in seconds)
        print(
            f"{name}: {plain:.0f} ms a step without, {with_pixels:.0f} with: "
            f"{with_pixels / plain:.3f} times",
            flush=True,
        )


if __name__ == "__main__":
    main()
