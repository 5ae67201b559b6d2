"""The pilot and the comparison of schedules with exact fields and an exact classifier."""

import numpy as np
import pandas as pd
import pytest

from diffinfo.config import complete
from diffinfo.errors import DataError
from diffinfo.process.schedule import schedule_of
from diffinfo.sample.las import las
from diffinfo.studies.few_steps import SCHEDULES, FewSteps, compare, path_cost, pilot

PROCESS = complete("process", {})
SETTINGS = complete(
    "few_steps",
    {
        "candidates": 40,
        "examples": 100,
        "evaluations": [8],
        "per_class": 20,
        "seeds": 2,
        "guidance": [0, 2],
        "saturation": [0, 0.01],
        "smoothness": [0],
        "power": [1, 3],
        "rho": [2, 7, 20],
    },
)


@pytest.fixture(scope="module")
def few(mixture):
    return FewSteps(mixture.dataset, mixture.denoiser, mixture.log_posterior, PROCESS, 20)


@pytest.fixture(scope="module")
def piloted(few):
    return pilot(few, SETTINGS)


def test_the_pilot_chooses_each_schedule_of_least_distance(few, piloted):
    tries, curve = piloted
    # Three samplers, and two, two and three schedules.
    assert len(tries) == 3 * (2 + 2 + 3)
    assert set(tries["schedule"]) == {name for name, settings in SCHEDULES.items() if settings}
    names = {name for settings in SCHEDULES.values() for name in settings}
    for (_, _, schedule), rows in tries.groupby(["sampler", "nfe", "schedule"]):
        own = list(SCHEDULES[schedule])
        assert not rows[own].duplicated().any()
        assert rows[own].notna().all(axis=None)
        assert rows[list(names.difference(own))].isna().all(axis=None)
        assert rows["frechet_distance"].nunique() > 1
        chosen = rows[rows["chosen"]]
        assert (chosen["frechet_distance"] == rows["frechet_distance"].min()).all()
    assert len(curve) == 40
    np.testing.assert_allclose(np.log(curve["snr"].iloc[[0, -1]]), few.lam_range)
    # Given its label, an image is Gaussian: E|x - x_hat|^2 = D s^2 / (1 + snr s^2).
    expected = 16 * 0.05**2 / (1 + curve["snr"] * 0.05**2)
    np.testing.assert_allclose(curve["risk"], expected, rtol=0.15)


def test_grids_take_their_own_settings(few, piloted):
    _, curve = piloted
    process, ends = schedule_of(PROCESS)
    tuned = {"saturation": 0.01, "smoothness": 0.0, "power": 2.0, "rho": 5.0}
    grids = {name: few.grid(name, 8, curve, tuned) for name in SCHEDULES}
    for grid in grids.values():
        assert grid.shape == (9,)
        assert (np.diff(grid) > 0).all()
        np.testing.assert_allclose(grid[[0, -1]], ends)
    lengths = np.diff(np.sqrt(process.time(grids["time"])))
    np.testing.assert_allclose(lengths, lengths[0], rtol=1e-6)
    lengths = np.diff(np.exp(-grids["EDM"] / 10))
    np.testing.assert_allclose(lengths, lengths[0], rtol=1e-6)
    best = las(curve["snr"], curve["risk"], 8, 0.01, 0.0)
    np.testing.assert_array_equal(grids["LAS"], best.log_snr)


@pytest.mark.parametrize("steps", [3, 12])
def test_the_path_cost_of_a_gaussian_is_known(steps):
    """Frozen steps of N(0, s^2 I) cost D/2 sum [dx / (1 + x) - d log(1 + x)], x = s^2 snr."""
    lams, variance, dimension = np.linspace(-8, 12, 201), 0.3, 7
    snr = np.exp(lams)
    curve = pd.DataFrame({"snr": snr, "risk": dimension * variance / (1 + variance * snr)})
    grid = np.sort(np.random.default_rng(steps).uniform(-7.5, 11.5, steps + 1))
    x = variance * np.exp(grid)
    parts = np.diff(x) / (1 + x[:-1]) - np.diff(np.log1p(x))
    assert path_cost(curve, grid) == pytest.approx(dimension / 2 * parts.sum(), rel=2e-3)
    best = las(curve["snr"], curve["risk"], steps, 0.0).log_snr
    even = np.linspace(lams[0], lams[-1], steps + 1)
    assert path_cost(curve, best) < path_cost(curve, even)


def test_schedules_of_other_images_are_compared_too(few, piloted):
    tries, curve = piloted
    settings = SETTINGS | {"borrow": "others", "guidance": [0]}
    own = compare(few, settings, piloted)
    same = compare(few, settings, piloted, piloted)
    is_lent = same["schedule"] == "LAS of others"
    pd.testing.assert_frame_equal(own, same[~is_lent].reset_index(drop=True))
    columns = ["frechet_distance", "accuracy", "path_cost"]
    np.testing.assert_array_equal(
        same.loc[is_lent, columns], same.loc[same["schedule"] == "LAS", columns]
    )
    # Where another risk falls later, so do the steps.
    lams = np.log(curve["snr"])
    later = curve.assign(risk=np.interp(lams - 2, lams, curve["risk"]))
    moved = compare(few, settings, piloted, (tries, later))
    assert (moved.loc[is_lent, "path_cost"] != same.loc[is_lent, "path_cost"]).all()


def test_the_comparison_takes_the_schedules_that_were_chosen(few, piloted):
    tries, curve = piloted
    lines = []
    table = compare(few, SETTINGS, piloted, report=lines.append)
    assert len(table) == 1 + 3 * 4 * 2 * 2
    assert len(lines) == 3
    data, samples = table.iloc[0], table.iloc[1:]
    assert (data["sampler"], data["schedule"], data["nfe"]) == ("data", "data", 0)
    assert data["accuracy"] > 0.9
    assert (samples["path_cost"].notna() == (samples["guidance"] == 0)).all()
    assert set(samples["schedule"]) == set(SCHEDULES)
    assert samples["accuracy"].mean() > 0.9
    assert (table["images"] == 60).all()
    assert (table["held_out"] == 120).all()
    # A table in which other tries of one schedule are chosen changes its rows, and no others.
    worst = tries.groupby(["sampler", "nfe", "schedule"])["frechet_distance"].transform("max")
    other = tries.assign(
        chosen=np.where(
            tries["schedule"] == "EDM", tries["frechet_distance"] == worst, tries["chosen"]
        )
    )
    again = compare(few, SETTINGS, (other, curve))
    edm = table["schedule"] == "EDM"
    pd.testing.assert_frame_equal(table[~edm], again[~edm])
    assert (table[edm]["frechet_distance"] != again[edm]["frechet_distance"]).all()
    real = few.features(few.dataset.x_test.astype(np.float32) / 255)
    for schedule, names in SCHEDULES.items():
        of_case = tries["schedule"].eq(schedule) & tries["sampler"].eq("SDE-2M") & tries["chosen"]
        tuned = tries[of_case].iloc[0] if names else {}
        image = few.sample("SDE-2M", few.grid(schedule, 8, curve, tuned), 0.0, 1)
        row = table.query(
            "schedule == @schedule and sampler == 'SDE-2M' and guidance == 0 and seed == 1"
        ).iloc[0]
        assert few.scores(image, few.y, real)["frechet_distance"] == row["frechet_distance"]


def test_only_labelled_images_are_compared(mixture, vectors):
    with pytest.raises(DataError, match="labelled images"):
        FewSteps(vectors, mixture.denoiser, mixture.log_posterior, PROCESS, 4)
