"""What Figs. 4, 11 and 12 share: panels of networks' profiles with closed forms over them.

Networks are solid, with bands of 95 % intervals; closed forms are dashed.
"""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.lines import Line2D

from diffinfo.figures.profiles import read_profiles
from diffinfo.figures.style import COLOURS, EXACT, PAGE, band, save, use_style

# quantity of the network, its exact counterpart, label, colour
CURVES = (
    ("s_nn", "s_nn", r"$S_\mathrm{NN}^{X}$", COLOURS["unconditional"]),
    ("s_nn_conditional", "s_nn_conditional", r"$S_\mathrm{NN}^{X|Y}$", COLOURS["conditional"]),
    ("loss_difference", "mutual_information", r"$I(X;Y)$", COLOURS["information"]),
)
# column title, x, y, x label, y label
PRODUCED = ("produced up to $s$", "s_high", "produced", "time $s$", "nats")
RATE_S = ("rate against $s$", "s_mid", "rate_s", "time $s$", "nats per unit $s$")
RATE_LAM = (
    "rate against log-SNR",
    "lam_mid",
    "rate_lam",
    r"log-SNR $\lambda$ (data to the right)",
    r"nats per unit $\lambda$",
)

LEAST = 3e-5  # of the highest rate per unit of s: smaller ones are not drawn


def draw_curves(axis: plt.Axes, chosen: pd.DataFrame, x: str, y: str) -> None:
    """Draw all curves of one experiment's rows, column `y` against column `x`."""
    for network, exact, _, colour in CURVES:
        solid = chosen[(chosen["kind"] == "network") & (chosen["quantity"] == network)].sort_values(
            x
        )
        dashed = chosen[(chosen["kind"] == "exact") & (chosen["quantity"] == exact)].sort_values(x)
        band(axis, solid[x], solid[y], solid[f"{y}_half"], color=colour)
        axis.plot(dashed[x], dashed[y], **EXACT)
    # Scaled by the curves: a band on a vanishing interval of s can be as tall as it likes.
    axis.set_ylim(0, 1.15 * chosen.loc[chosen["kind"] == "exact", y].max())


def handles() -> list[Line2D]:
    """What a legend shows of these curves."""
    lines = [Line2D([], [], color=colour, label=label) for _, _, label, colour in CURVES]
    return [*lines, Line2D([], [], color="black", linestyle="--", linewidth=0.8, label="exact")]


def draw_rows(path, out, parameter: str, symbol: str) -> None:
    """Draw one row of panels for each experiment of the table, by falling `parameter`."""
    table = read_profiles(path)
    experiments = table.sort_values(parameter, ascending=False)["experiment"].unique()
    use_style()
    figure, axes = plt.subplots(
        len(experiments),
        3,
        figsize=(PAGE, 1.55 * len(experiments) + 0.5),
        squeeze=False,
        sharex="col",
        layout="constrained",
    )
    for place, (row, experiment) in enumerate(zip(axes, experiments, strict=True)):
        chosen = table[table["experiment"] == experiment]
        for axis, (title, x, y, x_label, y_label) in zip(
            row, (PRODUCED, RATE_S, RATE_LAM), strict=True
        ):
            draw_curves(axis, chosen, x, y)
            axis.set_ylabel(y_label)
            if place == 0:
                axis.set_title(title)
            if place == len(experiments) - 1:
                axis.set_xlabel(x_label)
        # The rate is about one over s: only logarithms show all of it.
        top = chosen.loc[chosen["kind"] == "exact", "rate_s"].max()
        row[1].set(xscale="log", yscale="log", ylim=(LEAST * top, 2 * top))
        value = chosen[parameter].iloc[0]
        number = f"{value:g}" if value >= 0.01 else f"10^{{{np.log10(value):.2g}}}"
        row[2].text(
            0.02,
            0.98,
            f"${symbol} = {number}$",
            transform=row[2].transAxes,
            va="top",
            fontsize="small",
        )
    figure.legend(handles=handles(), loc="outside upper center", ncols=4)
    save(figure, out)
