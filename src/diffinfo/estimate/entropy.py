"""Neural entropy from the terms of `integrand.py`, in nats, with standard errors over examples."""

from dataclasses import dataclass

import numpy as np

from diffinfo.estimate.integrand import Terms


@dataclass(frozen=True)
class Estimate:
    """A mean over `n` independent held-out examples, in nats, and its standard error."""

    value: float
    standard_error: float
    n: int

    @classmethod
    def of(cls, per_example: np.ndarray) -> "Estimate":
        """From one draw per example, `(N,)`. Raises ValueError for fewer than two examples."""
        if len(per_example) < 2:
            raise ValueError(f"{len(per_example)} examples give no standard error: need at least 2")
        return cls(
            float(np.mean(per_example)), float(np.std(per_example, ddof=1) / np.sqrt(len(per_example))), len(per_example)
        )


def folds(n: int, parts: int) -> list[tuple[np.ndarray, np.ndarray]]:
    """For cross-fitting: `parts` interleaved parts of n examples, each with all the others, as masks `(apply, fit)`."""
    part = np.arange(n) % parts
    return [(part == k, part != k) for k in range(parts)]


def neural_entropy(terms: Terms) -> dict[str, Estimate]:
    """S_NN of both fields (Eq. 11): `1/2 int alpha E|v_hat|^2 dlam` over the levels of `terms`."""
    return {
        "s_nn": Estimate.of(terms.neural_u.sum(1)),
        "s_nn_conditional": Estimate.of(terms.neural_c.sum(1)),
    }


def entropy_bound(terms: Terms) -> dict[str, Estimate]:
    """Lower bounds on S_tot over the same levels: `1/2 int alpha (E|v|^2 - E|v - v_hat|^2) dlam`, from the denoising loss.

    Equal to S_tot for the exact field and below it for any other (the excess loss is what is missing), so S_NN above this
    bound by much more than its standard error tells of a field that is not yet the optimum.
    """
    return {
        "s_bound": Estimate.of((terms.target - terms.loss_u).sum(1)),
        "s_bound_conditional": Estimate.of((terms.target - terms.loss_c).sum(1)),
    }
