"""Where the label of images sits, predicted from their classes' spectra and measured.

Every class is taken for a Gaussian random field with the mean and the power spectrum of its grey
training images. Left: variance of an entry in Hartley's basis given the label (solid), and over
labels of its mean (dashed), against frequency up to Nyquist's. Middle: I(X_lam;Y) up to a log-SNR
as a share of I(X;Y), predicted for such fields (dashed) and measured by a classifier of noised
held-out images (solid); dotted, the share of S_NN; the vertical line is s = 0.1 T. Right: the
shares at s >= 0.1 T with 95 % intervals, predicted (hollow) and measured, beside that of S_NN
(crosses). Nothing but means and spectra enters the prediction.
"""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.lines import Line2D

from diffinfo.figures.style import PAGE, save, use_style


def draw(inputs, out) -> None:
    """inputs: the table of predicted and measured shares."""
    table = pd.read_csv(inputs[0])
    names = list(table["experiment"].unique())
    colours = dict(zip(names, sns.color_palette("colorblind", len(names)), strict=True))
    use_style()
    figure, (left, middle, right) = plt.subplots(
        1, 3, figsize=(PAGE, 2.7), layout="constrained", width_ratios=[1, 1.2, 1]
    )
    for at, (name, colour) in enumerate(colours.items()):
        chosen = table[table["experiment"] == name]
        of = dict(iter(chosen.groupby(["quantity", "kind"], sort=False)))
        for quantity, style in (("power", "-"), ("apart", "--")):
            rows = of[quantity, "predicted"]
            # The last frequency is that of corners, the only entries beyond Nyquist's.
            nyquist = round(rows["frequency"].max() / np.sqrt(2))
            rows = rows[rows["frequency"].between(1, nyquist)]
            left.plot(rows["frequency"], rows["value"], color=colour, linestyle=style)
        for key, style in (
            (("share", "predicted"), "--"),
            (("share", "measured"), "-"),
            (("entropy_share", "measured"), ":"),
        ):
            rows = of[key].sort_values("lam")
            middle.plot(rows["lam"], rows["value"], color=colour, linestyle=style)
        for key, marker, fill, shift in (
            (("late_share", "predicted"), "o", "white", -0.12),
            (("late_share", "measured"), "o", colour, 0.12),
            (("late_entropy_share", "measured"), "x", colour, 0.12),
        ):
            row = of[key].iloc[0]
            right.errorbar(
                at + shift,
                row["value"],
                yerr=row["half_width"],
                fmt=marker,
                color=colour,
                markerfacecolor=fill,
                markersize=5,
            )
    left.set(xscale="log", yscale="log", xlabel="cycles a side", ylabel="variance")
    octaves = [2**n for n in range(int(np.log2(left.get_xlim()[1])) + 1)]
    left.set_xticks(octaves, octaves)
    left.xaxis.minorticks_off()
    middle.axvline(table.loc[table["quantity"] == "late_share", "lam"].iloc[0], color="0.6", lw=0.8)
    middle.set(xlabel=r"log-SNR $\lambda$", ylabel=r"share up to $\lambda$", ylim=(-0.03, 1.05))
    right.set_xticks(range(len(names)), names, fontsize="small")
    right.set(ylabel=r"share at $s \geq 0.1\,T$", ylim=(0, 1.42), xlim=(-0.5, len(names) - 0.5))
    right.set_yticks(np.linspace(0, 1, 6))
    grey = {"color": "0.3", "linestyle": ""}
    right.legend(
        handles=[
            Line2D([], [], marker="o", markerfacecolor="white", label="label, predicted", **grey),
            Line2D([], [], marker="o", label="label, measured", **grey),
            Line2D([], [], marker="x", label="entropy, measured", **grey),
        ],
        fontsize="x-small",
        loc="upper left",
    )
    middle.legend(
        handles=[Line2D([], [], color=c, label=name) for name, c in colours.items()],
        fontsize="x-small",
        loc="lower right",
    )
    save(figure, out)
