"""The worlds of random fields: what they hold, and that the claim about labels can fail."""

import numpy as np
import pandas as pd
import pytest

from diffinfo.errors import DataError
from diffinfo.estimate.statistics import mean_and_error
from diffinfo.exact.random_fields import hartley, symmetric
from diffinfo.exact.worlds import BANDS, INFORMATION, calibrated, world, world_with_information
from diffinfo.files import write_json, write_table
from diffinfo.process.schedule import VPSchedule
from diffinfo.runs import Run
from diffinfo.tables.separability import MEASURES, measured, worlds


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


def test_exact_profiles_measure_what_the_world_holds(tmp_path):
    """Profiles of exact fields and of the exact posterior, written as runs write them, agree with
    the table's own exact rows within errors.
    """
    name, schedule = "texture", VPSchedule()
    fields, rng = world_with_information(name), np.random.default_rng(5)
    edges = np.linspace(*schedule.log_snr_range(1e-5), 46)
    x, y = fields.draw(800, rng)
    gained = fields.information(x, y, rng.standard_normal(x.shape), edges)
    entropy = np.array([fields.conditional_entropy_produced(lam) for lam in edges])
    frames = []
    for quantity, values in (
        ("classifier", gained),
        ("loss_difference", gained),
        ("s_nn", entropy - gained),
    ):
        of_strata = {}
        for column, per_example in (
            ("amount", np.diff(values)),
            ("produced", values[:, -1:] - values[:, :-1]),
            ("remaining", values[:, 1:] - values[:, :1]),
        ):
            of_strata[column], of_strata[f"{column}_se"] = mean_and_error(per_example)
        levels = {"lam_low": edges[:-1], "lam_high": edges[1:]}
        levels |= {"s_low": schedule.time(edges[1:]), "s_high": schedule.time(edges[:-1])}
        frames.append(pd.DataFrame({"quantity": quantity} | levels | of_strata))
    run = Run("worlds-texture", 0, tmp_path)
    run.folder.mkdir(parents=True)
    write_table(run.file("profile"), pd.concat(frames))
    write_json(run.file("estimate"), {"data": {"random_fields": {"world": name, "side": 28}}})
    table = measured([run], examples=800).set_index(["quantity", "by"])
    for quantity, by in MEASURES:
        seen, exact = table.loc[(quantity, by)], table.loc[(quantity, "exact")]
        apart = np.abs(seen["value"].to_numpy() - exact["value"].to_numpy())
        error = np.hypot(seen["standard_error"].to_numpy(), exact["standard_error"].to_numpy())
        assert (apart < 4 * error + 1e-3).all()
        late, truth = (table.loc[(f"late_{quantity}", each)] for each in (by, "exact"))
        # Shares are read off straight lines between levels, half a unit apart.
        error = np.hypot(late["standard_error"].item(), truth["standard_error"].item())
        assert abs(late["value"].item() - truth["value"].item()) < 4 * error + 0.01
    write_json(run.file("estimate"), {"data": {"name": "digits"}})
    with pytest.raises(DataError, match=r"worlds-texture: is not of data\.random_fields"):
        measured([run])
