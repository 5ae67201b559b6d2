"""Features of images and of vectors that tell as much of each other as Gaussians could."""

import math
from collections.abc import Sequence

import jax
import jax.numpy as jnp
from flax import nnx

from diffinfo.nn.autoencoder import convolutions_of, patches

_RIDGE = 1e-4  # of a feature's variance: no correlation in a batch comes closer to one


class ImageFeatures(nnx.Module):
    """`x (N, H, W, C)` -> `(N, K)`: a linear map of the pixels, and a convolutional network.

    The network has one 4x4 convolution of stride 2 for each of `channels` and a hidden layer.
    """

    def __init__(
        self, shape: tuple[int, int, int], channels: Sequence[int], count: int, *, rngs: nnx.Rngs
    ):
        self.linear = nnx.Linear(math.prod(shape), count, rngs=rngs)
        self.convolutions, left = convolutions_of(shape, channels, rngs)
        self.hidden = nnx.Linear(left, 128, rngs=rngs)
        self.last = nnx.Linear(128, count, rngs=rngs)

    def __call__(self, x: jax.Array) -> jax.Array:
        h = x
        for convolution in self.convolutions:
            h = jax.nn.silu(convolution(patches(h)))
        h = jax.nn.silu(self.hidden(h.reshape(len(x), -1)))
        return self.linear(x.reshape(len(x), -1)) + self.last(h)


class VectorFeatures(nnx.Module):
    """`y (N, D)` -> `(N, K)`: a linear map, and a perceptron of two hidden layers."""

    def __init__(self, dim: int, width: int, count: int, *, rngs: nnx.Rngs):
        self.linear = nnx.Linear(dim, count, rngs=rngs)
        self.first = nnx.Linear(dim, width, rngs=rngs)
        self.second = nnx.Linear(width, width, rngs=rngs)
        self.last = nnx.Linear(width, count, rngs=rngs)

    def __call__(self, y: jax.Array) -> jax.Array:
        h = jax.nn.silu(self.second(jax.nn.silu(self.first(y))))
        return self.linear(y) + self.last(h)


def gaussian_information(f: jax.Array, g: jax.Array) -> jax.Array:
    """Return `-1/2 log det(1 - T T')` of features f, g `(N, K)`, in nats.

    T is the matrix of correlations after both are whitened. It is the information of jointly
    Gaussian features with these moments.
    """
    f, g, one = f - f.mean(0), g - g.mean(0), jnp.eye(f.shape[1])
    roots = []
    for values in (f, g):
        covariance = values.T @ values / len(values)
        roots.append(
            jnp.linalg.cholesky(covariance + _RIDGE * jnp.trace(covariance) / len(one) * one)
        )
    cross = f.T @ g / len(f)
    half = jax.scipy.linalg.solve_triangular(roots[0], cross, lower=True)
    whitened = jax.scipy.linalg.solve_triangular(roots[1], half.T, lower=True).T
    return -0.5 * jnp.linalg.slogdet(one - whitened @ whitened.T)[1]
