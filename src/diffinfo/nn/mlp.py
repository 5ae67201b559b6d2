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


def _log_radius(v: jax.Array) -> jax.Array:
    """Half the log of the mean square, `(N, D) -> (N, 1)`: what matters for scale mixtures, and hard to learn from entries."""
    return 0.5 * jnp.log(jnp.mean(v**2, axis=-1, keepdims=True) + 1e-2)


class MLP(nnx.Module):
    """`(z (N, D), lam (N,), y, present (N,)) -> (N, D)`; the condition is embedded and joined to the input.

    The output is `shift + gain z` with learnt shift and gain: exact fields are linear in z where the posterior is Gaussian.
    """

    def __init__(self, dim: int, condition: nnx.Module, condition_features: int, width: int, depth: int, *, rngs: nnx.Rngs):
        level_features = width // 2
        self.condition = condition
        self.level = LevelEmbedding(level_features, rngs=rngs)
        self.absence = nnx.Param(jnp.zeros(level_features))
        self.first = nnx.Linear(dim + condition_features + 2, width, rngs=rngs)
        self.blocks = nnx.List([_Block(width, level_features, rngs=rngs) for _ in range(depth)])
        self.last_modulation = nnx.Linear(level_features, width, kernel_init=nnx.initializers.zeros_init(), rngs=rngs)
        self.last = nnx.Linear(width, 2 * dim, kernel_init=nnx.initializers.zeros_init(), rngs=rngs)

    def __call__(self, z, lam, y, present, key=None):
        del key  # no dropout
        # One network may hold both fields: the absence of the condition modulates every block, as the level does.
        level = self.level(lam) + jnp.where(present[:, None], 0.0, self.absence[...])
        condition = self.condition(y, present)
        h = self.first(jnp.concatenate([z, condition, _log_radius(z), _log_radius(condition)], axis=-1))
        for block in self.blocks:
            h = block(h, level)
        shift, gain = jnp.split(self.last(h * (1 + self.last_modulation(level))), 2, axis=-1)
        return shift + gain * z
