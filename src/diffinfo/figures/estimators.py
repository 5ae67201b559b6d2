"""Which estimator of I(X;Y) to trust when: errors against the truth over four sweeps.

Error of each estimator of I(X;Y) against the closed form, in percent of the truth or of one nat if
that is larger, for more information, more dimensions, fewer examples and less training. All
estimators use the same draws of noise. The vertical axis is linear within 2 % and logarithmic
beyond. Bars are 95 % intervals over examples and trainings.
"""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from diffinfo.errors import DataError
from diffinfo.figures.style import COLOURS, OTHERS, PAGE, save, use_style

ESTIMATORS = {
    "squared_difference": (OTHERS[0], "s"),
    "entropy_difference": (OTHERS[1], "v"),
    "loss_difference": (COLOURS["information"], "o"),
    "aligned_difference": (COLOURS["conditional"], "D"),
    "calibrated": (COLOURS["unconditional"], "^"),
}
# varied key, which is a column of the table -> its label, and whether its axis is logarithmic
SWEEPS = {
    "data.gaussian.information": ("true $I(X;Y)$ (nats)", False),
    "data.gaussian.dim_x": ("$D_X$", True),
    "data.gaussian.n_train": ("training examples", True),
    "train.steps": ("training steps", True),
}


def draw(inputs, out) -> None:
    """inputs: the table of cases of sweeps over some of the keys of `SWEEPS`, a panel for each.

    Raises: DataError if there is no such sweep.
    """
    table = pd.read_csv(inputs[0])
    sweeps = [
        (key, cases)
        for key in SWEEPS
        if key in table
        for _, cases in table[table[key].notna()].groupby("sweep", sort=False)
    ]
    if not sweeps:
        raise DataError(f"{inputs[0]}: none of its experiments vary {', '.join(SWEEPS)}")
    use_style()
    figure, axes = plt.subplots(
        1, len(sweeps), figsize=(PAGE, 2.6), layout="constrained", squeeze=False
    )
    for axis, (key, cases) in zip(axes[0], sweeps, strict=True):
        label, logarithmic = SWEEPS[key]
        for name, (colour, marker) in ESTIMATORS.items():
            rows = cases[cases["quantity"] == name].sort_values(key)
            error = (rows["value"] - rows["exact"]) / np.maximum(rows["exact"], 1) * 100
            spread = rows["half_width"] / np.maximum(rows["exact"], 1) * 100
            axis.errorbar(
                rows[key],
                error,
                yerr=spread,
                fmt=f"{marker}-",
                markersize=3,
                linewidth=0.8,
                color=colour,
                label=name,
            )
        axis.axhline(0, color="black", linewidth=0.6)
        axis.set_yscale("symlog", linthresh=2, linscale=1.2)
        ticks = [-100, -10, -2, -1, 0, 1, 2, 10, 100]
        axis.set_yticks(ticks, [f"{tick:+d}" if tick else "0" for tick in ticks])
        axis.set_xlabel(label)
        if logarithmic:
            axis.set_xscale("log")
            values = sorted(cases[key].unique())[::2]
            axis.set_xticks(values, [f"{value:,g}" for value in values])
        axis.minorticks_off()
        if key == "train.steps":
            seconds = cases.groupby(key)["seconds"].first()
            axis.set_title(
                f"{seconds.iloc[0]:.0f} to {seconds.iloc[-1]:.0f} s of training", fontsize="small"
            )
    axes[0, 0].set_ylabel("error, % of max(truth, 1 nat)")
    handles, labels = axes[0, 0].get_legend_handles_labels()
    figure.legend(
        handles, [text.replace("_", " ") for text in labels], loc="outside upper center", ncols=5
    )
    save(figure, out)
