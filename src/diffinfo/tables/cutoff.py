"""S_NN of image models against the cut-off that it depends on, beside published numbers."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from diffinfo.estimate.integrand import Strata
from diffinfo.estimate.statistics import half_width
from diffinfo.files import read_json
from diffinfo.process.schedule import schedule_of
from diffinfo.runs import Run, by_experiment
from diffinfo.tables.replication import paper_numbers
from diffinfo.tables.runs import profiles

TIMES = 100  # of the authors' grid
SHOWN = (100, 1000)  # even times, the second of which is given
_LEAST_TIMES = 25  # values of s_min, evenly spaced in its logarithm
_LARGEST = 0.03


def cutoff(runs: Sequence[Run]) -> pd.DataFrame:
    """S_NN in nats (`value`) of unconditional fields up to a cut-off, by two rules (`kind`).

    `integral` is that over log-SNR up to `lam_max`, which is time `s_min`. `grid` is the authors'
    rule, the trapezoid on TIMES even times from `s_min` to 1: the measured rate, joined by straight
    lines over log-SNR, at these times. `published` is the paper's number for these data, and
    `reaches` (`reaches_s`) the log-SNR (and time) at which the integral is as large, NaN where
    there is none. `second_of_<n>` is the log-SNR of the second of n even times. Errors are over
    held-out images; those of `grid` take the strata to be independent, as their draws are.
    """
    published = paper_numbers().query("quantity == 's_nn'").drop_duplicates("data")
    published = published.set_index("data")["value"]
    table, frames = profiles(runs), []
    for experiment, seeds in by_experiment(runs).items():
        result = read_json(seeds[0].file("estimate"))
        card = result["data"]
        schedule, _ = schedule_of(result["settings"]["process"])
        rows = table[(table["experiment"] == experiment) & (table["quantity"] == "s_nn")]
        rows = rows[rows["kind"] == "network"].sort_values("lam_low")
        integral = rows[["lam_high", "s_low", "remaining", "remaining_se", "remaining_half"]]
        integral.columns = ["lam_max", "s_min", "value", "standard_error", "half_width"]
        at = (rows["lam_low"] + rows["lam_high"]).to_numpy() / 2
        rate, error = rows["rate_lam"].to_numpy(), rows["rate_lam_se"].to_numpy()
        by_grid = []
        for s_min in np.geomspace(result["s_min"], _LARGEST, _LEAST_TIMES):
            grid = Strata.linear_grid(schedule, s_min, TIMES)
            # The rule is linear in the measured rates: their weights, through the interpolation.
            weight = np.array(
                [np.interp(grid.low, at, unit) @ grid.weight for unit in np.eye(len(at))]
            )
            by_grid.append(
                {
                    "lam_max": float(schedule.log_snr(s_min)),
                    "s_min": s_min,
                    "value": weight @ rate,
                    "standard_error": np.sqrt(weight**2 @ error**2),
                }
            )
        by_grid = pd.DataFrame(by_grid)
        by_grid["half_width"] = half_width(by_grid["standard_error"])
        known = published.get(card["name"], np.nan)
        reaches = np.interp(known, integral["value"], integral["lam_max"], np.nan, np.nan)
        both = pd.concat([integral.assign(kind="integral"), by_grid.assign(kind="grid")])
        frames.append(
            both.assign(
                experiment=experiment,
                data=card["name"],
                dimension=int(np.prod(card["shape"])),
                published=known,
                reaches=reaches,
                reaches_s=float(schedule.time(reaches)) if np.isfinite(reaches) else np.nan,
                **{f"second_of_{times}": float(schedule.log_snr(1 / times)) for times in SHOWN},
                seeds=len(seeds),
                examples=result["examples"],
                split=result["split"],
            )
        )
    return pd.concat(frames, ignore_index=True)
