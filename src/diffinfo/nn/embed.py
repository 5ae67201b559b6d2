"""Embeddings of the noise level and of the condition, with an explicit null token."""

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx

# Fields vary over about one nat of log-SNR: the slowest wave spans the whole axis, and a period of
# the fastest is about two nats.
SLOWEST, FASTEST = 0.05, 3.0


class LevelEmbedding(nnx.Module):
    """log-SNR `(N,)` -> `(N, features)`: sines and cosines of lam, then two dense layers."""

    def __init__(self, features: int, *, waves: int = 32, rngs: nnx.Rngs):
        self.frequencies = tuple(np.geomspace(SLOWEST, FASTEST, waves).tolist())
        self.inner = nnx.Linear(2 * waves, features, rngs=rngs)
        self.outer = nnx.Linear(features, features, rngs=rngs)

    def __call__(self, lam: jax.Array) -> jax.Array:
        phase = lam[:, None] * jnp.asarray(self.frequencies, lam.dtype)
        waves = jnp.concatenate([jnp.sin(phase), jnp.cos(phase)], axis=-1)
        return jax.nn.silu(self.outer(jax.nn.silu(self.inner(waves))))


class LabelEmbedding(nnx.Module):
    """Labels `(N,)` and presence `(N,)` -> `(N, features)`.

    Row `classes` of the table is the null token.
    """

    def __init__(self, classes: int, features: int, *, rngs: nnx.Rngs):
        self.classes = classes
        # It is as large as the level's embedding, which it is added to; with Flax's default, which
        # is smaller, labels are learnt late.
        self.table = nnx.Embed(
            classes + 1, features, embedding_init=nnx.initializers.normal(1.0), rngs=rngs
        )

    def __call__(self, y: jax.Array, present: jax.Array) -> jax.Array:
        return self.table(jnp.where(present, y, self.classes))


class Statistic(nnx.Variable):
    """A statistic of the training data, which is never trained.

    It lies with the parameters so that programs for data of one shape are the same.
    """


class VectorCondition(nnx.Module):
    """Real conditions `(N, D_Y)` and presence `(N,)` -> `(N, D_Y)`.

    Conditions are standardised with training statistics; a learnt null vector stands in the place
    of one that is absent.
    """

    def __init__(self, mean, std, *, rngs: nnx.Rngs):
        del rngs
        self.mean, self.std = (
            Statistic(jnp.asarray(values, jnp.float32)) for values in (mean, std)
        )
        self.null = nnx.Param(jnp.zeros(len(mean)))

    def __call__(self, y: jax.Array, present: jax.Array) -> jax.Array:
        mean, std = jax.lax.stop_gradient((self.mean[...], self.std[...]))
        standard = (y - mean) / std
        return jnp.where(present[:, None], standard, self.null[...])
