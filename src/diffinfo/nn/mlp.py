"""Residual perceptron for vectors, modulated by the noise level."""

import jax
import jax.numpy as jnp
from flax import nnx

from diffinfo.nn.embed import LevelEmbedding


class _Block(nnx.Module):
    """h + W2 silu((1 + scale) W1 h + shift): the level multiplies features, as the exact Gaussian field does."""

    def __init__(self, width: int, level_features: int, *, rngs: nnx.Rngs):
        self.inner = nnx.Linear(width, width, rngs=rngs)
        self.modulation = nnx.Linear(level_features, 2 * width, kernel_init=nnx.initializers.zeros_init(), rngs=rngs)
        self.outer = nnx.Linear(width, width, kernel_init=nnx.initializers.zeros_init(), rngs=rngs)

    def __call__(self, h: jax.Array, level: jax.Array) -> jax.Array:
        scale, shift = jnp.split(self.modulation(level), 2, axis=-1)
        return h + self.outer(jax.nn.silu(self.inner(h) * (1 + scale) + shift))


class MLP(nnx.Module):
    """`(z (N, D), lam (N,), y, present (N,)) -> (N, D)`; the condition is embedded and joined to the input."""

    def __init__(self, dim: int, condition: nnx.Module, condition_features: int, width: int, depth: int, *, rngs: nnx.Rngs):
        level_features = width // 2
        self.condition = condition
        self.level = LevelEmbedding(level_features, rngs=rngs)
        self.absence = nnx.Param(jnp.zeros(level_features))
        self.first = nnx.Linear(dim + condition_features, width, rngs=rngs)
        self.blocks = nnx.List([_Block(width, level_features, rngs=rngs) for _ in range(depth)])
        self.last_modulation = nnx.Linear(level_features, width, kernel_init=nnx.initializers.zeros_init(), rngs=rngs)
        self.last = nnx.Linear(width, dim, kernel_init=nnx.initializers.zeros_init(), rngs=rngs)

    def __call__(self, z, lam, y, present, key=None):
        del key  # no dropout
        # One network may hold both fields: the absence of the condition modulates every block, as the level does.
        level = self.level(lam) + jnp.where(present[:, None], 0.0, self.absence[...])
        h = self.first(jnp.concatenate([z, self.condition(y, present)], axis=-1))
        for block in self.blocks:
            h = block(h, level)
        return self.last(h * (1 + self.last_modulation(level)))
