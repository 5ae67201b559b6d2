"""Trained models in the field's conventions as denoisers of the contract in `denoise.py`.

Each convention is one linear map of the model's output, with `z = a x + b eps`:

    edm    D(z / a, sigma),  sigma = b / a             v = (a z - D) / b
    x      x_hat(z, t)                                 v = (a z - x_hat) / b
    eps    eps_hat(z, t)                               v = (eps_hat - b z) / a
    v      v_hat(z, t)                                 v = v_hat
    flow   u(z / (a + b), t),  t = b / (a + b)         v = ((a - b) z + u) / (a + b)

The first three divide a small difference by a small number at one end of the log-SNR axis. There
the difference is taken from a subtraction of nearly equal numbers, which floating point does
exactly, and a small remainder.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from diffinfo.errors import DataError
from diffinfo.process.forward import coefficients, expand, noised
from diffinfo.process.schedule import log_snr_of_alpha

TABLE_CONVENTIONS = ("eps", "v", "x")
CONVENTIONS = ("edm", *TABLE_CONVENTIONS, "flow")
BACKENDS = ("jax", "numpy", "torch")


def _checked_output(output: Any, shape: tuple[int, ...]) -> Any:
    """The output itself. Raises DataError unless it is an array of this shape."""
    if not hasattr(output, "shape"):
        raise DataError(
            f"the denoiser's function returned a {type(output).__name__}, not an array: "
            "return the prediction alone (of diffusers' outputs, `.sample`)"
        )
    if tuple(output.shape) != tuple(shape):
        raise DataError(
            f"the denoiser's function returned shape {tuple(output.shape)} for x of shape "
            f"{tuple(shape)}: it must return one prediction per entry of x"
        )
    return output


@dataclass(frozen=True, eq=False)
class _HostFunction:
    """A NumPy or PyTorch function that JAX calls back. It is compared by identity, so that any
    function can be one.
    """

    function: Callable
    is_torch: bool

    def _on_torch(self, *arrays: np.ndarray) -> np.ndarray:
        import torch

        tensors = [torch.from_numpy(np.array(array)) for array in arrays]
        with torch.no_grad():
            # Embedding tables take 64-bit integers only.
            output = self.function(*(t if t.is_floating_point() else t.long() for t in tensors))
        return _checked_output(output, arrays[0].shape).detach().cpu().float().numpy()

    def __call__(self, *arguments) -> np.ndarray:
        arrays = [np.asarray(argument) for argument in arguments]
        if self.is_torch:
            return self._on_torch(*arrays)
        output = _checked_output(self.function(*arrays), arrays[0].shape)
        return np.asarray(output, np.float32)


@partial(
    jax.tree_util.register_dataclass,
    data_fields=["function", "log_snr", "timesteps"],
    meta_fields=["host", "convention", "integer_timesteps", "data_at", "lam_range"],
)
@dataclass(frozen=True, eq=False)
class AdaptedDenoiser:
    """What `denoiser_from` returns: `(z, lam, y=None) -> v_hat`, a pytree that carries its model.

    lam_range: the log-SNRs of the noisiest and the cleanest level of the table of time steps, or
    None where there is no table. log_snr, timesteps: that table, `(T,)` each, from noisy to clean.
    """

    function: Callable | None  # a pytree, for backend "jax"
    host: _HostFunction | None  # for the others
    convention: str
    log_snr: jax.Array | None
    timesteps: jax.Array | None
    integer_timesteps: bool
    data_at: int
    lam_range: tuple[float, float] | None

    def _output(self, x: jax.Array, level: jax.Array, y: jax.Array | None) -> jax.Array:
        arguments = (x, level) if y is None else (x, level, y)
        if self.host is None:
            return _checked_output(self.function(*arguments), x.shape)
        if not isinstance(x, jax.core.Tracer):  # so that the function's errors arrive as they are
            return jnp.asarray(self.host(*arguments))
        result = jax.ShapeDtypeStruct(x.shape, jnp.float32)
        return jax.pure_callback(self.host, result, *arguments, vmap_method="sequential")

    def _timestep(self, lam: jax.Array) -> jax.Array:
        t = jnp.interp(lam, self.log_snr, self.timesteps)
        return jnp.round(t).astype(jnp.int32) if self.integer_timesteps else t

    def __call__(self, z: jax.Array, lam: jax.Array, y: jax.Array | None = None) -> jax.Array:
        a, b = coefficients(lam, z)
        if self.convention == "flow":
            scale = 1 / (a + b)
            clock = (a if self.data_at == 1 else b) * scale
            u = self._output(scale * z, clock.reshape(lam.shape), y)
            return scale * ((a - b) * z + (u if self.data_at == 0 else -u))
        if self.convention == "edm":
            output = self._output(z / a, jnp.exp(-lam / 2), y)
        else:
            output = self._output(z, self._timestep(lam), y)
        is_clean = expand(lam, z) > 0
        if self.convention == "v":
            return output
        if self.convention == "eps":
            # b = 1 - a^2 / (1 + b), and at the noisy end eps_hat is nearly z.
            noisy = (output - z) / a + a / (1 + b) * z
            return jnp.where(is_clean, (output - b * z) / a, noisy)
        # a^2 = 1 - b^2, and at the clean end x_hat is nearly z / a.
        return jnp.where(is_clean, (z / a - output) / b - b * (z / a), (a * z - output) / b)

    def check(self, x: np.ndarray, y: np.ndarray | None, lam_range: tuple[float, float]) -> None:
        """Call the model once for each field, on at most four examples x `(N, ...)` at levels from
        one end of `lam_range` to the other.

        Errors of the model's own function arrive as they are; from compiled code they would come
        wrapped in JAX's. Raises DataError for an output of the wrong shape and for NaN.
        """
        lam = jnp.linspace(*lam_range, len(x[:4]))
        z, _ = noised(jnp.asarray(x[:4], jnp.float32), lam, jnp.zeros(x[:4].shape))
        for given in (None,) if y is None else (None, jnp.asarray(y[:4])):
            prediction = np.asarray(self(z, lam, given)).reshape(len(z), -1)
            is_finite = np.isfinite(prediction).all(1)
            if not is_finite.all():
                raise DataError(
                    f"the denoiser's function gave NaN or infinity at log-SNR "
                    f"{float(lam[np.argmin(is_finite)]):.2f}: give a lam_range where it is finite"
                )


def _table(convention: str, alphas_cumprod) -> tuple[np.ndarray, np.ndarray]:
    """Log-SNR and time step of the levels of a table, `(T,)` each, from noisy to clean."""
    if alphas_cumprod is None:
        raise ValueError(
            f"convention {convention!r} needs alphas_cumprod, the signal power at each time step "
            "(of diffusers, scheduler.alphas_cumprod)"
        )
    alpha = np.asarray(alphas_cumprod, float)
    is_level = (alpha > 0) & (alpha < 1)  # of a schedule with zero terminal SNR, not the last
    if alpha.ndim != 1 or is_level.sum() < 2 or not (np.diff(alpha) < 0).all():
        raise DataError(
            "alphas_cumprod must be one row of numbers between 0 and 1 that fall from each time "
            f"step to the next, at least two of them: got shape {alpha.shape}"
        )
    timesteps = np.flatnonzero(is_level)[::-1]
    return log_snr_of_alpha(alpha[timesteps]), timesteps


def denoiser_from(
    function: Callable,
    convention: str,
    *,
    backend: str = "jax",
    alphas_cumprod=None,
    integer_timesteps: bool = False,
    data_at: int = 0,
) -> AdaptedDenoiser:
    """A trained model as a denoiser that `measure`, samplers and estimators take.

    function: called as `function(x, level)` for the unconditional and as `function(x, level, y)`
    for the conditional field, with x `(N, ...)` float32, level `(N,)` and y as `measure` was given
    it. It returns an array of the shape of x. Data have to be on the scale and in the layout that
    the model was trained on. convention says what level and output are, for data `x_0`:

    - "edm": `D(x, sigma)`, the denoised data for `x = x_0 + sigma noise` (EDM, k-diffusion)
    - "eps", "v", "x": the prediction of the noise, of `v = a noise - b x_0` or of the data at time
      step t for `x = a x_0 + b noise`, `a^2 = alphas_cumprod[t]`, `a^2 + b^2 = 1` (diffusers'
      epsilon, v_prediction and sample)
    - "flow": the velocity `u = noise - x_0` at time t for `x = (1 - t) x_0 + t noise` (rectified
      flow, SD3); with data_at=1 the reverse clock, `u = x_0 - noise` for `x = t x_0 + (1 - t)
      noise`

    backend: "jax" for a function of JAX arrays, which should be a pytree where it has parameters;
    "numpy" for one of NumPy arrays; "torch" for one of CPU tensors (integers as int64), called
    without gradients. It may move them to another device.

    alphas_cumprod: `(T,)`, for the conventions with time steps. Between its entries t is a real
    number, linear in log-SNR. integer_timesteps=True rounds t to the nearest integer, for networks
    that look it up. Such a network is told a noise level that is wrong by up to half a step of the
    table, at the clean end of DDPM's linear table by half a unit of log-SNR, so S_NN and I come out
    biased by what the field changes over half a step, mostly at the clean end.

    The result has `lam_range`, the log-SNRs of the first and the last entry of the table (None
    without a table), which `measure` uses. Raises ValueError for an unknown convention, backend or
    option; DataError for a table that is not one and, when called, for an output of a wrong shape
    (with the backends "numpy" and "torch" JAX wraps it when it is called from compiled code).

    >>> denoiser = denoiser_from(lambda x, sigma: x / (1 + sigma[:, None] ** 2), "edm")
    """
    if convention not in CONVENTIONS:
        raise ValueError(f"convention={convention!r}: must be one of {', '.join(CONVENTIONS)}")
    if backend not in BACKENDS:
        raise ValueError(f"backend={backend!r}: must be one of {', '.join(BACKENDS)}")
    if data_at not in (0, 1) or (data_at == 1 and convention != "flow"):
        raise ValueError(f"data_at={data_at}: 0 or 1, and 1 for convention 'flow' only")
    log_snr = timesteps = lam_range = None
    if convention in TABLE_CONVENTIONS:
        log_snr, timesteps = _table(convention, alphas_cumprod)
        lam_range = (float(log_snr[0]), float(log_snr[-1]))
        log_snr, timesteps = (jnp.asarray(array, jnp.float32) for array in (log_snr, timesteps))
    elif alphas_cumprod is not None or integer_timesteps:
        raise ValueError(
            f"convention {convention!r} has no time steps: leave out alphas_cumprod and "
            "integer_timesteps"
        )
    host = None if backend == "jax" else _HostFunction(function, backend == "torch")
    if host is not None:
        function = None
    elif jax.tree_util.all_leaves([function]):
        function = jax.tree_util.Partial(function)
    return AdaptedDenoiser(
        function, host, convention, log_snr, timesteps, integer_timesteps, data_at, lam_range
    )
