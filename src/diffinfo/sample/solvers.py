"""Samplers as solvers: rules that take a noisy sample one step down any grid of log-SNRs.

All are written for `x = z / a = data + sigma noise`, `sigma = b / a = exp(-lam / 2)`, with the
prediction `D = E[data | x]`; `h = log(sigma / sigma')` is the length of a step. A *solver* is a
function

    step(predict, x, sigma, sigma_next, memory, at_end, noise) -> (x_next, memory)

of `predict(x, sigma) -> D`; `memory` is the last `(D, h)`, with h = 0 before the first step;
`at_end` is true in the last step; `noise` is N(0, I). A step evaluates the denoiser once, a step
of either Heun's rule twice.
"""

from collections.abc import Callable
from functools import cache, partial

import jax
import jax.numpy as jnp
import numpy as np

from diffinfo.process.denoise import Denoiser, denoised, x_hat

Solver = Callable[..., tuple[jax.Array, tuple[jax.Array, jax.Array]]]


@cache
def ddim(eta: float) -> Solver:
    """DDIM (Song et al. 2021), first order: eta 0 is deterministic; eta 1 is ancestral DDPM, the
    reverse SDE with its denoiser frozen in each step.

    `x' = D + sqrt(sigma'^2 - s^2) (x - D) / sigma + s noise`, with
    `s^2 = eta^2 sigma'^2 (1 - sigma'^2 / sigma^2)`.
    """

    def step(predict, x, sigma, sigma_next, memory, at_end, noise):
        del at_end
        data = predict(x, sigma)
        spread = eta * sigma_next * jnp.sqrt(1 - (sigma_next / sigma) ** 2)
        kept = jnp.sqrt(sigma_next**2 - spread**2) / sigma
        return data + kept * (x - data) + spread * noise, memory

    return step


def _extrapolated(data, memory, h, at_end):
    """`D + h / (2 h_prev) (D - D_prev)`, or plain D in the first step and the last."""
    before, h_before = memory
    slope = jnp.where(
        (h_before > 0) & ~at_end, 0.5 * h / jnp.where(h_before > 0, h_before, 1.0), 0.0
    )
    return data + slope * (data - before)


def ode_2m(predict, x, sigma, sigma_next, memory, at_end, noise):
    """DPM-Solver++(2M) (Lu et al. 2022), deterministic and of second order.

    `x' = sigma'/sigma x + (1 - e^-h) D~`, where D~ is D extrapolated from the step before.
    """
    del noise
    data, h = predict(x, sigma), jnp.log(sigma / sigma_next)
    mixed = _extrapolated(data, memory, h, at_end)
    return sigma_next / sigma * x - jnp.expm1(-h) * mixed, (data, h)


def sde_2m(predict, x, sigma, sigma_next, memory, at_end, noise):
    """SDE-DPM-Solver++(2M), the stochastic twin of `ode_2m`.

    `x' = sigma'/sigma e^-h x + (1 - e^-2h) D~ + sigma' sqrt(1 - e^-2h) noise`.
    """
    data, h = predict(x, sigma), jnp.log(sigma / sigma_next)
    mixed, lost = _extrapolated(data, memory, h, at_end), -jnp.expm1(-2 * h)
    return sigma_next / sigma * jnp.exp(-h) * x + lost * mixed + sigma_next * jnp.sqrt(
        lost
    ) * noise, (data, h)


def euler(predict, x, sigma, sigma_next, memory, at_end, noise):
    """Euler's rule for the probability-flow ODE in log sigma, `dx / dlog sigma = x - D`.

    In sigma instead, Euler's rule is `ddim(0.0)`.
    """
    del at_end, noise
    return x - jnp.log(sigma / sigma_next) * (x - predict(x, sigma)), memory


def heun(predict, x, sigma, sigma_next, memory, at_end, noise):
    """Heun's rule for the same ODE in sigma, `dx / dsigma = (x - D) / sigma` (Karras et al. 2022),
    of second order.
    """
    del at_end, noise
    slope = (x - predict(x, sigma)) / sigma
    there = x + (sigma_next - sigma) * slope
    return x + 0.5 * (sigma_next - sigma) * (
        slope + (there - predict(there, sigma_next)) / sigma_next
    ), memory


