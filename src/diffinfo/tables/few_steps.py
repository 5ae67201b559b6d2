"""The table of schedules compared on trained image models that are sampled in few steps."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from diffinfo.estimate.statistics import half_width, share_interval
from diffinfo.runs import Run, by_experiment

CASE = ["sampler", "schedule", "nfe", "guidance"]


def few_steps(runs: Sequence[Run]) -> pd.DataFrame:
    """Fréchet distance and label accuracy of every sampler, schedule and number of steps (`nfe`).

    The Fréchet distance is squared and in the features of a small classifier of noised images, so
    it is not an Inception FID; accuracy is a fraction. Each value is a mean over sets of samples
    with different seeds, of all runs of an experiment, with the standard error of that mean, and
    its 95 % interval from `low` to `high`, of which `half_width` is half.

    The interval of the distance is Student's over sets; it and both standard errors are NaN for the
    one set of training images, which `sampler` and `schedule` call data. That of the accuracy is
    Wilson's over all images, which are independent given the trained models; each label has as many
    of them, which can only make it too wide. `path_cost` is what theory says that the schedule
    loses, in nats of path KL (`studies/few_steps.py`): a number of the risk curve, without error.
    """
    tables = []
    for experiment, seeds in by_experiment(runs).items():
        sets = pd.concat([pd.read_csv(run.file("few_steps")) for run in seeds], ignore_index=True)
        for quantity in ("frechet_distance", "accuracy"):
            grouped = sets.groupby(CASE, sort=False)[quantity]
            frame = grouped.agg(value="mean", spread="std", sets="count").reset_index()
            frame["standard_error"] = frame.pop("spread") / np.sqrt(frame["sets"])
            frame.insert(0, "experiment", experiment)
            frame["quantity"], frame["runs"] = quantity, len(seeds)
            for name in ("images", "held_out", "lam_min", "lam_max"):
                frame[name] = sets[name].iloc[0]
            frame["half_width"] = half_width(frame["standard_error"], frame["sets"] - 1)
            frame["low"] = frame["value"] - frame["half_width"]
            frame["high"] = frame["value"] + frame["half_width"]
            if quantity == "accuracy":
                scored = frame["images"] * frame["sets"]
                right = (frame["value"] * scored).round().astype(int)
                frame["low"], frame["high"] = zip(*map(share_interval, right, scored), strict=True)
                frame["half_width"] = (frame["high"] - frame["low"]) / 2
            tables.append(frame)
        # The cost of levels is a number of their own, not a mean over sets of samples.
        costs = sets.dropna(subset="path_cost").groupby(CASE, sort=False)["path_cost"]
        frame = costs.agg(value="mean").reset_index()
        frame.insert(0, "experiment", experiment)
        tables.append(frame.assign(quantity="path_cost", runs=len(seeds)))
    return pd.concat(tables, ignore_index=True)
