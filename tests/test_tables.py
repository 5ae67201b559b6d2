import numpy as np
import pandas as pd
import pytest

from diffinfo import tables
from diffinfo.files import write_json


def _run(root, seed, value, error):
    run = root / "pair" / f"seed-{seed}"
    estimate = {"value": value, "standard_error": error, "n": 100}
    write_json(
        run / "estimate.json",
        {
            "estimates": {"mutual_information": {"loss_difference": estimate}},
            "draws": 8,
            "linear_times": 0,
            "examples": 100,
            "split": "held out",
            "seed": seed,
            "s_min": 1e-5,
            "lam_min": -8.0,
            "lam_max": 13.8,
            "label_entropy": np.log(10),
        },
    )
    write_json(root / "pair" / "data.json", {"source": "digits"})
    return run


def test_seeds_are_averaged_and_their_spread_enters_the_error(tmp_path):
    runs = [_run(tmp_path, seed, value, 0.1) for seed, value in enumerate((1.0, 2.0, 3.0))]
    (row,) = tables.estimates(runs).itertuples()
    assert row.value == 2.0
    assert row.seeds == 3
    # Held-out examples are shared between seeds (0.1 stays); the spread between seeds is 1 / sqrt(3).
    assert row.standard_error == pytest.approx(np.sqrt(0.1**2 + 1 / 3))
    assert row.upper_bound == pytest.approx(np.log(10))
    assert np.isnan(row.exact)
    assert "| pair | loss_difference | 2 ± 0.59 |" in tables.as_markdown(pd.DataFrame([row]))
