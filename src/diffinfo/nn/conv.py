"""3x3 convolutions whose gradients are fast on CPUs, too: the function is the usual one."""

import math

import jax
import jax.numpy as jnp
from flax import nnx

from diffinfo.spread import over_shares

_DIMENSIONS = ("NHWC", "HWIO", "NHWC")
_FEW = 4  # up to so many outputs are those of a picture, not features
_FAN_IN = nnx.initializers.lecun_normal()


def _plain(x: jax.Array, kernel: jax.Array) -> jax.Array:
    return jax.lax.conv_general_dilated(x, kernel, (1, 1), "SAME", dimension_numbers=_DIMENSIONS)


def _kernel_gradient_on_cpu(x: jax.Array, gradient: jax.Array) -> jax.Array:
    """The kernel's gradient as a forward convolution of x with `gradient` as the kernel.

    Images take the place of channels, a few at a time so that they fit the cache. The transposed
    arrays are made, not implied: only convolutions in the usual layout are fast on CPUs, and inside
    loops all others are a hundred times slower.
    """
    return over_shares(_summed_over_images, x, gradient, sums=True)


def _summed_over_images(x: jax.Array, gradient: jax.Array) -> jax.Array:
    few = math.gcd(len(x), 4)

    def add(total, images):
        x, gradient = jax.lax.optimization_barrier(
            (images[0].transpose(3, 1, 2, 0), images[1].transpose(1, 2, 0, 3))
        )
        product = jax.lax.conv_general_dilated(
            x, gradient, (1, 1), ((1, 1), (1, 1)), dimension_numbers=_DIMENSIONS
        )
        return total + product, None

    zero = jnp.zeros((x.shape[-1], 3, 3, gradient.shape[-1]), x.dtype)
    pieces = [array.reshape(-1, few, *array.shape[1:]) for array in (x, gradient)]
    return jax.lax.scan(add, zero, pieces)[0].transpose(1, 2, 0, 3)


def _kernel_gradient_plain(x: jax.Array, gradient: jax.Array) -> jax.Array:
    shape = jax.ShapeDtypeStruct((3, 3, x.shape[-1], gradient.shape[-1]), x.dtype)
    return jax.linear_transpose(lambda kernel: _plain(x, kernel), shape)(gradient)[0]


def _to_few(x: jax.Array, kernel: jax.Array) -> jax.Array:
    """`convolve` in half the time on CPUs where outputs are few.

    It is one matrix product with all nine taps, and the sum of nine shifted copies of the outputs.
    """
    n, height, width, c_in = x.shape
    taps = x.reshape(-1, c_in) @ kernel.transpose(2, 0, 1, 3).reshape(c_in, -1)
    taps = jnp.pad(
        taps.reshape(n, height, width, 3, 3, -1), ((0, 0), (1, 1), (1, 1), (0, 0), (0, 0), (0, 0))
    )
    return sum(taps[:, i : i + height, j : j + width, i, j] for i in range(3) for j in range(3))


@jax.custom_vjp
def convolve(x: jax.Array, kernel: jax.Array) -> jax.Array:
    """`x (N, H, W, C_in)` convolved with `kernel (3, 3, C_in, C_out)`: `(N, H, W, C_out)`.

    The edges are padded with zeros.
    """
    return _plain(x, kernel)


def _forward(x, kernel):
    return _plain(x, kernel), (x, kernel)


def _backward(saved, gradient):
    x, kernel = saved
    # The transpose of a 3x3 convolution is one with the kernel turned round, which is as fast as a
    # forward pass.
    of_x = _plain(gradient, jnp.flip(kernel, (0, 1)).swapaxes(2, 3))
    of_kernel = jax.lax.platform_dependent(
        x, gradient, cpu=_kernel_gradient_on_cpu, default=_kernel_gradient_plain
    )
    return of_x, of_kernel


convolve.defvjp(_forward, _backward)


class Conv3x3(nnx.Module):
    """`convolve` with a learnt kernel and bias."""

    def __init__(self, c_in: int, c_out: int, *, kernel_init=_FAN_IN, rngs: nnx.Rngs):
        self.kernel = nnx.Param(kernel_init(rngs.params(), (3, 3, c_in, c_out)))
        self.bias = nnx.Param(jnp.zeros(c_out))

    def __call__(self, x: jax.Array) -> jax.Array:
        kernel = self.kernel[...]
        convolved = _to_few(x, kernel) if kernel.shape[-1] <= _FEW else convolve(x, kernel)
        return convolved + self.bias[...]
