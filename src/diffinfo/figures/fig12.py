"""Fig. 12: entropies and mutual information of joint Gaussians under the forward process, network over exact."""

from collections.abc import Sequence
from pathlib import Path

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.lines import Line2D

from diffinfo.figures.style import COLOURS, PAGE, band, save, use_style

# quantity of the network, its exact counterpart, label, colour
CURVES = (
    ("s_nn", "s_nn", r"$S^{X}$", COLOURS["unconditional"]),
    ("s_nn_conditional", "s_nn_conditional", r"$S^{X|Y}$", COLOURS["conditional"]),
    ("loss_difference", "mutual_information", r"$I(X;Y)$", COLOURS["information"]),
)
# column title, x, y, x label, y label
PANELS = (
    ("produced up to $s$", "s_high", "produced", "time $s$", "nats"),
    ("rate against $s$", "s_mid", "rate_s", "time $s$", "nats per unit $s$"),
    ("rate against log-SNR", "lam_mid", "rate_lam", r"log-SNR $\lambda$ (data to the right)", "nats per nat"),
)


def draw(inputs: Sequence[str | Path], out: str | Path) -> None:
    """inputs: the profiles table. One row of panels per experiment, largest noise first."""
    table = pd.read_csv(inputs[0])
    for clock in ("s", "lam"):
        table[f"{clock}_mid"] = (table[f"{clock}_low"] + table[f"{clock}_high"]) / 2
    experiments = table.sort_values("sigma_eps", ascending=False)["experiment"].unique()
    use_style()
    figure, axes = plt.subplots(
        len(experiments), 3, figsize=(PAGE, 1.75 * len(experiments) + 0.5), squeeze=False, sharex="col", layout="constrained"
    )
    for number, (row, experiment) in enumerate(zip(axes, experiments, strict=True)):
        chosen = table[table["experiment"] == experiment]
        for axis, (title, x, y, x_label, y_label) in zip(row, PANELS, strict=True):
            for network, exact, _, colour in CURVES:
                solid = chosen[(chosen["kind"] == "network") & (chosen["quantity"] == network)].sort_values(x)
                dashed = chosen[(chosen["kind"] == "exact") & (chosen["quantity"] == exact)].sort_values(x)
                band(axis, solid[x], solid[y], solid[f"{y}_se"], color=colour)
                axis.plot(dashed[x], dashed[y], color="black", linestyle=(0, (4, 3)), linewidth=0.8, zorder=3)
            axis.set_ylabel(y_label)
            # Scaled by the curves: a band on a vanishing interval of s can be as tall as it likes.
            axis.set_ylim(0, 1.15 * chosen.loc[chosen["kind"] == "exact", y].max())
            if number == 0:
                axis.set_title(title)
            if number == len(experiments) - 1:
                axis.set_xlabel(x_label)
        # The rate peaks at early s: its axis ends where the curves have become flat.
        row[1].set_xlim(0, 0.6)
        sigma = chosen["sigma_eps"].iloc[0]
        row[0].text(0.97, 0.06, rf"$\sigma_\epsilon = {sigma:g}$", transform=row[0].transAxes, ha="right")
    handles = [Line2D([], [], color=colour, label=label) for _, _, label, colour in CURVES]
    handles += [Line2D([], [], color="black", linestyle="--", linewidth=0.8, label="exact")]
    figure.legend(handles=handles, loc="outside upper center", ncols=4)
    save(figure, out)
