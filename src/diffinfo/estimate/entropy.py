"""Neural entropy from the terms of `integrand.py`, in nats, with standard errors over examples."""

from diffinfo.estimate.integrand import Terms
from diffinfo.estimate.statistics import Estimate


def neural_entropy(terms: Terms) -> dict[str, Estimate]:
    """Return S_NN of both fields (Eq. 11), in nats, over the strata of `terms`.

    S_NN = 1/2 int alpha E|v_hat|^2 dlam
    """
    return {
        "s_nn": Estimate.of(terms.neural_u.sum(1)),
        "s_nn_conditional": Estimate.of(terms.neural_c.sum(1)),
    }


def entropy_bound(terms: Terms) -> dict[str, Estimate]:
    """Return lower bounds on S_tot over the same strata, from the denoising loss, in nats.

    1/2 int alpha (E|v|^2 - E|v - v_hat|^2) dlam <= S_tot

    The exact field attains S_tot, and any other falls short of it by its excess loss. So a field
    whose S_NN exceeds its bound by much more than the standard error is not yet the optimum.
    """
    return {
        "s_bound": Estimate.of((terms.target - terms.loss_u).sum(1)),
        "s_bound_conditional": Estimate.of((terms.target - terms.loss_c).sum(1)),
    }
