"""Fig. 19, forward and reverse process: one on the clock s, one on the clock t = T - s.

Paths of the forward process, from data to equilibrium, and of the reverse process, simulated with
exact fields in one dimension, between the densities that they start from and end in.
"""

import matplotlib.pyplot as plt
import pandas as pd

from diffinfo.figures.style import COLOURS, PAGE, save, use_style


def draw(inputs, out) -> None:
    """inputs: the table of this illustration."""
    table = pd.read_csv(inputs[0])
    use_style()
    figure, axes = plt.subplots(
        2, 3, figsize=(PAGE, 3.8), layout="constrained", sharey=True, width_ratios=[0.22, 1, 0.22]
    )
    rows = (
        ("forward", "data", "equilibrium", "$s$", "noising", "unconditional"),
        ("reverse", "equilibrium", "data", "$t = T - s$", "generation", "conditional"),
    )
    for row, (kind, left, right, clock, title, colour) in zip(axes, rows, strict=True):
        for _, path in table[table["kind"] == kind].groupby("path"):
            row[1].plot(path["clock"], path["x"], color=COLOURS[colour], linewidth=0.5, alpha=0.8)
        row[1].set(xlabel=f"time {clock}", title=title, xlim=(0, 1), ylim=(-3, 3))
        for axis, name in ((row[0], left), (row[2], right)):
            density = table[table["kind"] == name]
            axis.fill_betweenx(density["x"], density["value"], color="0.6", linewidth=0)
            axis.set(
                xticks=[],
                title={"data": r"$p_\mathrm{d}$", "equilibrium": r"$p_\mathrm{eq}$"}[name],
            )
            axis.spines[["bottom", "left"]].set_visible(False)
        row[0].set_ylabel("$x$")
        row[0].invert_xaxis()
    save(figure, out)
