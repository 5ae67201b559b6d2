"""What a training step of a config's image experiment costs on an accelerator.

    python benchmarks/gpu.py --data cifar10.npz [--settings config/paper.yaml]
                             [--experiment cifar10] [--batch 128 512] [--seconds 10]

Prints, for each batch size, the seconds to compile, steps and images per second, and the model
FLOPs utilisation (MFU): three times the operations of a forward pass (as XLA counts them), per
second, over what a product of two 8192 x 8192 matrices in bfloat16 reaches on the same device.
"""

import argparse
import time

import jax
import jax.numpy as jnp
import numpy as np
from jax.flatten_util import ravel_pytree

from diffinfo.config import read_settings
from diffinfo.data.dataset import load_dataset
from diffinfo.nn.build import network_of
from diffinfo.train.loop import Trainer, default_chunk, make_objective, summarize
from diffinfo.train.step import initial_state


def matrix_limit(size: int, rounds: int = 20) -> float:
    """Operations per second of a product of two random matrices in bfloat16."""
    a, b = (jax.random.normal(jax.random.key(i), (size, size), jnp.bfloat16) for i in range(2))
    multiply = jax.jit(jnp.matmul)
    jax.block_until_ready(multiply(a, b))
    began = time.perf_counter()
    for _ in range(rounds):
        product = multiply(a, b)
    jax.block_until_ready(product)
    return 2 * size**3 * rounds / (time.perf_counter() - began)


def forward_work(model, constants) -> float:
    """Operations of the field of one image, as XLA counts them before it optimises."""
    params = model.init(0) | constants
    z, lam, y = jnp.zeros((1, *model.data.shape)), jnp.zeros(1), model.data.null_condition(1)

    def field(params, z, lam, y):
        return model.at(params, z, lam)(y, jnp.ones(1))

    with jax.default_device(jax.devices("cpu")[0]):  # GPUs do not count
        params, z, lam, y = jax.tree.map(np.asarray, (params, z, lam, y))
        return jax.jit(field).lower(params, z, lam, y).cost_analysis()["flops"]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", required=True, help="the .npz of the data stage")
    parser.add_argument("--settings", default="config/paper.yaml")
    parser.add_argument("--experiment", default="cifar10", help="of fields from one network")
    parser.add_argument("--batch", type=int, nargs="+", default=(128, 512))
    parser.add_argument("--seconds", type=float, default=10.0, help="of each measurement")
    parser.add_argument("--matrix", type=int, default=8192)
    args = parser.parse_args()

    settings = read_settings(args.settings, args.experiment, ("process", "network", "train"))
    dataset = load_dataset(args.data)
    model = network_of(settings["network"], summarize(dataset))
    constants = jax.tree.map(jnp.asarray, model.constants(dataset))
    work, limit = forward_work(model, constants), matrix_limit(args.matrix)
    print(
        f"{jax.devices()[0].device_kind}: matrix products {limit / 1e12:.1f} TFLOP/s; "
        f"one field of one image {work / 1e9:.2f} GFLOP",
        flush=True,
    )
    x, y = jnp.asarray(dataset.x_train), jnp.asarray(dataset.y_train)
    key, chunk = jax.random.key(0), default_chunk(model)
    for batch in args.batch:
        train = settings["train"] | {"batch": batch}
        trainer = Trainer(model, make_objective(train, settings["process"]), train)
        params = model.init(0)
        flat, unravel = ravel_pytree(params)
        state, metrics = initial_state(params, trainer._optimizer), None

        began = time.perf_counter()
        state, metrics = trainer._run(state, x, y, constants, key, unravel, chunk)
        jax.block_until_ready(metrics)
        compiled, steps, began = time.perf_counter() - began, 0, time.perf_counter()
        while time.perf_counter() - began < args.seconds:
            state, metrics = trainer._run(state, x, y, constants, key, unravel, chunk)
            jax.block_until_ready(metrics)
            steps += chunk
        rate = steps / (time.perf_counter() - began)
        print(
            f"batch {batch}: {flat.size / 1e6:.1f} M parameters, first {chunk} steps in "
            f"{compiled:.1f} s, then {rate:.2f} steps/s, {rate * batch:.0f} images/s, "
            f"{3 * work * batch * rate / 1e12:.1f} TFLOP/s, "
            f"MFU {3 * work * batch * rate / limit:.1%}",
            flush=True,
        )


if __name__ == "__main__":
    main()
