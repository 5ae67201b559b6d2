"""The table of schedules compared on trained image models: averaged over sets of samples, and over
runs.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from diffinfo.tables.runs import by_experiment

CASE = ["sampler", "schedule", "nfe", "guidance"]


def schedules(runs: Sequence[str | Path]) -> pd.DataFrame:
    """Fréchet distance (squared, in classifier features) and label accuracy (a fraction) of every
    schedule.

    standard_error: over sets of samples with different seeds, of all runs of an experiment; NaN for
    the one set of training images, which `sampler` and `schedule` call data.
    """
    tables = []
    for experiment, folders in by_experiment(runs).items():
        sets = pd.concat(
            [pd.read_csv(folder / "schedules.csv") for folder in folders], ignore_index=True
        )
        for quantity in ("frechet_distance", "accuracy"):
            grouped = sets.groupby(CASE, sort=False)[quantity]
            frame = grouped.agg(value="mean", spread="std", sets="count").reset_index()
            frame["standard_error"] = frame.pop("spread") / np.sqrt(frame["sets"])
            frame.insert(0, "experiment", experiment)
            frame["quantity"], frame["runs"] = quantity, len(folders)
            for name in ("images", "held_out", "lam_min", "lam_max"):
                frame[name] = sets[name].iloc[0]
            tables.append(frame)
    return pd.concat(tables, ignore_index=True)
