"""GFLOP/s of one 3x3 convolution, forward and backward: ours, XLA's own, and a matrix product.

    python benchmarks/conv.py [--shape 64 28 28 32] [--out 32] [--rounds 5]

Rounds are interleaved, and the median of each is printed. The work is
3 (forward, gradient of x, gradient of the kernel) x 2 x 9 x N H W C_in C_out.
"""

import argparse
import time

import jax
import jax.numpy as jnp
import numpy as np

from diffinfo.nn.conv import _plain, convolve


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--shape", type=int, nargs=4, default=(64, 28, 28, 32))
    parser.add_argument("--out", type=int, default=32)
    parser.add_argument("--rounds", type=int, default=5)
    args = parser.parse_args()
    keys = jax.random.split(jax.random.key(0), 3)
    x = jax.random.normal(keys[0], args.shape)
    kernel = jax.random.normal(keys[1], (3, 3, args.shape[-1], args.out)) / 17
    weight = jax.random.normal(keys[2], (*args.shape[:3], args.out))
    side = jax.random.normal(keys[0], (2000, 2000))
    flop = 6 * 9 * np.prod(args.shape) * args.out

    def gradients(function):
        return jax.jit(
            jax.value_and_grad(
                lambda x, kernel: jnp.sum(weight * function(x, kernel)), argnums=(0, 1)
            )
        )

    def scanned(function):
        """Ten in one dispatch, each depending on the one before, as in a chunk of training."""

        def step(carry, _):
            x, kernel = carry
            _, (of_x, of_kernel) = jax.value_and_grad(
                lambda x, k: jnp.sum(weight * function(x, k)), argnums=(0, 1)
            )(x, kernel)
            return (x + 1e-6 * of_x, kernel + 1e-6 * of_kernel), None

        return jax.jit(lambda x, kernel: jax.lax.scan(step, (x, kernel), None, length=10))

    calls = {
        "XLA's own": (gradients(_plain), (x, kernel), flop),
        "ours": (gradients(convolve), (x, kernel), flop),
        "XLA's own, scanned": (scanned(_plain), (x, kernel), 10 * flop),
        "ours, scanned": (scanned(convolve), (x, kernel), 10 * flop),
        "matrix product 2000^3": (jax.jit(jnp.matmul), (side, side), 2 * 2000**3),
    }
    seconds = {name: [] for name in calls}
    for _ in range(args.rounds + 1):
        for name, (call, inputs, _) in calls.items():
            began = time.perf_counter()
            jax.block_until_ready(call(*inputs))
            seconds[name].append(time.perf_counter() - began)
    for name, (_, _, work) in calls.items():
        print(f"{name:24s} {work / np.median(seconds[name][1:]) / 1e9:8.1f} GFLOP/s")


if __name__ == "__main__":
    main()
