"""Classifier-free guidance as a denoiser like any other (Eq. 15)."""

import jax

from diffinfo.process.denoise import Denoiser


def _guided(denoiser: Denoiser, weight, z, lam, y=None):
    unconditional = denoiser(z, lam)
    if y is None:
        return unconditional
    return (1 + weight) * denoiser(z, lam, y) - weight * unconditional


def guided(denoiser: Denoiser, weight: float) -> Denoiser:
    """`(1 + w) v_c - w v_u`, guidance weight w: 0 leaves the conditional field, -1 gives the
    unconditional one.
    """
    return jax.tree_util.Partial(_guided, denoiser, weight)
