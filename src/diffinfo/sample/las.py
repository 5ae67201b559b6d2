"""Loss-adaptive schedules: from a risk curve to the noise levels that a sampler with few steps
should visit (2601.21943).

With the risk `R(snr) = E|x - x_hat|^2` of a denoiser, freezing the denoiser between SNRs costs, up
to a constant that no schedule changes, half of

    J = sum_k (g(snr_{k+1}) - g(snr_k)) R(snr_k),    g(snr) = snr / (1 + saturation snr)   (Eq. 5.2)

nats of path KL where the saturation is 0 (Eq. 5.1). A larger saturation forgives what is lost at
the cleanest levels. A penalty for uneven steps in log-SNR, `smoothness sum_k (l_k - l_{k-1})^2`
with `l_k = log(snr_{k+1} / snr_k)`, makes the problem second order (Eq. 6.1).
"""

import json
from dataclasses import dataclass

import numpy as np

from diffinfo.errors import DataError
from diffinfo.process.schedule import ddpm_alphas_cumprod, log_snr_of_alpha


@dataclass(frozen=True, eq=False)
class Schedule:
    """The levels that a sampler should visit, from the noisiest to the cleanest.

    indices `(K + 1,)` are rows of the risk curve, and snr `(K + 1,)` the signal-to-noise ratios
    `alpha / (1 - alpha)` there.
    """

    indices: np.ndarray
    snr: np.ndarray

    @property
    def log_snr(self) -> np.ndarray:
        """Log-SNRs, as this library's samplers take them, `(K + 1,)`."""
        return np.log(self.snr)

    @property
    def sigma(self) -> np.ndarray:
        """`snr^-1/2`, as k-diffusion takes them (`x = data + sigma noise`), `(K + 1,)`."""
        return self.snr**-0.5

    def timesteps(self, alphas_cumprod=None) -> np.ndarray:
        """The time steps nearest in log-SNR, as diffusers takes them, `(K + 1,)` integers.

        alphas_cumprod: signal power left after each time step, `(T,)`; by default that of DDPM's
        1000 steps with linear betas. Levels beyond the first or last time step get that one.
        """
        alpha = (
            ddpm_alphas_cumprod() if alphas_cumprod is None else np.asarray(alphas_cumprod, float)
        )
        return np.abs(log_snr_of_alpha(alpha)[None] - self.log_snr[:, None]).argmin(1)


# Name -> what the numbers are, and whether a sampler that takes them wants a last 0.
FORMATS = {
    "diffusers": ("sigma", True),
    "diffusers-timesteps": ("timestep", False),
    "diffusers-flow": ("flow", False),
    "k-diffusion": ("sigma", True),
    "comfy": ("sigma", True),
}


def written_as(
    schedule: Schedule, form: str, alphas_cumprod=None, final_zero: bool | None = None
) -> str:
    """The levels as text that another library's sampler takes, one of FORMATS.

    A schedule of K steps becomes K levels at which the network is evaluated, the cleanest level
    being where the last step leads: samplers that do not append their own end want a 0 for it
    (final_zero: whether to write it; by default what the format's samplers want).

    - diffusers: a list for `set_timesteps(sigmas=...)`, with a last 0 for the Euler family and
      without (final_zero=False) for EDM-Euler and UniPC, which append their own
    - diffusers-timesteps: a list for `set_timesteps(timesteps=...)` of DDPM, DPM-Solver, Heun, LCM
    - diffusers-flow: a list for `set_timesteps(sigmas=...)` of flow matching, in
      x = (1 - sigma) data + sigma noise
    - k-diffusion: a list for `torch.tensor(...)`
    - comfy: numbers between commas, for ComfyUI's node of manual sigmas

    Raises: DataError where two levels have the same time step.
    """
    kind, closed = FORMATS[form]
    if kind == "timestep":
        steps = schedule.timesteps(alphas_cumprod)[:-1]
        same = np.flatnonzero(np.diff(steps) >= 0)
        if len(same):
            raise DataError(
                f"steps {same[0]} and {same[0] + 1} have the same time step, {steps[same[0]]}: the "
                "table is too coarse for so many; take fewer --steps or a larger --lambda"
            )
        return json.dumps(steps.tolist())
    levels = schedule.sigma[:-1]
    levels = levels / (1 + levels) if kind == "flow" else levels
    numbers = [float(f"{level:.8g}") for level in levels]
    numbers += [0.0] if (closed if final_zero is None else final_zero) else []
    return ", ".join(map(str, numbers)) if form == "comfy" else json.dumps(numbers)


def _axis(snr: np.ndarray, saturation: float) -> np.ndarray:
    return snr / (1 + saturation * snr)


def _checked(snr, risk, steps: int) -> tuple[np.ndarray, np.ndarray]:
    snr, risk = np.asarray(snr, float), np.asarray(risk, float)
    if snr.ndim != 1 or snr.shape != risk.shape or len(snr) < 2:
        raise DataError(
            "a risk curve has as many SNRs as risks, at least two: "
            f"got shapes {snr.shape} and {risk.shape}"
        )
    if not (np.isfinite(snr).all() and (snr > 0).all() and (np.diff(snr) > 0).all()):
        raise DataError("snr must be positive, finite and increase from row to row")
    valid = np.isfinite(risk) & (risk >= 0)
    if not valid.all():
        raise DataError(f"risk must be finite and not negative: row {valid.argmin()} is not")
    if not 1 <= steps < len(snr):
        raise DataError(
            f"steps={steps}: a curve of {len(snr)} levels has room for 1 to {len(snr) - 1}"
        )
    return snr, risk


