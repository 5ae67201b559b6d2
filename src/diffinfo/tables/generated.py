"""What guidance makes of the information that generated images hold."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from diffinfo.errors import DataError
from diffinfo.estimate.statistics import half_width
from diffinfo.exact.joint_gaussian import with_information
from diffinfo.files import read_json
from diffinfo.runs import Run, by_experiment
from diffinfo.tables.runs import estimates, profiles

_WEIGHTS = np.linspace(0, 6, 25)


def _gaussian_law(information: float, dimension: int) -> pd.DataFrame:
    """What guidance makes of a joint Gaussian that holds this much, evenly, in nats."""
    model = with_information(np.eye(dimension), np.eye(dimension), information)
    values = [float(model.guided(weight).mutual_information()) for weight in _WEIGHTS]
    return pd.DataFrame({"guidance_weight": _WEIGHTS, "value": values, "kind": "gaussian"})


def generated(runs: Sequence[Run]) -> pd.DataFrame:
    """What is known of images that a model generated with each `guidance_weight`.

    `kind` is `estimate`, by networks trained on such images, on held-out ones (nats); `up_to`, what
    their classifier of noised images tells up to log-SNR `lam_high` (nats); `judged`, by what knows
    the real images (nats of `held_out_classifier`; `accuracy` and `copies` are fractions, `nearest`
    is in grey levels); or `gaussian`: I(X;Y) in nats of a guided joint Gaussian that holds H(Y)
    without guidance, in one dimension fewer than there are labels, exactly.

    Raises: DataError, naming the experiment, for data that are not generated.
    """
    frames, measured, levels = [], estimates(runs), profiles(runs)
    for experiment, seeds in by_experiment(runs).items():
        result = read_json(seeds[0].file("estimate"))
        card = result["data"]
        if "generated" not in card:
            raise DataError(
                f"{experiment}: this table is of generated images, and its data are not"
            )
        rows = measured[measured["experiment"] == experiment]
        told = rows[rows["group"] == "mutual_information"].assign(kind="estimate")
        level = levels[(levels["experiment"] == experiment) & (levels["quantity"] == "classifier")]
        up_to = pd.DataFrame(
            {
                "lam_high": level["lam_high"],
                "value": level["remaining"],
                "standard_error": level["remaining_se"],
                "half_width": level["remaining_half"],
            }
        ).assign(kind="up_to", quantity="classifier")
        judged = pd.DataFrame.from_dict(card["judged"], orient="index").rename_axis("quantity")
        judged["half_width"] = half_width(judged["standard_error"])
        parts = [told, up_to, judged.reset_index().assign(kind="judged")]
        frame = pd.concat(parts, ignore_index=True)
        frame["experiment"], frame["data"] = experiment, card["generated"]["of"]
        frame["guidance_weight"] = card["generated"]["guidance_weight"]
        frame["examples"], frame["split"] = result["examples"], result["split"]
        frame.loc[frame["kind"] == "judged", "examples"] = card["n_test"]
        frame["lam_max"] = result["lam_max"]
        frames.append(frame)
    first = read_json(runs[0].file("estimate"))
    law = _gaussian_law(first["label_entropy"], first["data"]["classes"] - 1)
    return pd.concat([*frames, law.assign(quantity="mutual_information")], ignore_index=True)
