"""Worlds of random fields whose classes differ in coarse structure, in texture, in both, or in one
pixel: images of which it is known where in noise level their label is.
"""

from functools import cache

import numpy as np
from scipy.optimize import brentq

from diffinfo.exact.random_fields import RandomFields, frequencies, sectors, symmetric

CLASSES = 4  # as many directions
VARIANCE = 0.1  # of pixels, as those of pictures in [0, 1] have
# World -> bands of frequency (from, to, in cycles a side) and what contrast is multiplied by there:
# in the world "both" each of the two tells about as much as the other.
COARSE, FINE = (1.0, 4.0), (10.0, np.inf)
BANDS = {
    "coarse": {COARSE: 1.0},
    "texture": {FINE: 1.0},
    "both": {COARSE: 3.3, FINE: 1.0},
    "one-pixel": {},
}
INFORMATION = 1.0  # nats, of every world's clean images; H(Y) is log 4


def world(name: str, contrast: float, side: int = 28) -> RandomFields:
    """Fields of `side` x `side` pixels with power 1 / (1 + k^2) at k cycles a side.

    Class y has `exp(contrast)` times the power in a quarter of all directions, within the bands of
    the world; in the world "one-pixel" instead a mean of `contrast (y - 1.5)` at one pixel.
    """
    k, direction = frequencies(side, side)
    power = np.repeat(1 / (1 + k**2)[None], CLASSES, axis=0)
    sector = sectors(direction, CLASSES)
    for (low, high), factor in BANDS[name].items():
        inside = (k >= low) & (k < high)
        for y in range(CLASSES):
            power[y] *= np.exp(factor * contrast * (inside & (sector == y)))
    # At the highest frequency of an even side a wave vector and its opposite are told apart by
    # neither sign; elsewhere they have one direction already.
    power = symmetric(power)
    power *= VARIANCE / power[0].mean()
    means = np.zeros_like(power)
    if not BANDS[name]:
        means[:, side // 2, side // 2] = contrast * (np.arange(CLASSES) - (CLASSES - 1) / 2)
    return RandomFields(power, means, np.full(CLASSES, 1 / CLASSES))


@cache
def calibrated(name: str, side: int = 28, examples: int = 3000) -> float:
    """The contrast at which clean images of a world hold INFORMATION about their class, by so many
    draws.
    """

    def excess(contrast):
        fields = world(name, contrast, side)
        x, y = fields.draw(examples, np.random.default_rng(0))
        return fields.information(x, y, np.zeros_like(x), [30.0]).mean() - INFORMATION

    return brentq(excess, 1e-3, 5.0, xtol=1e-3)


def world_with_information(name: str, side: int = 28) -> RandomFields:
    """The world of that name whose clean images hold INFORMATION about their class."""
    return world(name, calibrated(name, side), side)
