"""Blocks of examples: all of them, once, in few and equal parts."""

import numpy as np
import pytest

from diffinfo.process.forward import blocks


@pytest.mark.parametrize(("n", "size"), [(600, 256), (5, 10), (2049, 2048), (7, 1), (0, 3)])
def test_blocks_are_few_and_alike(n, size):
    dealt = list(blocks(n, size))
    rows = np.concatenate([rows for rows, _ in dealt]) if dealt else np.arange(0)
    np.testing.assert_array_equal(rows, np.arange(n))
    assert len(dealt) == -(-n // size)
    assert len({len(padded) for _, padded in dealt}) <= 1
    for rows, padded in dealt:
        assert len(padded) <= size
        np.testing.assert_array_equal(padded[: len(rows)], rows)
    # Fewer examples are taken twice than there are blocks.
    assert sum(len(padded) for _, padded in dealt) - n < max(len(dealt), 1)
