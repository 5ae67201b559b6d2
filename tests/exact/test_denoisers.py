"""The oracle itself is held against brute force that shares no code with it."""

import jax
import jax.numpy as jnp
import numpy as np

from diffinfo.exact.denoisers import GaussianDenoiser, MixtureDenoiser
from diffinfo.exact.mixture import Mixture
from diffinfo.process.denoise import e_hat, eps_hat, score, x_hat

MEANS, VARIANCES, WEIGHTS, CLASSES = (
    np.array([[-2.0, 0.5], [0.5, 1.0], [2.0, -1.0]]),
    [0.04, 0.3, 0.1],
    [0.2, 0.5, 0.3],
    [0, 1, 0],
)


def _mixture_log_density(z, lam, keep=(True, True, True)):
    a, b2 = jnp.sqrt(jax.nn.sigmoid(lam)), jax.nn.sigmoid(-lam)
    total = a**2 * jnp.asarray(VARIANCES) + b2
    terms = (
        -0.5 * jnp.sum((z - a * MEANS) ** 2, -1) / total
        - jnp.log(total)
        + jnp.log(jnp.asarray(WEIGHTS))
    )
    return jax.scipy.special.logsumexp(jnp.where(jnp.asarray(keep), terms, -jnp.inf))


def test_mixture_score_is_the_gradient_of_its_log_density():
    denoiser = MixtureDenoiser.of(MEANS, VARIANCES, WEIGHTS, CLASSES)
    z = jax.random.normal(jax.random.key(0), (200, 2)) * 2
    lam = jnp.linspace(-6.0, 6.0, 200)
    for y, keep in (
        (None, (True, True, True)),
        (0, (True, False, True)),
        (1, (False, True, False)),
    ):
        labels = None if y is None else jnp.full(200, y)
        expected = jax.vmap(jax.grad(lambda z, lam, keep=keep: _mixture_log_density(z, lam, keep)))(
            z, lam
        )
        exact = score(denoiser(z, lam, labels), z, lam)
        np.testing.assert_allclose(exact, expected, rtol=2e-3, atol=2e-3)


def test_a_mixture_gives_the_denoiser_of_its_own_posterior():
    mixture = Mixture(MEANS, np.array(WEIGHTS), 0.09)
    x = np.random.default_rng(0).standard_normal((100, 2)) * 2
    for lam in (-2.0, 1.0, 5.0):
        a, levels = np.sqrt(1 / (1 + np.exp(-lam))), jnp.full(100, lam)
        z = jnp.asarray(a * x, jnp.float32)
        predicted = x_hat(mixture.denoiser()(z, levels), z, levels)
        np.testing.assert_allclose(predicted, mixture.denoise(x, np.exp(-lam)), atol=2e-5)


def test_gaussian_score_is_the_gradient_of_its_log_density(joint, oracle):
    rng = np.random.default_rng(0)
    x, y = joint.sample(50, rng)
    gain = joint.cov_xy @ np.linalg.inv(joint.cov_y)
    for lam in (-5.0, 0.0, 4.0, 9.0):
        alpha = 1 / (1 + np.exp(-lam))
        z = np.sqrt(alpha) * x + np.sqrt(1 - alpha) * rng.standard_normal(x.shape)
        levels = jnp.full(50, lam)
        for condition, mean, cov in (
            (None, 0 * x, joint.cov_x),
            (y, y @ gain.T, joint.cov_x_given_y),
        ):
            noised = alpha * cov + (1 - alpha) * np.eye(4)
            expected = -np.linalg.solve(noised, (z - np.sqrt(alpha) * mean).T).T
            argument = None if condition is None else jnp.asarray(condition, jnp.float32)
            z32 = jnp.asarray(z, jnp.float32)
            exact = score(oracle(z32, levels, argument), z32, levels)
            np.testing.assert_allclose(
                exact, expected, rtol=3e-3, atol=3e-3 * np.abs(expected).max()
            )


def test_nothing_is_stored_at_equilibrium():
    # Where p_d = p_eq, v* = 0 and e* = 0 at every level.
    denoiser = GaussianDenoiser.of(np.zeros(3), np.eye(3))
    z, lam = jax.random.normal(jax.random.key(1), (64, 3)), jnp.linspace(-8.0, 14.0, 64)
    v = denoiser(z, lam)
    assert jnp.abs(v).max() == 0
    assert jnp.abs(e_hat(v, z, lam)).max() == 0


def test_views_of_one_field_are_consistent():
    key = jax.random.split(jax.random.key(2), 3)
    x, eps = jax.random.normal(key[0], (32, 2, 2, 1)), jax.random.normal(key[1], (32, 2, 2, 1))
    lam = jnp.linspace(-4.0, 6.0, 32)
    a, b = (
        jnp.sqrt(jax.nn.sigmoid(lam))[:, None, None, None],
        jnp.sqrt(jax.nn.sigmoid(-lam))[:, None, None, None],
    )
    z, v = a * x + b * eps, a * eps - b * x
    np.testing.assert_allclose(x_hat(v, z, lam), x, atol=1e-5)
    np.testing.assert_allclose(eps_hat(v, z, lam), eps, atol=1e-5)
    np.testing.assert_allclose(score(v, z, lam), -eps / b, rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(e_hat(v, z, lam), z - eps / b, rtol=1e-4, atol=2e-4)
