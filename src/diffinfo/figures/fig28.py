"""Fig. 28, fields with an error of known size: what it does to every estimate of I(X;Y).

Exact fields of ten Gaussian classes, with errors added at log-SNR 0 to 10, against the energy of
the error, 1/2 int alpha E|error|^2 in nats; the axis is linear below 0.1. The classifier that the
mixture difference takes is exact. Left: an error of the unconditional field, which is not told the
label, goes in full into differences of fields; grey is what it is for the image models (the range
of a sweep), by how much their unconditional fields lose more than the mixture of their conditional
ones.
Middle: an error that all fields share leaves differences alone. Right: errors of each label's own.
Bars are 95 % intervals; the dashed line is the exact information, the dotted one H(Y).
"""

import matplotlib.pyplot as plt
import pandas as pd

from diffinfo.figures.style import COLOURS, EXACT, OTHERS, PAGE, save, use_style

# Larger hollow symbols lie under smaller ones: some curves coincide.
CURVES = {
    "squared_difference": (OTHERS[0], "s", 7),
    "entropy_difference": (OTHERS[1], "v", 5),
    "loss_difference": (OTHERS[2], "x", 4),
    "mixture_difference": (COLOURS["conditional"], "D", 5),
    "classification_bound": (COLOURS["information"], "o", 2),
}
TITLES = {
    "unconditional": "error of the unconditional field",
    "common": "one error of all fields",
    "labels": "an error of each label's field",
}


def draw(inputs, out) -> None:
    """inputs: the table of fields with errors, and that of estimates."""
    table, estimates = pd.read_csv(inputs[0]), pd.read_csv(inputs[1])
    estimates["of"] = estimates.get("sweep", estimates["experiment"])
    estimates["of"] = estimates["of"].fillna(estimates["experiment"])
    measured = estimates[estimates["group"] == "mutual_information"].pivot_table(
        index=["of", "experiment"], columns="quantity", values="value", sort=False
    )
    use_style()
    figure, axes = plt.subplots(
        1, len(TITLES), figsize=(PAGE, 2.8), layout="constrained", sharey=True
    )
    for axis, (kind, title) in zip(axes, TITLES.items(), strict=True):
        for quantity, (colour, marker, size) in CURVES.items():
            rows = table[(table["kind"] == kind) & (table["quantity"] == quantity)]
            axis.errorbar(
                rows["energy"],
                rows["value"],
                yerr=rows["half_width"],
                fmt=f"{marker}-",
                markersize=size,
                markerfacecolor="none" if size >= 5 else colour,
                linewidth=0.9,
                color=colour,
                label=quantity.replace("_", " "),
            )
        axis.axhline(table["upper_bound"].iloc[0], color=COLOURS["bound"], linestyle=":")
        axis.axhline(table["exact"].iloc[0], **EXACT)
        axis.set_xscale("symlog", linthresh=0.1)
        ticks = [0, 0.1, 1, 3]
        axis.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
        axis.minorticks_off()
        axis.set(xlabel="energy of the error (nats)", xlim=(-0.01, 4))
        axis.set_title(title, fontsize="small")
    if "mixture_difference" in measured:
        gaps = (measured["loss_difference"] - measured["mixture_difference"]).dropna()
        for name, of_sweep in gaps.groupby("of", sort=False):
            low, high = max(of_sweep.min(), 0), max(of_sweep.max(), 0)
            axes[0].axvspan(low, high, color="0.5", alpha=0.25, linewidth=0.8)
            words = f"{low:.1f}" if len(of_sweep) == 1 else f"{low:.1f} to {high:.1f}"
            place = {"xycoords": ("data", "axes fraction"), "textcoords": "offset points"}
            place |= {"rotation": 90, "ha": "right", "va": "top", "fontsize": "x-small"}
            axes[0].annotate(f"{name}: {words}", (high, 1), (-2, 0), **place)
    axes[0].set_ylabel("estimated $I(X;Y)$ (nats)")
    handles, labels = axes[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside upper center", ncols=5, fontsize="x-small")
    save(figure, out)
