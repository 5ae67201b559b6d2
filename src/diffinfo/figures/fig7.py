"""Fig. 7, collapse: trajectories reach the curve when almost all of the time is over.

Probability-flow trajectories with exact fields collapse onto the curve that the data lie on. Left:
their paths, and where they end. Right: their distance to the curve against the generation's time
t = T - s, and the median; most of the way lies at the very end.
"""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from diffinfo.figures.style import COLOURS, PAGE, save, use_style


def draw(inputs, out) -> None:
    """inputs: the table of this illustration."""
    table = pd.read_csv(inputs[0])
    paths, curve = table[table["kind"] == "path"], table[table["kind"] == "curve"]
    use_style()
    figure, axes = plt.subplots(
        1, 2, figsize=(PAGE, 2.6), layout="constrained", width_ratios=[1.2, 1]
    )
    for _, rows in paths.groupby("path"):
        axes[0].plot(rows["x"], rows["y"], color=COLOURS["unconditional"], linewidth=0.5, alpha=0.7)
        axes[1].plot(
            1 - rows["s"],
            rows["distance"],
            color=COLOURS["unconditional"],
            linewidth=0.4,
            alpha=0.5,
        )
    ends = paths[paths["lam"] == paths["lam"].max()]
    axes[0].plot(curve["x"], curve["y"], color="0.25", linewidth=1)
    axes[0].scatter(ends["x"], ends["y"], s=7, color=COLOURS["bound"], linewidth=0, zorder=3)
    axes[0].set(xlabel="$x_1$", ylabel="$x_2$", aspect="equal")
    median = paths.groupby("lam")["distance"].median()
    clock = paths.groupby("lam")["s"].first()
    axes[1].plot(1 - clock, median, color="black", linewidth=1.4, label="median")
    axes[1].set(
        yscale="log",
        ylim=(np.quantile(median, 0.0) / 3, None),
        xlabel="time $t = T - s$",
        ylabel="distance to the curve",
    )
    axes[1].legend()
    save(figure, out)
