"""Denoising losses, per example and noise level, on `|v - v_hat|^2`.

    likelihood   1/2 int alpha |v - v_hat|^2 dlam       lambda(s) = sigma^2 / 2, the bound on -log p (Eq. 30)
    noise        int |eps - eps_hat|^2 ds               lambda(s) = 1, as the paper's image models (Eq. 40)
    velocity     E over the training levels of |v - v_hat|^2: unit-variance targets, equally trusted

All three have the same minimiser at every level (Eq. 33); they differ in where a finite network spends itself.
"""

from dataclasses import dataclass

import jax
import jax.numpy as jnp

from diffinfo.denoise import Denoiser
from diffinfo.process.forward import noised
from diffinfo.process.levels import LevelDensity
from diffinfo.process.schedule import VPSchedule

WEIGHTINGS = ("velocity", "likelihood", "noise")


@dataclass(frozen=True)
class Objective:
    """What training minimises: a named weighting, the levels it draws, and the clock (for `noise`)."""

    weighting: str
    levels: LevelDensity
    schedule: VPSchedule

    def __post_init__(self):
        if self.weighting not in WEIGHTINGS:
            raise ValueError(f"weighting={self.weighting!r}: must be one of {', '.join(WEIGHTINGS)}")

    def weight(self, lam: jax.Array, density: jax.Array) -> jax.Array:
        """Factor on `|v - v_hat|^2` at levels `lam` `(N,)` drawn with `density` `(N,)`."""
        if self.weighting == "velocity":
            return jnp.ones_like(lam)
        if self.weighting == "likelihood":
            return 0.5 * jax.nn.sigmoid(lam) / density
        rate = self.schedule.beta_max - self.schedule.beta_min
        beta = jnp.sqrt(self.schedule.beta_min**2 + 2 * rate * jax.nn.softplus(-lam))
        return jax.nn.sigmoid(lam) * jax.nn.sigmoid(-lam) / beta / density


def squared_error(v: jax.Array, v_hat: jax.Array) -> jax.Array:
    """`|v - v_hat|^2` per example, `(N, ...) -> (N,)`."""
    return jnp.sum(jnp.square(v - v_hat).reshape(v.shape[0], -1), axis=-1)


def two_field_loss(denoiser: Denoiser, objective: Objective, x, y, key) -> tuple[jax.Array, dict[str, jax.Array]]:
    """Loss of both fields on one noised batch (x `(N, ...)`, y `(N, ...)`), and its parts in nats.

    The parts `unconditional` and `conditional` are unbiased for `1/2 int alpha E|v - v_hat|^2 dlam`; their difference
    estimates I(X;Y) on the training data.
    """
    level_key, noise_key = jax.random.split(key)
    lam, density = objective.levels.sample(level_key, x.shape[0])
    z, v = noised(x, lam, jax.random.normal(noise_key, x.shape, x.dtype))
    weight = objective.weight(lam, density)
    nats = 0.5 * jax.nn.sigmoid(lam) / density
    errors = {"unconditional": squared_error(v, denoiser(z, lam)), "conditional": squared_error(v, denoiser(z, lam, y))}
    loss = sum(jnp.mean(weight * error) for error in errors.values())
    return loss, {name: jnp.mean(nats * error) for name, error in errors.items()}


def classifier_loss(log_posterior, objective: Objective, x, y, key) -> tuple[jax.Array, dict[str, jax.Array]]:
    """Cross-entropy of `log_posterior(z, lam) -> (N, classes)` on one noised batch, averaged over the training levels.

    H(Y) less the cross-entropy at a level is a lower bound on I(X_lam; Y).
    """
    level_key, noise_key = jax.random.split(key)
    lam, _ = objective.levels.sample(level_key, x.shape[0])
    z, _ = noised(x, lam, jax.random.normal(noise_key, x.shape, x.dtype))
    loss = -jnp.mean(jnp.take_along_axis(log_posterior(z, lam), y[:, None], axis=1))
    return loss, {"cross_entropy": loss}


def dropped_condition_loss(field, objective: Objective, null_probability, x, y, key) -> tuple[jax.Array, dict[str, jax.Array]]:
    """As `two_field_loss`, for one network that loses its condition at random: `field(z, lam, y, present) -> v_hat`."""
    level_key, noise_key, drop_key = jax.random.split(key, 3)
    lam, density = objective.levels.sample(level_key, x.shape[0])
    z, v = noised(x, lam, jax.random.normal(noise_key, x.shape, x.dtype))
    present = jax.random.bernoulli(drop_key, 1 - null_probability, (x.shape[0],))
    error = squared_error(v, field(z, lam, y, present))
    nats = 0.5 * jax.nn.sigmoid(lam) / density * error
    parts = {
        "unconditional": jnp.sum(nats * ~present) / jnp.maximum(jnp.sum(~present), 1),
        "conditional": jnp.sum(nats * present) / jnp.maximum(jnp.sum(present), 1),
    }
    return jnp.mean(objective.weight(lam, density) * error), parts
