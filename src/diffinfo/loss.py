"""Denoising losses, per example and noise level, on `|v - v_hat|^2`.

    likelihood   1/2 int alpha |v - v_hat|^2 dlam, where lambda(s) = sigma^2 / 2: the bound on
                 -log p (Eq. 30)
    noise        int |eps - eps_hat|^2 ds, where lambda(s) = 1: that of the authors' code for images
                 (Eq. 40 as it is printed divides by 1 - alpha)
    velocity     E over the training levels of |v - v_hat|^2: all levels have targets of unit
                 variance and equal weight

All three have the same minimiser at every level (Eq. 33); they differ in the levels to which a
finite network gives its capacity.
"""

from dataclasses import dataclass

import jax
import jax.numpy as jnp

from diffinfo.process.denoise import Denoiser
from diffinfo.process.density import LevelDensity
from diffinfo.process.forward import noised
from diffinfo.process.schedule import VPSchedule

WEIGHTINGS = ("velocity", "likelihood", "noise")


@dataclass(frozen=True)
class Objective:
    """What training minimises.

    weighting: one of WEIGHTINGS, else ValueError is raised. density: that of the levels training
    draws. schedule: the clock, which `noise` needs.
    """

    weighting: str
    density: LevelDensity
    schedule: VPSchedule

    def __post_init__(self):
        if self.weighting not in WEIGHTINGS:
            raise ValueError(
                f"weighting={self.weighting!r}: must be one of {', '.join(WEIGHTINGS)}"
            )

    def weight(self, lam: jax.Array, density: jax.Array) -> jax.Array:
        """The factor `(N,)` on `|v - v_hat|^2` at levels lam `(N,)` drawn with density `(N,)`."""
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


RISK_BINS = 64  # bins of the risk curve that training leaves behind, equally wide in log-SNR


def risk_bins(
    density: LevelDensity, lam: jax.Array, error: jax.Array, counted: jax.Array | None = None
) -> jax.Array:
    """Sums of `|x - x_hat|^2 = b^2 |v - v_hat|^2` by bins of log-SNR, and the counts of rows.

    Returns `(2, RISK_BINS)`. error: `|v - v_hat|^2` `(N,)` at levels `lam` `(N,)`. counted: which
    rows to look at, `(N,)`, or None for all.
    """
    counted = jnp.ones_like(lam) if counted is None else counted.astype(lam.dtype)
    low, high = density.edges[0], density.edges[-1]
    index = jnp.clip(jnp.floor((lam - low) / (high - low) * RISK_BINS), 0, RISK_BINS - 1).astype(
        jnp.int32
    )
    rows = jnp.stack([counted * jax.nn.sigmoid(-lam) * error, counted], axis=1)
    return jax.lax.stop_gradient(jnp.zeros((RISK_BINS, 2), lam.dtype).at[index].add(rows)).T


def two_field_loss(
    denoiser: Denoiser, objective: Objective, x, y, key
) -> tuple[jax.Array, dict[str, jax.Array]]:
    """The loss of both fields on one noised batch (x `(N, ...)`, y `(N, ...)`), and its parts.

    The parts `unconditional` and `conditional`, in nats, are unbiased for
    `1/2 int alpha E|v - v_hat|^2 dlam`; their difference estimates I(X;Y) on the training data.
    `risk` holds the `risk_bins` of the conditional field.
    """
    level_key, noise_key = jax.random.split(key)
    lam, density = objective.density.sample(level_key, x.shape[0])
    z, v = noised(x, lam, jax.random.normal(noise_key, x.shape, x.dtype))
    weight = objective.weight(lam, density)
    nats = 0.5 * jax.nn.sigmoid(lam) / density
    errors = {
        "unconditional": squared_error(v, denoiser(z, lam)),
        "conditional": squared_error(v, denoiser(z, lam, y)),
    }
    loss = sum(jnp.mean(weight * error) for error in errors.values())
    risk = risk_bins(objective.density, lam, errors["conditional"])
    return loss, {name: jnp.mean(nats * error) for name, error in errors.items()} | {"risk": risk}


def classifier_loss(
    log_posterior, objective: Objective, x, y, key
) -> tuple[jax.Array, dict[str, jax.Array]]:
    """The cross-entropy in nats of `log_posterior(z, lam) -> (N, classes)` on one noised batch.

    It is averaged over the training levels. H(Y) less the cross-entropy at a level is a lower bound
    on I(X_lam; Y).
    """
    level_key, noise_key = jax.random.split(key)
    lam, _ = objective.density.sample(level_key, x.shape[0])
    z, _ = noised(x, lam, jax.random.normal(noise_key, x.shape, x.dtype))
    loss = -jnp.mean(jnp.take_along_axis(log_posterior(z, lam), y[:, None], axis=1))
    return loss, {"cross_entropy": loss}


def divergence_from_prior(mean, log_variance) -> jax.Array:
    """KL(N(mean, diag exp log_variance) || N(0, I)) in nats, `(N, D_Z) -> (N,)`."""
    return 0.5 * jnp.sum(mean**2 + jnp.exp(log_variance) - 1 - log_variance, axis=-1)


