"""Exact denoisers of joint Gaussians and of Gaussian mixtures: the oracle that every estimator,
sampler and schedule is tested with.

Both are pytrees and follow the denoiser contract of `process/denoise.py`, in v-form: for N(m, S),
with `r = z - a m`, the field is `v = a b (1 - S) (a^2 S + b^2)^{-1} r - b m`.
"""

from dataclasses import dataclass
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np

from diffinfo.process.denoise import gaussian_v
from diffinfo.process.forward import coefficients


@partial(
    jax.tree_util.register_dataclass,
    data_fields=["gain", "offset", "basis", "eigenvalues"],
    meta_fields=[],
)
@dataclass
class _Gaussian:
    """The field of N(offset + gain y, basis diag(eigenvalues) basis^T); `gain` is `(D_X, D_Y)`, or
    `(D_X, 0)` without a condition.
    """

    gain: jax.Array
    offset: jax.Array
    basis: jax.Array
    eigenvalues: jax.Array

    @classmethod
    def of(cls, mean, covariance, gain):
        values, vectors = np.linalg.eigh(np.asarray(covariance, float))
        arrays = (gain, mean, vectors, np.maximum(values, 0.0))
        return cls(*(jnp.asarray(array, jnp.float32) for array in arrays))

    def __call__(self, z, lam, y):
        a, b = coefficients(lam, z)
        mean = self.offset + y @ self.gain.T
        rotated = (z - a * mean) @ self.basis
        total = a**2 * self.eigenvalues + b**2
        field = gaussian_v(rotated, mean @ self.basis, self.eigenvalues, total, a, b)
        return field @ self.basis.T


@partial(jax.tree_util.register_dataclass, data_fields=["marginal", "conditional"], meta_fields=[])
@dataclass
class GaussianDenoiser:
    """Exact field of a joint Gaussian, of `x` alone and given `y` (Eqs. 53-58). Shapes: z `(N,
    D_X)`, y `(N, D_Y)`.

    Use `GaussianDenoiser.of(mean_x, cov_x)` for data without a condition and
    `GaussianDenoiser.of(mean_x, cov_x, cov_xy, cov_y)` for a joint Gaussian with E[y] = 0.
    Raises: ValueError when one without a condition is called with y.
    """

    marginal: _Gaussian
    conditional: _Gaussian | None

    @classmethod
    def of(cls, mean_x, cov_x, cov_xy=None, cov_y=None):
        marginal = _Gaussian.of(mean_x, cov_x, np.zeros((len(mean_x), 0)))
        if cov_xy is None:
            return cls(marginal, None)
        gain = np.linalg.solve(cov_y, np.asarray(cov_xy).T).T
        covariance = cov_x - gain @ np.asarray(cov_xy).T
        return cls(marginal, _Gaussian.of(mean_x, (covariance + covariance.T) / 2, gain))

    def __call__(self, z, lam, y=None):
        with jax.default_matmul_precision("highest"):
            if y is None:
                return self.marginal(z, lam, jnp.zeros((z.shape[0], 0), z.dtype))
            if self.conditional is None:
                raise ValueError(
                    "this GaussianDenoiser has no condition: build it with cov_xy and cov_y"
                )
            return self.conditional(z, lam, y)


@partial(
    jax.tree_util.register_dataclass,
    data_fields=["means", "variances", "log_weights", "component_class"],
    meta_fields=[],
)
@dataclass
class MixtureDenoiser:
    """Exact field of a mixture of isotropic Gaussians with labels: component j is N(means[j],
    variances[j] I).

    Shapes: means `(J, D)`, variances `(J,)`, log_weights `(J,)`, component_class `(J,)` integers.
    Given labels `y` `(N,)`, only the components of that class keep their weight. `z` may have any
    shape `(N, ...)` with D entries per example.
    """

    means: jax.Array
    variances: jax.Array
    log_weights: jax.Array
    component_class: jax.Array

    @classmethod
    def of(cls, means, variances, weights, component_class):
        means = jnp.asarray(means, jnp.float32)
        variances = jnp.broadcast_to(jnp.asarray(variances, jnp.float32), means.shape[:1])
        log_weights = jnp.log(jnp.asarray(weights, jnp.float32) / np.sum(weights))
        return cls(means, variances, log_weights, jnp.asarray(component_class, jnp.int32))

    def __call__(self, z, lam, y=None):
        flat = z.reshape(z.shape[0], 1, -1)
        a, b = coefficients(lam, flat)
        residual = flat - a * self.means
        variances = self.variances[:, None]
        total = a**2 * variances + b**2
        squares = jnp.sum(residual**2 / total + jnp.log(total), axis=-1)
        log_posterior = self.log_weights - 0.5 * squares
        if y is not None:
            log_posterior = jnp.where(self.component_class == y[:, None], log_posterior, -jnp.inf)
        posterior = jax.nn.softmax(log_posterior, axis=-1)[..., None]
        # It is written out again because sharing `total` changes how XLA fuses, and so rounds.
        fields = gaussian_v(residual, self.means, variances, a**2 * variances + b**2, a, b)
        return jnp.sum(posterior * fields, axis=1).reshape(z.shape)
