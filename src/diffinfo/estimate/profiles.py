"""Where in noise level the information sits: integrals over strata, alone and cumulative.

Their standard errors are over examples.
"""

import numpy as np
import pandas as pd

from diffinfo.estimate.integrand import Strata, Terms
from diffinfo.estimate.statistics import mean_and_error
from diffinfo.process.schedule import VPSchedule


def at_upper_edges(values: np.ndarray, strata: Strata) -> np.ndarray:
    """Return at the upper edges of the strata what `values` `(N, K)` are at levels drawn in them.

    On average a draw is what is told at the middle of its stratum, up to second order; between
    middles it is taken to be linear. Beyond the last middle the last draw stands.
    """
    middle = 0.5 * (strata.low + strata.high)
    share = (strata.high - middle)[:-1] / np.diff(middle)
    between = (1 - share) * values[:, :-1] + share * values[:, 1:]
    return np.concatenate([between, values[:, -1:]], axis=1)


def _profile(name: str, rows: np.ndarray, strata: Strata, schedule: VPSchedule) -> pd.DataFrame:
    """The rows of one quantity, `(N, K)` over its strata."""
    columns = {
        "amount": rows,
        "produced": np.cumsum(rows[:, ::-1], axis=1)[:, ::-1],
        "remaining": np.cumsum(rows, axis=1),
    }
    frame = pd.DataFrame(
        {
            "quantity": name,
            "lam_low": strata.low,
            "lam_high": strata.high,
            "s_low": schedule.time(strata.high),
            "s_high": schedule.time(strata.low),
        }
    )
    for column, values in columns.items():
        frame[column], frame[f"{column}_se"] = mean_and_error(values)
    return frame


def profiles(terms: Terms, strata: Strata, schedule: VPSchedule) -> pd.DataFrame:
    """Return a table with one row per quantity and stratum, in nats.

    Its columns, each with a standard error `<column>_se`, are integrals of the quantity: `amount`
    over the stratum `[lam_low, lam_high]`, which is `[s_low, s_high]`; `produced` from the data
    (s = 0) to `s_high`, which is what the forward process has produced; `remaining` from
    equilibrium up to `lam_high`, for example I(X_lam; Y). Errors of the cumulative ones are those
    of sums per example, since strata of one example are not independent.
    """
    quantities = {
        "s_nn": terms.neural_u,
        "s_nn_conditional": terms.neural_c,
        "squared_difference": terms.squared,
        "entropy_difference": terms.neural_c - terms.neural_u,
        "loss_difference": terms.loss_u - terms.loss_c,
        "loss_unconditional": terms.loss_u,
        "loss_conditional": terms.loss_c,
        # E<eps - eps_c, eps_c - eps_u> / 2: zero for the optimal fields, whatever the data.
        "misalignment": terms.aligned - terms.squared,
    }
    if terms.loss_independent is not None:
        quantities["total_correlation"] = terms.loss_independent - terms.loss_u
    if terms.loss_mixture is not None:
        quantities["mixture_difference"] = terms.loss_mixture - terms.loss_c
    frames = [_profile(name, rows, strata, schedule) for name, rows in quantities.items()]
    return pd.concat(frames, ignore_index=True)


def classifier_profile(
    information: np.ndarray, strata: Strata, schedule: VPSchedule
) -> pd.DataFrame:
    """Return the rows of `classifier` for a table of profiles, in nats.

    information: `(N, K)` from `classifier_information`, which is cumulative already, at levels
    drawn in the strata; these may be finer than those of fields, since a classifier costs less.
    """
    rows = np.diff(at_upper_edges(information, strata), axis=1, prepend=0)
    return _profile("classifier", rows, strata, schedule)
