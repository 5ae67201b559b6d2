"""Separation: what lies on the early side of a splitting time, and what the codes tell.

Shares of the neural entropy S_NN (up to its log-SNR cut-off) and of I(X;Y) (by a classifier of
noised images) that sit at s < tau, for the field model of the same images, and I(Z;Y) of perceptual
and semantic codes in units of H(Y). I(X;Y|X_tau) is the difference of two lower bounds. Images are
held out, and bars are 95 % intervals. Hollow points are codes that the decoder does without.
"""

import matplotlib.pyplot as plt
import pandas as pd

from diffinfo.figures.codes import LATENTS
from diffinfo.figures.style import COLOURS, COLUMN, save, use_style

# quantity -> its label, colour and format, and whether it is in nats, to be divided by H(Y)
CURVES = {
    "s_nn_early_share": (r"$S_\mathrm{NN}$ at $s < \tau$", "black", "o-", False),
    "information_early_share": (r"$I(X;Y \mid X_\tau)$", COLOURS["information"], "^-", False),
    "classification_bound_perceptual": (
        rf"$I$({LATENTS['perceptual'][1]}$;Y)$",
        LATENTS["perceptual"][0],
        "s--",
        True,
    ),
    "classification_bound_semantic": (
        rf"$I$({LATENTS['semantic'][1]}$;Y)$",
        LATENTS["semantic"][0],
        "s--",
        True,
    ),
}


def draw(inputs, out) -> None:
    """inputs: the table of separation."""
    table = pd.read_csv(inputs[0])
    use_style()
    names = table["data"].unique()
    figure, axes = plt.subplots(
        1, len(names), figsize=(COLUMN * len(names), 2.9), squeeze=False, layout="constrained"
    )
    for axis, name in zip(axes.flat, names, strict=True):
        for quantity, (label, colour, form, in_nats) in CURVES.items():
            rows = table[(table["quantity"] == quantity) & (table["data"] == name)].sort_values(
                "tau"
            )
            unit = rows["upper_bound"] if in_nats else 1
            share, error = rows["value"] / unit, rows["half_width"] / unit
            axis.errorbar(
                rows["tau"],
                share,
                yerr=error,
                fmt=form,
                markersize=3.5,
                color=colour,
                label=label,
                linewidth=1.0,
            )
            gone = rows["collapsed"].fillna(0) > 0.5
            axis.plot(
                rows["tau"][gone],
                share[gone],
                form[0],
                markersize=3.5,
                color=colour,
                markerfacecolor="white",
                zorder=4,
            )
        axis.set(
            xlabel=r"splitting time $\tau / T$",
            ylabel="share of the whole, or of $H(Y)$",
            ylim=(-0.05, 1.05),
            title=name,
        )
    handles, labels = axes[0, 0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=2, fontsize="x-small")
    save(figure, out)
