"""Grids of noise levels: `K + 1` increasing log-SNRs, from the noisiest level to the cleanest, that
any sampler takes.
"""

import numpy as np

from diffinfo.process.schedule import VPSchedule


def time_grid(
    schedule: VPSchedule, lam_min: float, lam_max: float, steps: int, power: float = 1.0
) -> np.ndarray:
    """Levels even in `s^(1/power)`, with the process's time s, `(steps + 1,)`: power 2 is DDIM's
    quadratic choice.
    """
    ends = np.asarray(schedule.time([lam_min, lam_max])) ** (1 / power)
    inner = schedule.log_snr(np.linspace(*ends, steps + 1)[1:-1] ** power)
    return np.concatenate([[lam_min], inner, [lam_max]])


def log_snr_grid(lam_min: float, lam_max: float, steps: int) -> np.ndarray:
    """Levels even in log-SNR, that is geometric in sigma, `(steps + 1,)`."""
    return np.linspace(lam_min, lam_max, steps + 1)


def edm_grid(lam_min: float, lam_max: float, steps: int, rho: float = 7.0) -> np.ndarray:
    """Levels even in `sigma^(1/rho)` with `sigma = exp(-lam / 2)` (Karras et al. 2022, Eq. 5),
    `(steps + 1,)`.
    """
    first, last = np.exp(-np.array([lam_min, lam_max]) / (2 * rho))
    return -2 * rho * np.log(np.linspace(first, last, steps + 1))


def even_grid(candidates: np.ndarray, steps: int) -> np.ndarray:
    """Levels even in the index of increasing `candidates` `(N,)`, as DDPM's time steps are
    skipped, `(steps + 1,)`.
    """
    return np.asarray(candidates)[
        np.round(np.linspace(0, len(candidates) - 1, steps + 1)).astype(int)
    ]
