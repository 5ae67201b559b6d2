"""Samplers that spend one evaluation of the denoiser per step (Heun: two) on any grid of log-SNRs.

All are written for `x = z / a = data + sigma noise`, `sigma = b / a = exp(-lam / 2)`, with the
prediction `D = E[data | x]`; `h = log(sigma / sigma')` is the length of a step. A *solver* is a
function

    step(predict, x, sigma, sigma_next, memory, at_end, noise) -> (x_next, memory)

of `predict(x, sigma) -> D`; `memory` is the last `(D, h)`, h = 0 at first; `at_end` tells of the
last step; `noise` is N(0, I).
"""

from collections.abc import Callable
from functools import cache, partial

import jax
import jax.numpy as jnp
import numpy as np

from diffinfo.process.denoise import Denoiser, x_hat

Solver = Callable[..., tuple[jax.Array, tuple[jax.Array, jax.Array]]]


@cache
def ddim(eta: float) -> Solver:
    """DDIM (Song et al. 2021): 0 is deterministic; 1 is ancestral DDPM, the reverse SDE with its
    denoiser frozen in each step.

    `x' = D + sqrt(sigma'^2 - s^2) (x - D) / sigma + s noise`,  `s^2 = eta^2 sigma'^2 (1 - sigma'^2 / sigma^2)`.
    """

    def step(predict, x, sigma, sigma_next, memory, at_end, noise):
        del at_end
        data = predict(x, sigma)
        spread = eta * sigma_next * jnp.sqrt(1 - (sigma_next / sigma) ** 2)
        kept = jnp.sqrt(sigma_next**2 - spread**2) / sigma
        return data + kept * (x - data) + spread * noise, memory

    return step


def _extrapolated(data, memory, h, at_end):
    """`D + h / (2 h_prev) (D - D_prev)`; plain D at the first step and the last."""
    before, h_before = memory
    slope = jnp.where(
        (h_before > 0) & ~at_end, 0.5 * h / jnp.where(h_before > 0, h_before, 1.0), 0.0
    )
    return data + slope * (data - before)


def ode_2m(predict, x, sigma, sigma_next, memory, at_end, noise):
    """DPM-Solver++(2M) (Lu et al. 2022), second order, deterministic: `x' = sigma'/sigma x + (1 -
    e^-h) D~`.
    """
    del noise
    data, h = predict(x, sigma), jnp.log(sigma / sigma_next)
    mixed = _extrapolated(data, memory, h, at_end)
    return sigma_next / sigma * x - jnp.expm1(-h) * mixed, (data, h)


def sde_2m(predict, x, sigma, sigma_next, memory, at_end, noise):
    """SDE-DPM-Solver++(2M): `x' = sigma'/sigma e^-h x + (1 - e^-2h) D~ + sigma' sqrt(1 - e^-2h)
    noise`.
    """
    data, h = predict(x, sigma), jnp.log(sigma / sigma_next)
    mixed, lost = _extrapolated(data, memory, h, at_end), -jnp.expm1(-2 * h)
    return sigma_next / sigma * jnp.exp(-h) * x + lost * mixed + sigma_next * jnp.sqrt(
        lost
    ) * noise, (data, h)


def euler(predict, x, sigma, sigma_next, memory, at_end, noise):
    """Euler's rule for the probability-flow ODE in log sigma, `dx / dlog sigma = x - D` (in sigma
    it is DDIM with eta 0).
    """
    del at_end, noise
    return x - jnp.log(sigma / sigma_next) * (x - predict(x, sigma)), memory


def heun(predict, x, sigma, sigma_next, memory, at_end, noise):
    """Heun's rule for the same flow in sigma, `dx / dsigma = (x - D) / sigma` (Karras et al. 2022):
    two evaluations a step.
    """
    del at_end, noise
    slope = (x - predict(x, sigma)) / sigma
    there = x + (sigma_next - sigma) * slope
    return x + 0.5 * (sigma_next - sigma) * (
        slope + (there - predict(there, sigma_next)) / sigma_next
    ), memory


@partial(jax.jit, static_argnames="step")
def _solve(denoiser, y, start, lams, key, step):
    sigmas = jnp.exp(-0.5 * lams)

    def predict(x, sigma):
        lam = jnp.full(x.shape[0], -2 * jnp.log(sigma))
        z = x / jnp.sqrt(1 + sigma**2)
        return x_hat(denoiser(z, lam, y), z, lam)

    def body(carry, inputs):
        x, memory = carry
        sigma, sigma_next, at_end, noise_key = inputs
        return step(
            predict, x, sigma, sigma_next, memory, at_end, jax.random.normal(noise_key, x.shape)
        ), None

    count = len(lams) - 1
    ends = jnp.arange(count) == count - 1
    first = (start * jnp.sqrt(1 + sigmas[0] ** 2), (jnp.zeros_like(start), jnp.zeros(())))
    (x, _), _ = jax.lax.scan(
        body, first, (sigmas[:-1], sigmas[1:], ends, jax.random.split(key, count))
    )
    return x / jnp.sqrt(1 + sigmas[-1] ** 2)


def solve(
    denoiser: Denoiser, y, start: jax.Array, lams: np.ndarray, key: jax.Array, step: Solver
) -> jax.Array:
    """From `start` `(N, ...)` at `lams[0]` to `z` of the same shape at `lams[-1]`, along increasing
    log-SNRs `lams` `(K + 1,)`.

    y: conditions of N rows, or None for the unconditional field. K steps of `step` (a `ddim(eta)`,
    `ode_2m`, `sde_2m`, `euler` or `heun`), so K evaluations (Heun: 2 K); `denoise.denoised` of the
    result is one more.
    """
    return _solve(denoiser, y, start, jnp.asarray(lams, jnp.float32), key, step)