def heun_log_snr(predict, x, sigma, sigma_next, memory, at_end, noise):
    """Heun's rule for the same ODE as it reads for z on the log-SNR clock, of second order.

    `dz / dlam = -(a b / 2) v = -(a / 2) (a z - D)`, with `a = 1 / sqrt(1 + sigma^2)`.
    """
    del at_end, noise
    a, a_next = 1 / jnp.sqrt(1 + sigma**2), 1 / jnp.sqrt(1 + sigma_next**2)
    length = 2 * jnp.log(sigma / sigma_next)  # in log-SNR
    z = a * x
    first = -0.5 * a * (a * z - predict(x, sigma))
    there = z + length * first
    second = -0.5 * a_next * (a_next * there - predict(there / a_next, sigma_next))
    return (z + 0.5 * length * (first + second)) / a_next, memory


# The config's words for a method of sampling.
SOLVERS = {"ode": heun_log_snr, "ancestral": ddim(1.0)}


@partial(jax.jit, static_argnames=("step", "whole"))
def _solve(denoiser, y, start, lams, key, step, whole):
    """The last z, and every z after the start, `(K, N, ...)`, if the whole path is wanted."""
    sigmas = jnp.exp(-0.5 * lams)

    def predict(x, sigma):
        lam = jnp.full(x.shape[0], -2 * jnp.log(sigma))
        z = x / jnp.sqrt(1 + sigma**2)
        return x_hat(denoiser(z, lam, y), z, lam)

    def body(carry, inputs):
        x, memory = carry
        sigma, sigma_next, at_end, noise_key = inputs
        # The compiler drops the noise that a deterministic step has no use for.
        noise = jax.random.normal(noise_key, x.shape)
        x, memory = step(predict, x, sigma, sigma_next, memory, at_end, noise)
        return (x, memory), x / jnp.sqrt(1 + sigma_next**2) if whole else None

    count = len(lams) - 1
    ends = jnp.arange(count) == count - 1
    first = (start * jnp.sqrt(1 + sigmas[0] ** 2), (jnp.zeros_like(start), jnp.zeros(())))
    (x, _), positions = jax.lax.scan(
        body, first, (sigmas[:-1], sigmas[1:], ends, jax.random.split(key, count))
    )
    return x / jnp.sqrt(1 + sigmas[-1] ** 2), positions


def solve(
    denoiser: Denoiser, y, start: jax.Array, lams: np.ndarray, key: jax.Array, step: Solver
) -> jax.Array:
    """z at `lams[-1]`, of the shape of `start` `(N, ...)`, which is z at `lams[0]`, after a step of
    the solver `step` between every two of the increasing log-SNRs `lams` `(K + 1,)`.

    y: conditions of N rows, or None for the unconditional field. key: of the noise within the
    steps, of which a deterministic solver makes no use.
    """
    return _solve(denoiser, y, start, jnp.asarray(lams, jnp.float32), key, step, whole=False)[0]


def path(
    denoiser: Denoiser, y, start: jax.Array, lams: np.ndarray, key: jax.Array, step: Solver
) -> jax.Array:
    """z at every level of `lams`, `(K + 1, N, ...)`: where `solve` passes through, `start`
    included.
    """
    lams = jnp.asarray(lams, jnp.float32)
    positions = _solve(denoiser, y, start, lams, key, step, whole=True)[1]
    return jnp.concatenate([start[None], positions])


def sample(
    denoiser: Denoiser, y, start: jax.Array, lams: np.ndarray, key: jax.Array, step: Solver
) -> jax.Array:
    """Samples of the data, of the shape of `start`: `solve`, then E[x | z] at the last level, which
    takes one more evaluation.
    """
    return denoised(denoiser, y, solve(denoiser, y, start, lams, key, step), lams[-1])
