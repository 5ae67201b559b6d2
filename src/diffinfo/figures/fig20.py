"""Fig. 20, labels of known noise: estimated against exact I(X;Y), on real images.

Labels are passed through a channel of known noise, so that I(X;Y) is known if clean images
determine their labels. Left: estimates for held-out images, in nats; dashed is exact, and dotted
is the largest exact value. Right: errors of the estimates, on an axis that is linear within 0.1
nats. Bars are 95 % intervals over images. The legend has the mean absolute error and the number of
cases that it is of: an estimator that needs a classifier has only those that have one.
"""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from diffinfo.figures.style import COLOURS, EXACT, OTHERS, PAGE, save, use_style

ESTIMATORS = {
    "classification_bound": (COLOURS["information"], "o"),
    "mixture_difference": (COLOURS["conditional"], "D"),
    "calibrated": (COLOURS["unconditional"], "^"),
    "loss_difference": (OTHERS[2], "x"),
    "entropy_difference": (OTHERS[1], "v"),
    "squared_difference": (OTHERS[0], "s"),
}


def draw(inputs, out) -> None:
    """inputs: the table of cases of experiments that differ in `keep_label`."""
    table = pd.read_csv(inputs[0])
    table = table[table["group"] == "mutual_information"]
    use_style()
    figure, (whole, near) = plt.subplots(1, 2, figsize=(PAGE, 2.9), layout="constrained")
    for name, (colour, marker) in ESTIMATORS.items():
        rows = table[table["quantity"] == name].sort_values("exact_information")
        if rows.empty:
            continue
        error = rows["value"] - rows["exact_information"]
        label = f"{name.replace('_', ' ')} ({np.abs(error).mean():.2f}; {len(rows)})"
        for axis, values in ((whole, rows["value"]), (near, error)):
            axis.errorbar(
                rows["exact_information"],
                values,
                yerr=rows["half_width"],
                fmt=f"{marker}-",
                markersize=3.5,
                linewidth=0.8,
                color=colour,
                label=label,
            )
    top = table["exact_information"].max()
    whole.plot([0, top], [0, top], **EXACT)
    whole.axhline(top, color=COLOURS["bound"], linestyle=":", linewidth=0.8)
    whole.text(-0.05, top, r"$\log K$", color=COLOURS["bound"], va="bottom", fontsize="small")
    near.axhline(0, **EXACT)
    near.set_yscale("symlog", linthresh=0.1, linscale=0.8)
    ticks = [-10, -1, -0.1, 0, 0.1, 1, 10]
    near.set_yticks(ticks, [f"{tick:+g}" if tick else "0" for tick in ticks])
    near.minorticks_off()
    whole.set(xlabel="exact $I(X;Y)$ (nats)", ylabel="estimated $I(X;Y)$ (nats)")
    near.set(xlabel="exact $I(X;Y)$ (nats)", ylabel="error (nats)")
    handles, labels = whole.get_legend_handles_labels()
    figure.legend(
        handles,
        labels,
        loc="outside upper center",
        ncols=3,
        title="estimator (mean absolute error in nats; cases)",
    )
    save(figure, out)
