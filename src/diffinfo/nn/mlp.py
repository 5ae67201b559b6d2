"""A residual perceptron for vectors, which the noise level modulates."""

import jax
import jax.numpy as jnp
from flax import nnx

from diffinfo.nn.embed import LevelEmbedding


class _Block(nnx.Module):
    """h + W2 silu((1 + scale) W1 h + shift), with scale and shift linear in the level's embedding.

    The level multiplies features, as it does in the exact Gaussian field.
    """

    def __init__(self, width: int, level_features: int, *, rngs: nnx.Rngs):
        self.inner = nnx.Linear(width, width, rngs=rngs)
        self.modulation = nnx.Linear(
            level_features, 2 * width, kernel_init=nnx.initializers.zeros_init(), rngs=rngs
        )
        self.outer = nnx.Linear(width, width, kernel_init=nnx.initializers.zeros_init(), rngs=rngs)

    def __call__(self, h: jax.Array, level: jax.Array) -> jax.Array:
        scale, shift = jnp.split(self.modulation(level), 2, axis=-1)
        return h + self.outer(jax.nn.silu(self.inner(h) * (1 + scale) + shift))


def _log_radius(v: jax.Array) -> jax.Array:
    """Half the log of the mean square, `(N, D) -> (N, 1)`.

    It is what matters for scale mixtures, and it is hard to learn from entries.
    """
    return 0.5 * jnp.log(jnp.mean(v**2, axis=-1, keepdims=True) + 1e-2)


class _Radial(nnx.Module):
    """A sum of `directions`, each `(N, D)`, whose factors depend on lengths and the level alone.

    The lengths are those of the directions and of the condition. Fields of elliptical laws are such
    sums, and there is little room to overfit them.
    """

    def __init__(self, directions: int, level_features: int, width: int, *, rngs: nnx.Rngs):
        self.inner = nnx.Linear(level_features + directions + 1, width, rngs=rngs)
        self.outer = nnx.Linear(
            width, directions, kernel_init=nnx.initializers.zeros_init(), rngs=rngs
        )

    def __call__(
        self, directions: tuple[jax.Array, ...], condition: jax.Array, level: jax.Array
    ) -> jax.Array:
        # The log-length of Gaussian vectors varies by 1 / sqrt(2 D), so these inputs vary by about
        # one; the outputs are divided so that steps along each direction are of about unit length.
        radii = [jnp.sqrt(2 * v.shape[-1]) * _log_radius(v) for v in (*directions, condition)]
        factors = self.outer(jax.nn.silu(self.inner(jnp.concatenate([level, *radii], axis=-1))))
        return jnp.einsum(
            "nk,nkd->nd", factors / jnp.sqrt(directions[0].shape[-1]), jnp.stack(directions, axis=1)
        )


class MLP(nnx.Module):
    """`(z (N, D), lam (N,), y, present (N,)) -> (N, D)`, where z and the embedded y are joined.

    The output is `shift + gain z` with learnt shift and gain: exact fields are linear in z where
    the posterior is Gaussian. directions: the number of vectors, z and those in `along`, whose
    weighted sum (`_Radial`) is added to the output; 0 for none. With depth 0 the output is that sum
    alone.
    """

    def __init__(
        self,
        dim: int,
        condition: nnx.Module,
        condition_features: int,
        width: int,
        depth: int,
        *,
        directions: int = 0,
        rngs: nnx.Rngs,
    ):
        level_features = width // 2
        self.condition = condition
        self.level = LevelEmbedding(level_features, rngs=rngs)
        self.absence = nnx.Param(jnp.zeros(level_features))
        self.blocks = nnx.List([_Block(width, level_features, rngs=rngs) for _ in range(depth)])
        if depth:
            self.first = nnx.Linear(dim + condition_features + 2, width, rngs=rngs)
            self.last_modulation = nnx.Linear(
                level_features, width, kernel_init=nnx.initializers.zeros_init(), rngs=rngs
            )
            self.last = nnx.Linear(
                width, 2 * dim, kernel_init=nnx.initializers.zeros_init(), rngs=rngs
            )
        self.radial = _Radial(directions, level_features, width, rngs=rngs) if directions else None

    def __call__(self, z, lam, y, present, key=None, along=()):
        del key  # there is no dropout
        # One network may hold both fields, so the absence of the condition modulates every block as
        # the level does.
        level = self.level(lam) + jnp.where(present[:, None], 0.0, self.absence[...])
        condition = self.condition(y, present)
        output = 0.0 if self.radial is None else self.radial((z, *along), condition, level)
        if not self.blocks:
            return output
        h = self.first(
            jnp.concatenate([z, condition, _log_radius(z), _log_radius(condition)], axis=-1)
        )
        for block in self.blocks:
            h = block(h, level)
        shift, gain = jnp.split(self.last(h * (1 + self.last_modulation(level))), 2, axis=-1)
        return output + shift + gain * z
