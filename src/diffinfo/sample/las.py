"""Loss-adaptive schedules: from a risk curve to the noise levels that a sampler with few steps
should visit (2601.21943).

With the risk `R(snr) = E|x - x_hat|^2` of a denoiser, freezing it between SNRs costs (twice the
path KL, but for what no schedule changes; Eq. 5.1)

    J = sum_k (g(snr_{k+1}) - g(snr_k)) R(snr_k),    g(snr) = snr / (1 + saturation snr)    (Eq. 5.2)

with saturation 0; larger ones forgive what is lost at the cleanest levels. A penalty for uneven
steps in log-SNR, `smoothness sum_k (l_k - l_{k-1})^2`, `l_k = log(snr_{k+1} / snr_k)`, makes it
second order (Eq. 6.1).
"""

import numpy as np

from diffinfo.errors import DataError


def _axis(snr: np.ndarray, saturation: float) -> np.ndarray:
    return snr / (1 + saturation * snr)


def _checked(snr, risk, steps: int) -> tuple[np.ndarray, np.ndarray]:
    snr, risk = np.asarray(snr, float), np.asarray(risk, float)
    if snr.ndim != 1 or snr.shape != risk.shape or len(snr) < 2:
        raise DataError(
            f"a risk curve has as many SNRs as risks, at least two: got shapes {snr.shape} and {risk.shape}"
        )
    if not (np.isfinite(snr).all() and (snr > 0).all() and (np.diff(snr) > 0).all()):
        raise DataError("snr must be positive, finite and increase from row to row")
    if not (np.isfinite(risk).all() and (risk >= 0).all()):
        raise DataError(
            f"risk must be finite and not negative: row {int(np.argmin(np.isfinite(risk) & (risk >= 0)))} is not"
        )
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
) -> np.ndarray:
    """Indices `(steps + 1,)` of the levels of least cost, the first and the last of a risk curve
    `snr`, `risk` `(N,)` included.

    Without smoothness an exact dynamic program. With it, a search that keeps the `beam` best paths
    to every level and goes on from each to levels within `window` of where an even step would lead,
    and `spread` evenly spaced others. Raises DataError for a curve that is not one, or with too few
    levels.
    """
    snr, risk = _checked(snr, risk, steps)
    if smoothness < 0 or saturation < 0:
        raise DataError(
            f"saturation={saturation}, smoothness={smoothness}: neither may be negative"
        )
    axis = _axis(snr, saturation)
    if smoothness == 0:
        return _first_order(axis, risk, steps)
    return _second_order(
        np.log(snr),
        axis,
        risk,
        steps,
        smoothness,
        beam,
        min(window, len(snr)),
        min(spread, len(snr)),
    )


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
    # One entry per kept path: where it ends, where it was before, its cost, and its place among the
    # entries of the step before.
    end, cost = np.zeros(1, int), np.zeros(1)
    length = np.full(1, np.nan)  # of its last step
    trail: list[tuple[np.ndarray, np.ndarray]] = []
    for step in range(steps):
        # the farthest level that leaves room for the steps after this one
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
        order = np.argsort(new_cost)  # then by level, stably: small integers are sorted in no time
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
