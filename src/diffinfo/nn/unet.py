"""Networks for images `(N, H, W, C)`: a U-Net of residual blocks that the noise level and the
condition modulate, and a classifier that is the first half of one.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence, Sized

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx

from diffinfo.nn.conv import Conv3x3
from diffinfo.nn.embed import LevelEmbedding

_ZERO = nnx.initializers.zeros_init()


class GroupNorm(nnx.Module):
    """Group normalisation of `(N, H, W, C)`; `scale` and `shift`, each `(N, C)`, may modulate it.

    The function is Flax's, in half the time on CPUs: pixels are read once for their moments and
    once for one multiplication and addition per channel. Moments and factors are float32.
    """

    def __init__(self, channels: int):
        self.groups = next(g for g in (8, 4, 2, 1) if channels % g == 0)
        self.scale, self.bias = nnx.Param(jnp.ones(channels)), nnx.Param(jnp.zeros(channels))

    def __call__(
        self, h: jax.Array, scale: jax.Array | None = None, shift: jax.Array | None = None
    ) -> jax.Array:
        n, channels = len(h), h.shape[-1]
        full = h.astype(jnp.float32)
        mean, square = (
            jnp.mean(jnp.mean(moment, axis=(1, 2)).reshape(n, self.groups, -1), axis=-1)
            for moment in (full, full * full)
        )
        inverse = jax.lax.rsqrt(jnp.maximum(square - mean**2, 0.0) + 1e-6)
        mean, inverse = (
            jnp.repeat(value, channels // self.groups, axis=1) for value in (mean, inverse)
        )
        factor = inverse * self.scale[...].astype(jnp.float32)
        offset = self.bias[...].astype(jnp.float32) - mean * factor
        if scale is not None:
            factor, offset = factor * (1 + scale), offset * (1 + scale) + shift
        return (full * factor[:, None, None] + offset[:, None, None]).astype(h.dtype)


class _ResidualBlock(nnx.Module):
    """Twice GroupNorm, silu and a 3x3 convolution; the embedding modulates the second norm."""

    def __init__(
        self, c_in: int, c_out: int, features: int, dropout: float, attention: bool, rngs: nnx.Rngs
    ):
        self.norm_in, self.norm_out = GroupNorm(c_in), GroupNorm(c_out)
        self.conv_in = Conv3x3(c_in, c_out, rngs=rngs)
        self.conv_out = Conv3x3(c_out, c_out, kernel_init=_ZERO, rngs=rngs)
        self.modulation = nnx.Linear(features, 2 * c_out, kernel_init=_ZERO, rngs=rngs)
        self.skip = None if c_in == c_out else nnx.Linear(c_in, c_out, rngs=rngs)
        self.dropout = nnx.Dropout(dropout)
        self.attention = _Attention(c_out, rngs) if attention else None

    def __call__(self, h: jax.Array, embedding: jax.Array, key: jax.Array | None) -> jax.Array:
        scale, shift = jnp.split(self.modulation(embedding), 2, axis=-1)
        update = self.conv_in(jax.nn.silu(self.norm_in(h)))
        update = jax.nn.silu(self.norm_out(update, scale, shift))
        update = self.dropout(update, deterministic=key is None, rngs=key)
        h = (h if self.skip is None else self.skip(h)) + self.conv_out(update)
        return h if self.attention is None else self.attention(h)


class _Attention(nnx.Module):
    """Single-head self-attention over all pixels, added to its input; what is added starts at 0."""

    def __init__(self, channels: int, rngs: nnx.Rngs):
        self.norm = GroupNorm(channels)
        self.query_key_value = nnx.Linear(channels, 3 * channels, rngs=rngs)
        self.out = nnx.Linear(channels, channels, kernel_init=_ZERO, rngs=rngs)

    def __call__(self, h: jax.Array) -> jax.Array:
        n, height, width, channels = h.shape
        projected = self.query_key_value(self.norm(h).reshape(n, height * width, 1, channels))
        attended = jax.nn.dot_product_attention(*jnp.split(projected, 3, axis=-1))
        return h + self.out(attended.reshape(h.shape))


def to_depth(z: jax.Array, patch: int) -> jax.Array:
    """`(N, H, W, C) -> (N, ceil(H / patch), ceil(W / patch), patch^2 C)`.

    Each square of pixels becomes the channels of one pixel; zeros fill up the last squares.
    """
    n, height, width, c = z.shape
    z = jnp.pad(z, ((0, 0), (0, -height % patch), (0, -width % patch), (0, 0)))
    rows, columns = z.shape[1] // patch, z.shape[2] // patch
    return (
        z.reshape(n, rows, patch, columns, patch, c)
        .swapaxes(2, 3)
        .reshape(n, rows, columns, patch**2 * c)
    )


def from_depth(h: jax.Array, patch: int, shape: tuple[int, ...]) -> jax.Array:
    """The inverse of `to_depth`, cropped to `shape` `(N, H, W, C)`."""
    n, rows, columns, _ = h.shape
    h = (
        h.reshape(n, rows, columns, patch, patch, -1)
        .swapaxes(2, 3)
        .reshape(n, rows * patch, columns * patch, -1)
    )
    return h[:, : shape[1], : shape[2]]


def _halved(h: jax.Array) -> jax.Array:
    halved = nnx.avg_pool(h, (2, 2), strides=(2, 2), padding="SAME", count_include_pad=False)
    return halved.astype(h.dtype)  # avg_pool divides by float32 counts


def _way_down(
    channels: Sequence[int], blocks: int, block: Callable[[int, int, int], nnx.Module]
) -> nnx.List:
    """One stage of `blocks` blocks per width; `block(c_in, c_out, stage)` makes a block."""
    current, stages = channels[0], []
    for i, width in enumerate(channels):
        stage = []
        for _ in range(blocks):
            stage.append(block(current, width, i))
            current = width
        stages.append(nnx.List(stage))
    return nnx.List(stages)


def _dropout_keys(key: jax.Array | None, stages: Iterable[Sized]) -> Iterator[jax.Array | None]:
    """A key for every block of the stages, in the order of the forward pass; None without `key`."""
    blocks = sum(len(stage) for stage in stages)
    return iter([None] * blocks if key is None else jax.random.split(key, blocks))


class UNet(nnx.Module):
    """`(z (N, H, W, C_in), lam (N,), y, present (N,), key) -> (N, H, W, C)`.

    shape: that of one output, `(H, W, C)`. First each square of `patch` pixels a side becomes the
    channels of one pixel (`to_depth`). `channels` gives the widths at the resolution after that, at
    half of it, at a quarter and so on; `attention` lists the heights of the feature maps that
    attend. A `key` switches dropout on. Odd sizes are rounded up when halved, and cropped on the
    way back.
    """

    def __init__(
        self,
        shape: tuple[int, int, int],
        c_in: int,
        condition: nnx.Module,
        condition_features: int,
        patch: int,
        channels: Sequence[int],
        blocks: int,
        attention: Sequence[int],
        embedding: int,
        dropout: float,
        *,
        rngs: nnx.Rngs,
    ):
        height = -(-shape[0] // patch)
        self.patch = patch
        self.condition = condition
        self.level = LevelEmbedding(embedding, rngs=rngs)
        self.condition_in = nnx.Linear(condition_features, embedding, rngs=rngs)
        self.first = Conv3x3(c_in * patch**2, channels[0], rngs=rngs)

        def block(c_in: int, c_out: int, stage: int) -> _ResidualBlock:
            attends = -(-height // 2**stage) in attention
            return _ResidualBlock(c_in, c_out, embedding, dropout, attends, rngs)

        self.down = _way_down(channels, blocks, block)
        current, skips = channels[-1], [channels[0], *np.repeat(channels, blocks).tolist()]
        self.middle = block(current, current, len(channels) - 1)
        up = []
        for i, width in reversed(list(enumerate(channels))):
            stage = []
            for _ in range(blocks):
                stage.append(block(current + skips.pop(), width, i))
                current = width
            up.append(nnx.List(stage))
        self.up = nnx.List(up)
        self.last_norm = GroupNorm(current + skips.pop())
        c_out = shape[2] * patch**2
        self.last = Conv3x3(current + channels[0], c_out, kernel_init=_ZERO, rngs=rngs)

    def __call__(self, z, lam, y, present, key=None):
        embedding = jax.nn.silu(
            self.level(lam) + self.condition_in(self.condition(y, present))
        ).astype(z.dtype)
        keys = _dropout_keys(key, [*self.down, [self.middle], *self.up])
        h = self.first(to_depth(z, self.patch))
        skips, sizes = [h], []
        for i, stage in enumerate(self.down):
            if i > 0:
                sizes.append(h.shape[1:3])
                h = _halved(h)
            for block in stage:
                h = block(h, embedding, next(keys))
                skips.append(h)
        h = self.middle(h, embedding, next(keys))
        for i, stage in enumerate(self.up):
            if i > 0:
                height, width = sizes.pop()
                h = jnp.repeat(jnp.repeat(h, 2, axis=1), 2, axis=2)[:, :height, :width]
            for block in stage:
                h = block(jnp.concatenate([h, skips.pop()], axis=-1), embedding, next(keys))
        h = jnp.concatenate([h, skips.pop()], axis=-1)
        return from_depth(self.last(jax.nn.silu(self.last_norm(h))), self.patch, z.shape)


class Classifier(nnx.Module):
    """`(z (N, H, W, C_in), lam (N,), key) -> logits (N, classes)`.

    It is the way down of a `UNet`, then the mean over pixels and a dense layer.
    """

    def __init__(
        self,
        c_in: int,
        classes: int,
        patch: int,
        channels: Sequence[int],
        blocks: int,
        embedding: int,
        dropout: float,
        *,
        rngs: nnx.Rngs,
    ):
        self.patch = patch
        self.level = LevelEmbedding(embedding, rngs=rngs)
        self.first = Conv3x3(c_in * patch**2, channels[0], rngs=rngs)

        def block(c_in: int, c_out: int, _stage: int) -> _ResidualBlock:
            return _ResidualBlock(c_in, c_out, embedding, dropout, False, rngs)

        self.down = _way_down(channels, blocks, block)
        self.last_norm = GroupNorm(channels[-1])
        self.last = nnx.Linear(channels[-1], classes, kernel_init=_ZERO, rngs=rngs)

    def __call__(self, z, lam, key=None):
        embedding = jax.nn.silu(self.level(lam)).astype(z.dtype)
        keys = _dropout_keys(key, self.down)
        h = self.first(to_depth(z, self.patch))
        for i, stage in enumerate(self.down):
            h = _halved(h) if i > 0 else h
            for block in stage:
                h = block(h, embedding, next(keys))
        return self.last(jnp.mean(jax.nn.silu(self.last_norm(h)), axis=(1, 2)))
