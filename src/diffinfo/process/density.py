"""At which noise levels training looks: a sampling density over the log-SNR axis."""

from dataclasses import dataclass
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np

_CELLS = 2048


@partial(jax.tree_util.register_dataclass, data_fields=["edges", "density_at"], meta_fields=[])
@dataclass
class LevelDensity:
    """A density over `[lam_min, lam_max]`, constant on cells of equal probability.

    edges `(C + 1,)` are its quantiles; density_at `(C,)` its value on each cell.
    """

    edges: jax.Array
    density_at: jax.Array

    @classmethod
    def of(cls, lam_min: float, lam_max: float, center: float, scale: float, uniform: float):
        """A share `uniform` spread evenly, the rest a normal bump at `center` of width `scale`, cut
        to the range.
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

    def quantiles(self, parts: int) -> np.ndarray:
        """Edges of so many parts of equal probability, `(parts + 1,)`."""
        edges = np.asarray(self.edges, float)
        return np.interp(np.linspace(0, 1, parts + 1), np.linspace(0, 1, len(edges)), edges)

    def sample(self, key: jax.Array, n: int) -> tuple[jax.Array, jax.Array]:
        """`n` stratified levels, in increasing order, `(n,)`, and the density at each, `(n,)`."""
        u = (jnp.arange(n) + jax.random.uniform(key, (n,))) / n * _CELLS
        cell = jnp.minimum(u.astype(jnp.int32), _CELLS - 1)
        low, high = self.edges[cell], self.edges[cell + 1]
        return low + (u - cell) * (high - low), self.density_at[cell]
