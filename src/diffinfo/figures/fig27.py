"""Fig. 27, a trained image model sampled in few steps: schedules side by side.

The loss-adaptive schedule (LAS) and common grids, without and with guidance: Fréchet distance to
held-out images in the features of a small classifier of noised images, and label accuracy without
guidance. Bars are 95 % intervals over sets of samples; dashed lines are training images.
"""

import matplotlib.pyplot as plt
import pandas as pd
import seaborn as sns

from diffinfo.figures.style import EXACT, PAGE, save, use_style

_PALETTE = sns.color_palette("colorblind")
SCHEDULES = {
    "LAS": (_PALETTE[3], "o"),
    "time": (_PALETTE[0], "s"),
    "EDM": (_PALETTE[1], "^"),
    "log-SNR": (_PALETTE[2], "D"),
}


def draw(inputs, out) -> None:
    """inputs: the table of few steps.

    Rows of panels are experiments and samplers, columns are guidance weights, and the last one is
    label accuracy at the smallest weight.
    """
    table = pd.read_csv(inputs[0])
    use_style()
    made = table[table["sampler"] != "data"]
    cases = list(made[["experiment", "sampler"]].drop_duplicates().itertuples(index=False))
    weights = sorted(made["guidance"].unique())
    size = (PAGE, 2.1 * len(cases) + 0.8)
    figure, axes = plt.subplots(
        len(cases), len(weights) + 1, figsize=size, squeeze=False, layout="constrained"
    )
    for row, (experiment, sampler) in zip(axes, cases, strict=True):
        panels = [
            (axis, "frechet_distance", weight) for axis, weight in zip(row, weights, strict=False)
        ]
        for axis, quantity, weight in [*panels, (row[-1], "accuracy", weights[0])]:
            rows = made[
                (made["experiment"] == experiment)
                & (made["sampler"] == sampler)
                & (made["guidance"] == weight)
            ]
            rows = rows[rows["quantity"] == quantity]
            for schedule, (colour, marker) in SCHEDULES.items():
                line = rows[rows["schedule"] == schedule]
                error = line["half_width"]
                axis.errorbar(
                    line["nfe"],
                    line["value"],
                    yerr=error,
                    marker=marker,
                    markersize=3.5,
                    color=colour,
                    label=schedule,
                )
            data = table[
                (table["sampler"] == "data")
                & (table["experiment"] == experiment)
                & (table["quantity"] == quantity)
            ]
            axis.axhline(data["value"].iloc[0], **EXACT)
            axis.set(xscale="log", xticks=sorted(rows["nfe"].unique()), xlabel="steps")
            axis.set_xticks(
                sorted(rows["nfe"].unique()), [str(nfe) for nfe in sorted(rows["nfe"].unique())]
            )
            axis.minorticks_off()
            name = "label accuracy" if quantity == "accuracy" else "Fréchet distance"
            axis.set_title(f"{name}, $w$ = {weight:g}", fontsize="small")
        row[0].set_ylabel(f"{experiment}, {sampler}")
    handles, labels = axes[0, 0].get_legend_handles_labels()
    figure.legend(
        handles,
        labels,
        loc="outside lower center",
        ncols=4,
        title="dashed: training images",
        title_fontsize="small",
    )
    save(figure, out)
