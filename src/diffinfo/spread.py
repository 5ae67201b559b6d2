"""A batch that training spreads over several devices, each of which computes its own share of it.

The compiler shares work out by itself but for loops over the batch, which it gives every device
whole.
"""

from collections.abc import Callable

import jax
from jax.sharding import PartitionSpec

AXIS = "batch"  # of the mesh


def shares_of(rows: int) -> int:
    """Return how many devices share `rows` rows: those of the mesh in use; 1 if they cannot."""
    devices = jax.sharding.get_abstract_mesh().shape.get(AXIS, 1)
    return devices if rows % devices == 0 else 1


def over_shares(
    function: Callable, *arrays: jax.Array, axis: int = 0, sums: bool = False
) -> jax.Array | tuple[jax.Array, ...]:
    """Return `function(*arrays)`, where each device computes its share of the rows along `axis`.

    The results have rows along `axis` too, or, with `sums`, are sums over rows.
    """
    if shares_of(arrays[0].shape[axis]) == 1:
        return function(*arrays)
    rows = PartitionSpec(*[None] * axis, AXIS)
    if not sums:
        return jax.shard_map(function, in_specs=rows, out_specs=rows, check_vma=False)(*arrays)

    def summed(*share):
        return jax.lax.psum(function(*share), AXIS)

    return jax.shard_map(summed, in_specs=rows, out_specs=PartitionSpec(), check_vma=False)(*arrays)