def schedule_cost(snr, risk, indices, saturation: float = 0.0, smoothness: float = 0.0) -> float:
    """J of the levels `indices` `(K + 1,)` of a risk curve, both `(N,)` (Eqs. 5.2, 6.1)."""
    snr, risk, indices = np.asarray(snr, float), np.asarray(risk, float), np.asarray(indices)
    lengths = np.diff(np.log(snr[indices]))
    bends = smoothness * np.sum(np.diff(lengths) ** 2)
    return float(np.sum(np.diff(_axis(snr[indices], saturation)) * risk[indices[:-1]]) + bends)


def las(
    snr,
    risk,
    steps: int,
    saturation: float = 0.05,
    smoothness: float = 0.0,
    *,
    beam: int = 8,
    window: int = 12,
    spread: int = 8,
) -> Schedule:
    """The schedule of least cost J through `steps + 1` levels of a risk curve `snr`, `risk` `(N,)`,
    the first and the last level included.

    Without smoothness this is an exact dynamic program. With it, a search keeps the `beam` best
    paths to every level, and goes on from each of them to the levels within `window` of where an
    even step would lead, and to `spread` evenly spaced others.

    Raises: DataError for a curve whose SNRs do not increase or whose risks are negative or not
    finite, for one with too few levels, and for a negative saturation or smoothness.
    """
    snr, risk = _checked(snr, risk, steps)
    if smoothness < 0 or saturation < 0:
        raise DataError(
            f"saturation={saturation}, smoothness={smoothness}: neither may be negative"
        )
    axis = _axis(snr, saturation)
    if smoothness == 0:
        indices = _first_order(axis, risk, steps)
    else:
        window, spread = min(window, len(snr)), min(spread, len(snr))
        indices = _second_order(np.log(snr), axis, risk, steps, smoothness, beam, window, spread)
    return Schedule(indices, snr[indices])


def _first_order(axis: np.ndarray, risk: np.ndarray, steps: int) -> np.ndarray:
    n = len(axis)
    backwards = np.tri(n, dtype=bool)  # [i, j]: j <= i
    costs = np.where(backwards, np.inf, (axis[None] - axis[:, None]) * risk[:, None])
    value, parents = np.full(n, np.inf), []
    value[0] = 0.0
    for _ in range(steps):
        total = value[:, None] + costs
        parents.append(total.argmin(0))
        value = total[parents[-1], np.arange(n)]
    path = [n - 1]
    for parent in reversed(parents):
        path.append(int(parent[path[-1]]))
    return np.array(path[::-1])


def _second_order(log_snr, axis, risk, steps, smoothness, beam, window, spread) -> np.ndarray:
    n = len(axis)
    others = np.unique(np.round(np.linspace(0, n - 1, spread)).astype(int))
    # There is one entry per kept path: the level where it ends, its cost and the length of its last
    # step. The trail tells each entry's place among those of the step before, and its end.
    end, cost = np.zeros(1, int), np.zeros(1)
    length = np.full(1, np.nan)
    trail: list[tuple[np.ndarray, np.ndarray]] = []
    for step in range(steps):
        # This is the farthest level that leaves room for the steps after this one.
        last = n - (steps - step)
        if step == 0:
            reached = np.arange(1, n)[None] if steps > 1 else np.full((1, 1), n - 1)
        elif step == steps - 1:
            reached = np.full((len(end), 1), n - 1)
        else:
            aim = np.searchsorted(log_snr, log_snr[end] + length)
            near = aim[:, None] + np.arange(-window, window + 1)
            # A level that is near and among the others, too, is tried once.
            far = np.where(np.abs(others[None] - aim[:, None]) <= window, -1, others[None])
            reached = np.concatenate([near, far], axis=1)
        source, column = np.nonzero((reached > end[:, None]) & (reached <= last))
        to = reached[source, column]
        new_length = log_snr[to] - log_snr[end[source]]
        new_cost = cost[source] + (axis[to] - axis[end[source]]) * risk[end[source]]
        if step > 0:
            new_cost += smoothness * (new_length - length[source]) ** 2
        # The order is by level and then by cost: NumPy's stable sort of small integers is fast.
        order = np.argsort(new_cost)
        order = order[
            np.argsort(to[order].astype(np.uint16 if n < 2**16 else np.uint32), kind="stable")
        ]
        first = np.flatnonzero(np.diff(to[order], prepend=-1))
        place = np.arange(len(order)) - np.repeat(first, np.diff(first, append=len(order)))
        kept = order[place < beam]
        trail.append((source[kept], to[kept]))
        end, cost, length = to[kept], new_cost[kept], new_length[kept]
    at, path = int(np.argmin(cost)), []
    for source, ends in reversed(trail):
        path.append(int(ends[at]))
        at = int(source[at])
    return np.array([0, *path[::-1]])
