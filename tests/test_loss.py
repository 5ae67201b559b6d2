import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.integrate import quad

from diffinfo.config import complete
from diffinfo.exact.denoisers import GaussianDenoiser
from diffinfo.loss import Objective, dropped_condition_loss, two_field_loss
from diffinfo.process.schedule import VPSchedule
from diffinfo.train.loop import make_objective

VARIANCES = np.array([0.2, 1.0, 2.5])
ORACLE = GaussianDenoiser.of(np.zeros(3), np.diag(VARIANCES), np.zeros((3, 1)), np.eye(1))


def _objective(weighting) -> Objective:
    return make_objective(
        complete("train", {"weighting": weighting}), complete("process", {"s_min": 1e-3})
    )


def _residual(lam):
    """E|v - v*|^2 of the oracle, `S / (a^2 S + b^2)` per coordinate: v's posterior variance."""
    alpha = 1 / (1 + np.exp(-lam))
    return np.sum(VARIANCES / (alpha * (VARIANCES - 1) + 1))


SCHEDULE = VPSchedule()
INTEGRALS = {
    "likelihood": (
        lambda lam: 0.5 / (1 + np.exp(-lam)) * _residual(lam),
        SCHEDULE.log_snr_range(1e-3),
    ),
    # lambda(s) = 1: |eps - eps_hat|^2 = alpha |v - v_hat|^2, uniform in s.
    "noise": (lambda s: SCHEDULE.alpha(s) * _residual(SCHEDULE.log_snr(s)), (1e-3, 1.0)),
}


@pytest.mark.parametrize("weighting", ["likelihood", "noise"])
def test_weighted_losses_of_the_oracle_against_quadrature(weighting):
    n = 200_000
    x = jnp.asarray(
        np.random.default_rng(0).standard_normal((n, 3)) * np.sqrt(VARIANCES), jnp.float32
    )
    loss, parts = two_field_loss(
        ORACLE, _objective(weighting), x, jnp.zeros((n, 1)), jax.random.key(0)
    )
    integrand, limits = INTEGRALS[weighting]
    expected, _ = quad(integrand, *limits, limit=200)
    np.testing.assert_allclose(loss, 2 * expected, rtol=0.01)  # both fields
    likelihood, _ = quad(*INTEGRALS["likelihood"][:1], *INTEGRALS["likelihood"][1], limit=200)
    assert parts.pop("risk")[1].sum() == n
    for part in parts.values():
        np.testing.assert_allclose(part, likelihood, rtol=0.01)


def test_one_network_loss_splits_rows_by_presence():
    n = 100_000
    x = jnp.asarray(
        np.random.default_rng(1).standard_normal((n, 3)) * np.sqrt(VARIANCES), jnp.float32
    )
    seen = []

    def field(z, lam, y, present):
        seen.append(present)
        return ORACLE(z, lam)

    loss, parts = dropped_condition_loss(
        field, _objective("likelihood"), 0.3, x, jnp.zeros((n, 1)), jax.random.key(0)
    )
    assert abs(float(jnp.mean(seen[0])) - 0.7) < 0.01
    np.testing.assert_allclose(
        loss, 0.7 * parts["conditional"] + 0.3 * parts["unconditional"], rtol=1e-3
    )


def test_an_unknown_weighting_is_named():
    with pytest.raises(ValueError, match="weighting='elbow'"):
        Objective("elbow", _objective("noise").density, SCHEDULE)
