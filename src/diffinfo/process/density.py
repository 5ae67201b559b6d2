"""At which noise levels training looks: a sampling density over the log-SNR axis."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np

from diffinfo.process.schedule import VPSchedule

_CELLS = 2048


@partial(jax.tree_util.register_dataclass, data_fields=["edges", "density_at"], meta_fields=[])
@dataclass
class LevelDensity:
    """A density over `[lam_min, lam_max]` that is constant on C cells of equal probability.

    edges `(C + 1,)` are its quantiles, and density_at `(C,)` is its value on each cell.
    """

    edges: jax.Array
    density_at: jax.Array

    @classmethod
    def of(cls, lam_min: float, lam_max: float, center: float, scale: float, uniform: float):
        """Return a mixture of an even density and a normal bump, both cut to the range.

        The even one has the share `uniform`; the bump lies at `center` and has the width `scale`.
        """
        grid = np.linspace(lam_min, lam_max, 1 << 15)
        bump = np.exp(-0.5 * ((grid - center) / scale) ** 2)
        density = uniform / (lam_max - lam_min) + (1 - uniform) * bump / np.trapezoid(bump, grid)
        cumulative = np.concatenate(
            [[0.0], np.cumsum(0.5 * (density[1:] + density[:-1]) * np.diff(grid))]
        )
        edges = np.interp(np.linspace(0, cumulative[-1], _CELLS + 1), cumulative, grid)
        cells = 1 / (_CELLS * np.diff(edges))
        return cls(jnp.asarray(edges, jnp.float32), jnp.asarray(cells, jnp.float32))

    @classmethod
    def of_times(cls, schedule: VPSchedule, lam_min: float, lam_max: float):
        """Return that of times that are even between those of `lam_max` and `lam_min`.

        The cells are; within one, log-SNR is even.
        """
        times = np.linspace(schedule.time(lam_min), schedule.time(lam_max), _CELLS + 1)
        edges = schedule.log_snr(times)
        cells = 1 / (_CELLS * np.diff(edges))
        return cls(jnp.asarray(edges, jnp.float32), jnp.asarray(cells, jnp.float32))

    @classmethod
    def from_settings(
        cls,
        settings: Mapping[str, float | bool],
        schedule: VPSchedule,
        lam_range: tuple[float, float],
    ):
        """Return what a config's `density` section describes, over `lam_range`."""
        if settings.get("even_in_time"):
            return cls.of_times(schedule, *lam_range)
        bump = {name: settings[name] for name in ("center", "scale", "uniform")}
        return cls.of(*lam_range, **bump)

    def quantiles(self, parts: int) -> np.ndarray:
        """Return the edges of `parts` parts of equal probability, `(parts + 1,)`."""
        edges = np.asarray(self.edges, float)
        return np.interp(np.linspace(0, 1, parts + 1), np.linspace(0, 1, len(edges)), edges)

    def sample(self, key: jax.Array, n: int) -> tuple[jax.Array, jax.Array]:
        """Draw `n` stratified levels in increasing order; return them and the density at each.

        Both are `(n,)`.
        """
        u = (jnp.arange(n) + jax.random.uniform(key, (n,))) / n * _CELLS
        cell = jnp.minimum(u.astype(jnp.int32), _CELLS - 1)
        low, high = self.edges[cell], self.edges[cell + 1]
        return low + (u - cell) * (high - low), self.density_at[cell]
