"""Where in noise level the information sits: integrals per stratum and cumulative, with standard
errors over examples.
"""

import numpy as np
import pandas as pd

from diffinfo.estimate.integrand import Strata, Terms
from diffinfo.process.schedule import VPSchedule


def _mean_and_error(rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean and standard error over examples, `(N, K) -> (K,), (K,)`."""
    return rows.mean(0), rows.std(0, ddof=1) / np.sqrt(len(rows))


def profiles(
    terms: Terms, strata: Strata, schedule: VPSchedule, classifier: np.ndarray | None = None
) -> pd.DataFrame:
    """One row per quantity and stratum, in nats.

    `amount`: the integral over the stratum `[lam_low, lam_high]`, that is over `[s_low, s_high]`.
    `produced`: from the data (s = 0 side) to `s_high`, as entropy produced by the forward process.
    `remaining`: from equilibrium up to `lam_high`, e.g. I(X_lam; Y). Cumulative errors are those of
    the per-example sums, not of independent strata. classifier: `(N, K)`, information that is
    cumulative already (`classifier_information`).
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
    if classifier is not None:
        quantities["mixture_difference"] = terms.loss_mixture - terms.loss_c
        quantities["classifier"] = np.diff(classifier, axis=1, prepend=0)
    frames = []
    for name, rows in quantities.items():
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
            frame[column], frame[f"{column}_se"] = _mean_and_error(values)
        frames.append(frame)
    return pd.concat(frames, ignore_index=True)
