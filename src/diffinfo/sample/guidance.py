"""Classifier-free guidance as a denoiser like any other (Eq. 15)."""

import jax

from diffinfo.process.denoise import Denoiser, at


def _guided(denoiser: Denoiser, weight, z, lam, y=None):
    field = at(denoiser, z, lam)
    if y is None:
        return field()
    return (1 + weight) * field(y) - weight * field()


def guided(denoiser: Denoiser, weight: float) -> Denoiser:
    """The field `(1 + w) v_c - w v_u` of guidance weight w, where v_c and v_u are the conditional
    and unconditional fields of `denoiser`: weight 0 gives v_c, and -1 gives v_u. Without a
    condition it is v_u whatever the weight.
    """
    return jax.tree_util.Partial(_guided, denoiser, weight)
