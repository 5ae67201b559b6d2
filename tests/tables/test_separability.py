"""The worlds of random fields: what they hold, and that the claim about labels can fail."""

import numpy as np
import pytest

from diffinfo.exact.random_fields import hartley, symmetric
from diffinfo.tables.separability import BANDS, INFORMATION, calibrated, world, worlds


@pytest.fixture(scope="module")
def table():
    return worlds(examples=600, levels=12)


def test_all_worlds_hold_the_same_about_their_class(table):
    last = table[(table["quantity"] == "information") & (table["lam"] == table["lam"].max())]
    assert list(last["world"]) == list(BANDS)
    # One part of the error is of the draws that the contrast was fitted to.
    error = np.sqrt(2) * last["standard_error"]
    assert (np.abs(last["value"] - INFORMATION) < 4 * error).all()
    assert error.max() < 0.1


def test_the_claim_holds_where_coarse_structure_tells_and_fails_where_texture_does(table):
    late = table[table["quantity"] == "late_information"].set_index("world")
    entropy = table[table["quantity"] == "late_entropy"].set_index("world")
    apart = (late["value"] - entropy["value"]) / late["standard_error"]
    assert apart["coarse"] > 5
    assert apart["texture"] < -5
    assert late["value"]["texture"] < late["value"]["both"] < late["value"]["coarse"]


def test_information_and_entropy_grow_with_the_log_snr(table):
    for quantity in ("information", "entropy"):
        for _, rows in table[table["quantity"] == quantity].groupby("world"):
            rows = rows.sort_values("lam")
            assert (np.diff(rows["value"]) > -2 * rows["standard_error"].to_numpy()[1:]).all()
            assert rows["share"].iloc[-1] == 1


def test_fields_are_real_and_look_alike_where_their_bands_do_not_differ():
    """Opposite wave vectors have one power, classes have one variance, and texture is fine."""
    fields = world("texture", calibrated("texture", examples=300))
    np.testing.assert_allclose(fields.power, symmetric(fields.power))
    variances = fields.power.mean((1, 2))
    np.testing.assert_allclose(variances, variances[0], rtol=0.01)
    x, _ = fields.draw(500, np.random.default_rng(0))
    np.testing.assert_allclose((hartley(x) ** 2).mean(), variances.mean(), rtol=0.1)
