"""Are generated images copies of training images?"""

import numpy as np


def nearest(x: np.ndarray, others: np.ndarray, block: int = 100) -> tuple[np.ndarray, np.ndarray]:
    """Return the root mean square difference of each of x to the nearest of `others`, and its row.

    x, others: images `(N, ...)` and `(M, ...)` uint8. The differences are in grey levels.
    """
    one, other = (np.reshape(array, (len(array), -1)).astype(np.float32) for array in (x, others))
    squares = np.square(other).sum(1)
    rows = np.concatenate(
        [
            np.argmin(squares - 2 * one[start : start + block] @ other.T, axis=1)
            for start in range(0, len(one), block)
        ]
    )
    return np.sqrt(np.square(one - other[rows]).mean(1)), rows
