"""The pilot and the comparison of schedules with exact fields and an exact classifier."""

import numpy as np
import pandas as pd
import pytest

from diffinfo.config import complete
from diffinfo.errors import DataError
from diffinfo.sample.las import las
from diffinfo.studies.few_steps import FewSteps, compare, pilot

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
    },
)


@pytest.fixture(scope="module")
def few(mixture):
    return FewSteps(mixture.dataset, mixture.denoiser, mixture.log_posterior, PROCESS, 20)


@pytest.fixture(scope="module")
def piloted(few):
    return pilot(few, SETTINGS)


def test_the_pilot_chooses_the_schedule_of_least_distance(few, piloted):
    tries, curve = piloted
    assert len(tries) == 2 * 2
    for _, rows in tries.groupby(["sampler", "nfe"]):
        assert rows["frechet_distance"].nunique() > 1
        chosen = rows[rows["chosen"]]
        assert (chosen["frechet_distance"] == rows["frechet_distance"].min()).all()
    assert len(curve) == 40
    np.testing.assert_allclose(np.log(curve["snr"].iloc[[0, -1]]), few.lam_range)
    # Given its label, an image is Gaussian: E|x - x_hat|^2 = D s^2 / (1 + snr s^2).
    expected = 16 * 0.05**2 / (1 + curve["snr"] * 0.05**2)
    np.testing.assert_allclose(curve["risk"], expected, rtol=0.15)


def test_the_comparison_takes_the_schedule_that_was_chosen(few, piloted):
    tries, curve = piloted
    lines = []
    table = compare(few, SETTINGS, tries, curve, lines.append)
    assert len(table) == 1 + 2 * 4 * 2 * 2
    assert len(lines) == 2
    data, samples = table.iloc[0], table.iloc[1:]
    assert (data["sampler"], data["schedule"], data["nfe"]) == ("data", "data", 0)
    assert data["accuracy"] > 0.9
    assert set(samples["schedule"]) == {"LAS", "time", "log-SNR", "EDM"}
    assert samples["accuracy"].mean() > 0.9
    assert (table["images"] == 60).all()
    assert (table["held_out"] == 120).all()
    # A table that calls another try the chosen one changes the rows of LAS, and no others.
    other = tries.assign(
        chosen=tries["frechet_distance"]
        == tries.groupby(["sampler", "nfe"])["frechet_distance"].transform("max")
    )
    again = compare(few, SETTINGS, other, curve)
    adaptive = table["schedule"] == "LAS"
    pd.testing.assert_frame_equal(table[~adaptive], again[~adaptive])
    assert (table[adaptive]["frechet_distance"] != again[adaptive]["frechet_distance"]).any()
    best = tries[(tries["sampler"] == "DDIM") & tries["chosen"]].iloc[0]
    levels = las(curve["snr"], curve["risk"], 8, best["saturation"], best["smoothness"]).indices
    image = few.sample("DDIM", np.log(curve["snr"].to_numpy()[levels]), 0.0, 1)
    row = table[
        adaptive & (table["sampler"] == "DDIM") & (table["guidance"] == 0) & (table["seed"] == 1)
    ].iloc[0]
    real = few.features(few.dataset.x_test.astype(np.float32) / 255)
    assert few.scores(image, few.y, real)["frechet_distance"] == row["frechet_distance"]


def test_only_labelled_images_are_compared(mixture, vectors):
    with pytest.raises(DataError, match="labelled images"):
        FewSteps(vectors, mixture.denoiser, mixture.log_posterior, PROCESS, 4)
