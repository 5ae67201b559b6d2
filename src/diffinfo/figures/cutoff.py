"""S_NN against its cut-off: what one number of neural entropy measures.

Above: S_NN of unconditional fields up to a log-SNR, in nats, with 95 % intervals; the dotted line
is the paper's number for the data set, and the text says up to where our field has produced as
much. Vertical lines are the second of 1,000 and of 100 even times. Below: the authors' rule, the
trapezoid on 100 even times from s_min to 1, against s_min. Pixels live on a lattice, so the rate
per unit of log-SNR ends at half a nat per pixel, and per unit of s it ends at about half a nat per
pixel over s: the integral grows with the cut-off without end, and the rule is decided by its first
time, whose term grows like one over s_min.
"""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from diffinfo.figures.style import COLOURS, EXACT, PAGE, band, save, use_style

_LINES = ((COLOURS["unconditional"], "-"), (COLOURS["conditional"], "--"))


def draw(inputs, out) -> None:
    """inputs: the table of cut-offs."""
    table = pd.read_csv(inputs[0])
    use_style()
    names = list(dict.fromkeys(table["data"]))
    figure, axes = plt.subplots(
        2, len(names), figsize=(PAGE, 4.4), squeeze=False, layout="constrained"
    )
    for (integral, grid), name in zip(axes.T, names, strict=True):
        of_data = table[table["data"] == name]
        runs = of_data.groupby("experiment", sort=False)
        for (experiment, rows), (colour, style) in zip(runs, _LINES, strict=False):
            look = {"color": colour, "linestyle": style, "label": experiment}
            for axis, kind, x in ((integral, "integral", "lam_max"), (grid, "grid", "s_min")):
                line = rows[rows["kind"] == kind].sort_values(x)
                band(axis, line[x], line["value"], line["half_width"], **look)
        for axis in (integral, grid):
            axis.legend(fontsize="x-small", loc="upper left" if axis is integral else "upper right")
        shown = of_data.loc[of_data["kind"] == "integral", "value"]
        for times in (100, 1000):
            integral.axvline(of_data[f"second_of_{times}"].iloc[0], **(EXACT | {"color": "0.5"}))
        integral.set(
            title=f"{name}, $D$ = {of_data['dimension'].iloc[0]:,}",
            xlabel=r"cut-off in log-SNR $\lambda$",
            ylim=(0, 1.25 * np.nanmax([*of_data["published"], *shown])),
        )
        grid.set(xscale="log", yscale="log", xlabel=r"first time $s_\mathrm{min}$")
        published = of_data["published"].iloc[0]
        if np.isnan(published):  # The paper has no number for these data.
            continue
        for axis in (integral, grid):
            axis.axhline(published, color=COLOURS["bound"], linestyle=":")
        reached = of_data[of_data["reaches"].notna()]
        place = {"textcoords": "offset points", "ha": "right", "fontsize": "x-small"}
        place |= {"color": COLOURS["bound"]}
        if reached.empty:
            end = of_data["lam_max"].max()
            integral.annotate(f"{published:g}, not reached", (end, published), (0, 3), **place)
            continue
        first = reached.iloc[0]
        integral.axvline(first["reaches"], color=COLOURS["bound"], linewidth=0.6)
        integral.annotate(
            f"{published:g} at $\\lambda$ = {first['reaches']:.1f}\n"
            f"($s$ = {first['reaches_s']:.4f})",
            (first["reaches"], published),
            (-4, 6),
            **place,
        )
    axes[0, 0].set_ylabel(r"$S_\mathrm{NN}$ (nats)")
    axes[1, 0].set_ylabel(r"$S_\mathrm{NN}$ by the authors' rule")
    save(figure, out)