def drawn_codes(posteriors, key) -> jax.Array:
    """A draw of every latent's code by reparameterisation, side by side: `(N, latents x D_Z)`."""
    mean, log_variance = (
        jnp.concatenate(parts, axis=-1) for parts in zip(*posteriors.values(), strict=True)
    )
    return mean + jnp.exp(0.5 * log_variance) * jax.random.normal(key, mean.shape)


@jax.custom_vjp
def _rescaled(codes: jax.Array, factor: jax.Array) -> jax.Array:
    """The codes `(N, D)` as they are; their gradient is multiplied by `factor` `(N,)`."""
    del factor
    return codes


_rescaled.defvjp(
    lambda codes, factor: (codes, factor),
    lambda factor, g: (factor[:, None] * g, jnp.zeros_like(factor)),
)


def autoencoder_loss(
    encode, field, objective: Objective, kl_weight, x, key
) -> tuple[jax.Array, dict[str, jax.Array]]:
    """The denoising loss given codes plus `kl_weight` times their KL in nats (Eqs. 60-61, 70).

    encode: `x -> {latent: (mean, log_variance)}`. field: `(z, lam, codes) -> v_hat`. x: a batch
    `(N, ...)`.

    Codes are priced by the objective's weighting. With `likelihood` the denoising loss is in nats,
    and with a `kl_weight` of 1 the whole is the bound on -log p(x) (the ELBO), up to a constant;
    with `noise` (the authors') nats of code are weighed against `int |eps - eps_hat|^2 ds`. The
    field itself learns from `velocity` errors whatever the weighting, since the best field is the
    same (Eq. 33). So the gradient is that of two losses, and the value returned is the field's.

    Parts, in nats: `reconstruction`, and a `kl_<latent>` for each; also the field's `risk`.
    """
    level_key, noise_key, code_key = jax.random.split(key, 3)
    lam, density = objective.density.sample(level_key, x.shape[0])
    z, v = noised(x, lam, jax.random.normal(noise_key, x.shape, x.dtype))
    posteriors = encode(x)
    codes = _rescaled(drawn_codes(posteriors, code_key), objective.weight(lam, density))
    error = squared_error(v, field(z, lam, codes))
    kl = {
        f"kl_{name}": jnp.mean(divergence_from_prior(*posterior))
        for name, posterior in posteriors.items()
    }
    loss = jnp.mean(error) + kl_weight * sum(kl.values())
    parts = {"reconstruction": jnp.mean(0.5 * jax.nn.sigmoid(lam) / density * error)}
    return loss, parts | kl | {"risk": risk_bins(objective.density, lam, error)}


def gaussian_nll(x, mean, log_deviation) -> jax.Array:
    """-log N(x; mean, exp(2 log_deviation) I) of each example in nats, `(N, ...) -> (N,)`."""
    constant = x[0].size * (0.5 * jnp.log(2 * jnp.pi) + log_deviation)
    return constant + 0.5 * squared_error(x, mean) * jnp.exp(-2 * log_deviation)


def gaussian_autoencoder_loss(
    encode, decode, kl_weight, x, key
) -> tuple[jax.Array, dict[str, jax.Array]]:
    """-log N(x; f(z), sigma^2) in nats (Eq. 64) plus `kl_weight` times the KL of the codes.

    With a `kl_weight` of 1 it is the bound on -log p(x). encode: as in `autoencoder_loss`. decode:
    `codes -> (means (N, ...), log-deviation of all pixels)`.
    """
    posteriors = encode(x)
    nll = gaussian_nll(x, *decode(drawn_codes(posteriors, key)))
    kl = {
        f"kl_{name}": jnp.mean(divergence_from_prior(*posterior))
        for name, posterior in posteriors.items()
    }
    return jnp.mean(nll) + kl_weight * sum(kl.values()), {"reconstruction": jnp.mean(nll)} | kl


def dropped_condition_loss(
    field, objective: Objective, null_probability, x, y, key
) -> tuple[jax.Array, dict[str, jax.Array]]:
    """`two_field_loss` for one network whose condition is left out at random.

    field: `(z, lam, y, present) -> v_hat`. null_probability: that of leaving the condition out.
    """
    level_key, noise_key, drop_key = jax.random.split(key, 3)
    lam, density = objective.density.sample(level_key, x.shape[0])
    z, v = noised(x, lam, jax.random.normal(noise_key, x.shape, x.dtype))
    present = jax.random.bernoulli(drop_key, 1 - null_probability, (x.shape[0],))
    error = squared_error(v, field(z, lam, y, present))
    nats = 0.5 * jax.nn.sigmoid(lam) / density * error
    parts = {
        "unconditional": jnp.sum(nats * ~present) / jnp.maximum(jnp.sum(~present), 1),
        "conditional": jnp.sum(nats * present) / jnp.maximum(jnp.sum(present), 1),
        "risk": risk_bins(objective.density, lam, error, present),
    }
    return jnp.mean(objective.weight(lam, density) * error), parts
