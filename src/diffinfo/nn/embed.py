"""Embeddings of the noise level and of the condition, with an explicit null token."""

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx

# Fields vary over about one nat of log-SNR, so the slowest wave spans the whole axis and the
# fastest about two nats.
SLOWEST, FASTEST = 0.05, 3.0


class LevelEmbedding(nnx.Module):
    """log-SNR `(N,)` -> `(N, features)`: sines and cosines of lam, then a two-layer perceptron."""

    def __init__(self, features: int, *, waves: int = 32, rngs: nnx.Rngs):
        self.frequencies = tuple(np.geomspace(SLOWEST, FASTEST, waves).tolist())
        self.inner = nnx.Linear(2 * waves, features, rngs=rngs)
        self.outer = nnx.Linear(features, features, rngs=rngs)

    def __call__(self, lam: jax.Array) -> jax.Array:
        phase = lam[:, None] * jnp.asarray(self.frequencies, lam.dtype)
        waves = jnp.concatenate([jnp.sin(phase), jnp.cos(phase)], axis=-1)
        return jax.nn.silu(self.outer(jax.nn.silu(self.inner(waves))))


class LabelEmbedding(nnx.Module):
    """Labels `(N,)` and presence `(N,)` -> `(N, features)`; row `classes` of the table is the null
    token.
    """

    def __init__(self, classes: int, features: int, *, rngs: nnx.Rngs):
        self.classes = classes
        # As large as the level's embedding, which it is added to: Flax's default is too small for
        # labels to be learnt soon.
        self.table = nnx.Embed(
            classes + 1, features, embedding_init=nnx.initializers.normal(1.0), rngs=rngs
        )

    def __call__(self, y: jax.Array, present: jax.Array) -> jax.Array:
        return self.table(jnp.where(present, y, self.classes))


class Statistic(nnx.Variable):
    """Of the training data. It lies with the parameters, so that programs for data of one shape are
    the same; never trained.
    """


class VectorCondition(nnx.Module):
    """Real conditions `(N, D_Y)`, standardised with training statistics, and presence `(N,)` ->
    `(N, D_Y)`.

    Where the condition is absent a learned null vector stands in its place.
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
