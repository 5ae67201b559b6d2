"""The objective of features against closed forms."""

import jax
import jax.numpy as jnp
import numpy as np

from diffinfo.nn.features import gaussian_information


def test_it_is_the_information_of_gaussians_and_sees_no_linear_map():
    rng = np.random.default_rng(0)
    rho, n = np.array([0.9, 0.5, 0.0]), 20000
    f, noise = rng.standard_normal((2, n, 3))
    g = rho * f + np.sqrt(1 - rho**2) * noise
    truth = -0.5 * np.log1p(-(rho**2)).sum()
    error = np.sqrt(3 * 3 / 2) / n + np.sqrt((rho**2).sum() / n)  # bias, and the rows' scatter
    found = float(gaussian_information(jnp.asarray(f), jnp.asarray(g)))
    assert abs(found - truth) < 4 * error
    mixed = float(gaussian_information(jnp.asarray(f @ rng.standard_normal((3, 3)) + 5), g))
    assert abs(mixed - found) < 0.02 * found, "but for the ridge"


def test_features_that_are_alike_have_finite_gradients():
    f = jax.random.normal(jax.random.key(0), (500, 2))
    value, gradient = jax.value_and_grad(gaussian_information)(f, f)
    assert np.isfinite(value)
    assert np.isfinite(gradient).all()
