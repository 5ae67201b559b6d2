"""Fig. 22, information about the label up to a noise level, measured in two ways.

I(X_lambda;Y) in nats up to log-SNR lambda: from fields, as cumulative integrals, and from a
classifier of noised images, which is a lower bound. Bands are 95 % intervals; the dotted line
is H(Y).
"""

import matplotlib.pyplot as plt
import pandas as pd

from diffinfo.figures.profiles import read_profiles
from diffinfo.figures.style import COLOURS, OTHERS, PAGE, band, save, use_style

CURVES = {
    "classifier": ("classifier of noised images", "black", "-"),
    "mixture_difference": ("mixture difference", COLOURS["conditional"], "-"),
    "loss_difference": ("loss difference", OTHERS[2], "--"),
    "squared_difference": ("squared difference", OTHERS[0], "-."),
}


def draw(inputs, out) -> None:
    """inputs: the tables of profiles and of estimates."""
    table, estimates = read_profiles(inputs[0]), pd.read_csv(inputs[1])
    experiments = table["experiment"].unique()
    use_style()
    columns = min(3, len(experiments))
    rows = -(-len(experiments) // columns)
    figure, axes = plt.subplots(
        rows,
        columns,
        figsize=(min(PAGE, 3.4 * columns + 0.6), 2.4 * rows + 0.5),
        squeeze=False,
        layout="constrained",
    )
    for axis in axes.flat[len(experiments) :]:
        axis.set_axis_off()
    for axis, experiment in zip(axes.flat, experiments, strict=False):
        chosen = table[table["experiment"] == experiment]
        for quantity, (label, colour, style) in CURVES.items():
            line = chosen[chosen["quantity"] == quantity].sort_values("lam_high")
            band(
                axis,
                line["lam_high"],
                line["remaining"],
                line["remaining_half"],
                color=colour,
                linestyle=style,
                label=label,
            )
        bound = estimates.loc[estimates["experiment"] == experiment, "upper_bound"].max()
        axis.axhline(bound, color=COLOURS["bound"], linestyle=":")
        axis.text(
            chosen["lam_low"].min(),
            bound,
            r"$H(Y)$",
            color=COLOURS["bound"],
            va="bottom",
            fontsize="small",
        )
        axis.set(xlabel=r"log-SNR $\lambda$", title=experiment, ylim=(-0.05 * bound, 1.6 * bound))
    for axis in axes[:, 0]:
        axis.set_ylabel(r"$I(X_\lambda; Y)$ (nats)")
    handles, labels = axes[0, 0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside upper center", ncols=2 if columns == 1 else 4)
    save(figure, out)
