"""What Figs. 2, 8 and 10 share: guided samples, and their information against the weight."""

from collections.abc import Sequence

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.lines import Line2D

from diffinfo.figures.style import COLOURS


def draw_samples(axes: Sequence[plt.Axes], table: pd.DataFrame) -> None:
    """Draw a panel for each weight, with samples and their exact law.

    The law is the regression of x on y, and two conditional standard deviations around it.
    """
    laws = table[table["kind"] == "law"].sort_values("weight")
    for axis, law in zip(axes, laws.itertuples(), strict=True):
        rows = table[(table["kind"] == "sample") & (table["weight"] == law.weight)]
        axis.scatter(
            rows["x"],
            rows["y"],
            s=2,
            color=COLOURS["unconditional"],
            linewidth=0,
            alpha=0.6,
            rasterized=True,
        )
        y = np.linspace(-3.8, 3.8, 2)
        axis.plot(law.gain * y, y, color="black", linewidth=0.8)
        for side in (-2, 2):
            axis.plot(
                law.gain * y + side * law.deviation,
                y,
                color="black",
                linewidth=0.6,
                linestyle=(0, (4, 3)),
            )
        axis.set(
            title=f"$w = {law.weight:g}$, $I = {law.information:.2f}$",
            xlabel="$x$",
            xlim=(-4.6, 4.6),
            ylim=(-3.8, 3.8),
        )
    axes[0].set_ylabel("$y$")


def draw_information(axis: plt.Axes, table: pd.DataFrame) -> None:
    """Draw I(X;Y) in nats against the guidance weight, for each dimension of y.

    It is exact, exact up to the cut-off of plain networks, of those, and of networks that see
    canonical coordinates.
    """
    rows = table[table["quantity"] == "loss_difference"].sort_values("guidance_weight")
    dims = sorted(rows["dim_y"].unique())
    for dim_y, colour in zip(dims, sns.color_palette("colorblind", len(dims)), strict=True):
        chosen = rows[rows["dim_y"] == dim_y]
        plain, canonical = chosen[~chosen["canonical"]], chosen[chosen["canonical"]]
        exact = chosen.drop_duplicates("guidance_weight").set_index("guidance_weight")["exact"]
        axis.plot(exact, color=colour)
        axis.plot(plain["guidance_weight"], plain["exact_at_cutoff"], color=colour, linestyle=":")
        axis.axhline(exact[0], color=colour, linestyle=(0, (5, 4)), linewidth=0.6)
        for some, marker, fill in ((plain, "o", colour), (canonical, "s", "white")):
            axis.errorbar(
                some["guidance_weight"],
                some["value"],
                yerr=some["half_width"],
                fmt=marker,
                markersize=3.5,
                color=colour,
                markerfacecolor=fill,
            )
    axis.xaxis.get_major_locator().set_params(integer=True)
    axis.set(xlabel="guidance weight $w$", ylabel=r"$I(X;Y)_\mathrm{CFG}$ (nats)", ylim=(0, None))
    lines = [
        Line2D([], [], color=c, label=f"$D_Y = {d}$")
        for d, c in zip(dims, sns.color_palette("colorblind"), strict=False)
    ]
    cut = rows.loc[~rows["canonical"], "lam_max"].iloc[0]
    far = rows.loc[rows["canonical"], "lam_max"]
    grey = {"color": "0.3"}
    lines += [
        Line2D([], [], **grey, label="exact"),
        Line2D([], [], **grey, linestyle=":", label=rf"exact up to $\lambda = {cut:.1f}$"),
        Line2D([], [], **grey, linestyle=(0, (5, 4)), linewidth=0.6, label="exact, $w = 0$"),
        Line2D(
            [],
            [],
            **grey,
            marker="o",
            linestyle="",
            markersize=3.5,
            label=rf"network, $\lambda \leq {cut:.1f}$",
        ),
    ]
    if len(far):
        label = rf"network, canonical, $\lambda \leq {far.iloc[0]:.1f}$"
        lines.append(
            Line2D(
                [],
                [],
                **grey,
                marker="s",
                linestyle="",
                markersize=3.5,
                markerfacecolor="white",
                label=label,
            )
        )
    axis.legend(handles=lines, fontsize="x-small", loc="upper left")
