"""Which estimator of I(X;Y) to trust when: errors against the truth over four sweeps, from the same
noise draws.
"""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from diffinfo.figures.style import COLOURS, OTHERS, PAGE, save, use_style

ESTIMATORS = {
    "squared_difference": (OTHERS[0], "s"),
    "entropy_difference": (OTHERS[1], "v"),
    "loss_difference": (COLOURS["information"], "o"),
    "aligned_difference": (COLOURS["conditional"], "D"),
    "calibrated": (COLOURS["unconditional"], "^"),
}
# sweep -> column on the x axis, label, logarithmic?
SWEEPS = {
    "information": ("exact_information", "true $I(X;Y)$ (nats)", False),
    "dimension": ("dim_x", "$D_X$", True),
    "samples": ("n_train", "training examples", True),
    "steps": ("train_steps", "training steps", True),
}


def draw(inputs, out) -> None:
    """inputs: the cases table of experiments named `<anything>-<sweep>-<value>`, with the sweeps
    above.
    """
    table = pd.read_csv(inputs[0])
    table["sweep"] = table["experiment"].str.split("-").str[-2]
    sweeps = [name for name in SWEEPS if name in set(table["sweep"])]
    use_style()
    figure, axes = plt.subplots(
        1, len(sweeps), figsize=(PAGE, 2.6), layout="constrained", squeeze=False
    )
    for axis, sweep in zip(axes[0], sweeps, strict=True):
        column, label, logarithmic = SWEEPS[sweep]
        for name, (colour, marker) in ESTIMATORS.items():
            rows = table[(table["sweep"] == sweep) & (table["quantity"] == name)].sort_values(
                column
            )
            error = (rows["value"] - rows["exact"]) / np.maximum(rows["exact"], 1) * 100
            spread = 2 * rows["standard_error"] / np.maximum(rows["exact"], 1) * 100
            axis.errorbar(
                rows[column],
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
        ticks = [-50, -10, -5, -2, -1, 0, 1, 2, 5, 10, 50]
        axis.set_yticks(ticks, [f"{tick:+d}" if tick else "0" for tick in ticks])
        axis.set_xlabel(label)
        if logarithmic:
            axis.set_xscale("log")
            values = sorted(table.loc[table["sweep"] == sweep, column].unique())[::2]
            axis.set_xticks(values, [f"{value:,g}" for value in values])
        axis.minorticks_off()
    axes[0, 0].set_ylabel("error, % of max(truth, 1 nat)")
    seconds = table[(table["sweep"] == "steps")].groupby("train_steps")["seconds"].first()
    if len(seconds):
        axes[0, -1].set_title(
            f"{seconds.iloc[0]:.0f} to {seconds.iloc[-1]:.0f} s of training", fontsize="small"
        )
    handles, labels = axes[0, 0].get_legend_handles_labels()
    figure.legend(
        handles, [text.replace("_", " ") for text in labels], loc="outside upper center", ncols=5
    )
    save(figure, out)
