"""Fig. 23, few steps on two mixtures: likelihood, and scores that collapse does not improve.

Schedules of 5, 7 and 10 steps with the exact denoiser: negative log-likelihood under the mixture
(in nats), which collapsed components improve, energy distance, the variance of components over
their true one, and the distance of their weights in total variation. DDIM has eta 1. Bars are 95 %
intervals, dashed black lines samples of the mixture itself, and crosses published values, from a
paper that does not state its mixtures: our radius, pitch, deviation and weights, ten numbers in
all, were fitted to these 36 values, so that agreement with them is partly by construction.
"""

import matplotlib.pyplot as plt
import pandas as pd
import seaborn as sns

from diffinfo.figures.style import EXACT, PAGE, save, use_style

SCORES = {
    "nll": "$-$log-likelihood (nats)",
    "energy_distance": "energy distance",
    "variance_ratio": "variance / true",
    "weights_distance": "weights, total variation",
}
SAMPLERS = {"DDIM": "-", "SDE-2M": "--"}
_PALETTE = sns.color_palette("colorblind")
SCHEDULES = {"LAS": _PALETTE[3], "linear": _PALETTE[0], "EDM": _PALETTE[1], "log-SNR": _PALETTE[2]}


def draw(inputs, out) -> None:
    """inputs: the table of the theory stage."""
    table = pd.read_csv(inputs[0])
    use_style()
    toys = table["toy"].unique()
    figure, axes = plt.subplots(
        len(toys), 4, figsize=(PAGE, 2.0 * len(toys) + 0.9), layout="constrained", squeeze=False
    )
    for row, toy in zip(axes, toys, strict=True):
        for axis, (quantity, label) in zip(row, SCORES.items(), strict=True):
            rows = table[(table["toy"] == toy) & (table["quantity"] == quantity)]
            axis.axhline(rows.loc[rows["sampler"] == "data", "value"].iloc[0], **EXACT)
            for sampler, style in SAMPLERS.items():
                for schedule, colour in SCHEDULES.items():
                    line = rows[(rows["sampler"] == sampler) & (rows["schedule"] == schedule)]
                    name = schedule if sampler == "DDIM" else None
                    error = line["half_width"]
                    axis.errorbar(
                        line["nfe"],
                        line["value"],
                        yerr=error,
                        fmt=style,
                        marker="o",
                        markersize=2.5,
                        color=colour,
                        label=name,
                    )
                    if quantity == "nll":
                        axis.plot(
                            line["nfe"],
                            line["published"],
                            "x",
                            markersize=5,
                            color=colour,
                            alpha=0.7,
                        )
            axis.set(
                xticks=sorted(rows.loc[rows["nfe"] > 0, "nfe"].unique()),
                title=label if toy == toys[0] else "",
            )
            if quantity == "energy_distance":
                axis.set_yscale("symlog", linthresh=0.01)
            if toy == toys[-1]:
                axis.set_xlabel("evaluations")
        row[0].set_ylabel(toy)
    handles, labels = axes[0, 0].get_legend_handles_labels()
    title = (
        "solid: DDIM, $\\eta$ = 1; dashed: SDE-DPM-Solver++(2M); dashed black: the mixture itself\n"
        "crosses: published values, to which the mixtures' parameters were fitted"
    )
    figure.legend(
        handles, labels, loc="outside lower center", ncols=4, title=title, title_fontsize="small"
    )
    save(figure, out)
