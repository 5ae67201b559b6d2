"""The halves of autoencoders of images: convolutional encoders, and the decoder of a VAE."""

from collections.abc import Sequence
from itertools import pairwise

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx

from diffinfo.nn.conv import Conv3x3
from diffinfo.nn.unet import to_depth


def patches(h: jax.Array) -> jax.Array:
    """All 4x4 patches two pixels apart, `(N, H, W, C) -> (N, ceil(H / 2), ceil(W / 2), 16 C)`.

    The picture is padded with zeros.
    """
    _, height, width, _ = h.shape
    cells = to_depth(jnp.pad(h, ((0, 0), (1, 1 + height % 2), (1, 1 + width % 2), (0, 0))), 2)
    rows = jnp.concatenate([cells[:, :-1], cells[:, 1:]], axis=-1)
    return jnp.concatenate([rows[:, :, :-1], rows[:, :, 1:]], axis=-1)


def convolutions_of(
    shape: tuple[int, int, int], channels: Sequence[int], rngs: nnx.Rngs
) -> tuple[nnx.List, int]:
    """4x4 convolutions of stride 2, one for each of `channels`, as dense layers for `patches`.

    With them the number of features that the last one leaves of an image of this shape.
    """
    (height, width, c_in), convolutions = shape, []
    for c_out in channels:
        convolutions.append(nnx.Linear(16 * c_in, c_out, rngs=rngs))
        height, width, c_in = -(-height // 2), -(-width // 2), c_out
    return nnx.List(convolutions), height * width * c_in


class Encoder(nnx.Module):
    """`x (N, H, W, C)` -> mean and log-variance of q(z|x), each `(N, D_Z)` (Eq. 62).

    It has one 4x4 convolution of stride 2 for each of `channels`, then a dense layer. Each
    convolution is one matrix product over patches, which is fast on every device and inside
    compiled loops.
    """

    def __init__(
        self, shape: tuple[int, int, int], channels: Sequence[int], latent: int, *, rngs: nnx.Rngs
    ):
        self.convolutions, features = convolutions_of(shape, channels, rngs)
        self.last = nnx.Linear(features, 2 * latent, rngs=rngs)

    def __call__(self, x: jax.Array) -> tuple[jax.Array, jax.Array]:
        for convolution in self.convolutions:
            x = jax.nn.relu(convolution(patches(x)))
        mean, log_variance = jnp.split(self.last(x.reshape(len(x), -1)), 2, axis=-1)
        return mean, jnp.clip(log_variance, -15.0, 5.0)


class Codes(nnx.Module):
    """Codes `(N, D)` as the condition of a decoder; none is absent, so `present` is ignored."""

    def __call__(self, y: jax.Array, present: jax.Array) -> jax.Array:
        del present
        return y


class GaussianDecoder(nnx.Module):
    """`codes (N, D)` -> means `(N, H, W, C)` and one log-deviation of all pixels (Eq. 64).

    A dense layer makes a small picture, and each stage doubles its size and convolves it.
    """

    def __init__(
        self, shape: tuple[int, int, int], channels: Sequence[int], codes: int, *, rngs: nnx.Rngs
    ):
        height, width, c_image = shape
        self.sizes = [(-(-height // 2**i), -(-width // 2**i)) for i in range(len(channels) + 1)]
        self.first = nnx.Linear(codes, int(np.prod(self.sizes[-1])) * channels[-1], rngs=rngs)
        widths = [channels[-1], *reversed(channels)]
        self.convolutions = nnx.List([Conv3x3(a, b, rngs=rngs) for a, b in pairwise(widths)])
        self.last = Conv3x3(channels[0], c_image, rngs=rngs)
        self.log_deviation = nnx.Param(jnp.zeros(()))

    def __call__(self, codes: jax.Array) -> tuple[jax.Array, jax.Array]:
        h = self.first(codes).reshape(len(codes), *self.sizes[-1], -1)
        for convolution, (height, width) in zip(
            self.convolutions, reversed(self.sizes[:-1]), strict=True
        ):
            h = jnp.repeat(jnp.repeat(jax.nn.silu(h), 2, axis=1), 2, axis=2)[:, :height, :width]
            h = convolution(h)
        return self.last(jax.nn.silu(h)), self.log_deviation[...]
