"""Neural entropy from the terms of `integrand.py`, in nats, with standard errors over examples."""

from diffinfo.estimate.integrand import Terms
from diffinfo.estimate.statistics import Estimate


def neural_entropy(terms: Terms) -> dict[str, Estimate]:
    """S_NN of both fields (Eq. 11): `1/2 int alpha E|v_hat|^2 dlam` over the strata of `terms`."""
    return {
        "s_nn": Estimate.of(terms.neural_u.sum(1)),
        "s_nn_conditional": Estimate.of(terms.neural_c.sum(1)),
    }


def entropy_bound(terms: Terms) -> dict[str, Estimate]:
    """Lower bounds on S_tot over the same strata: `1/2 int alpha (E|v|^2 - E|v - v_hat|^2) dlam`,
    from the denoising loss.

    Equal to S_tot for the exact field and below it for any other (the excess loss is what is
    missing), so S_NN above this bound by much more than its standard error tells of a field that is
    not yet the optimum.
    """
    return {
        "s_bound": Estimate.of((terms.target - terms.loss_u).sum(1)),
        "s_bound_conditional": Estimate.of((terms.target - terms.loss_c).sum(1)),
    }
