"""Nearest images, against all differences."""

import numpy as np

from diffinfo.estimate.neighbours import nearest


def test_the_nearest_is_found():
    rng = np.random.default_rng(0)
    x, others = (rng.integers(0, 256, (n, 3, 3, 1), np.uint8) for n in (7, 20))
    distance, rows = nearest(x, others, block=3)
    every = (x[:, None].astype(float) - others) ** 2
    every = np.sqrt(every.reshape(7, 20, -1).mean(-1))
    np.testing.assert_array_equal(rows, every.argmin(1))
    np.testing.assert_allclose(distance, every.min(1), rtol=1e-6)
