"""Fig. 1, data on a curve: what holds them there grows, what tells classes apart does not.

Data lie on a curve, in two classes along it, and all fields are exact. Left and middle: direction
of the reverse drift at log-SNR 5, for the mixture and for one class (all arrows have one length);
the line's width is the density along the curve. Right: root mean square of scores against log-SNR.
The part normal to the curve grows without bound towards the data and is the same with and without
the class. The difference of the conditional and the unconditional score, which carries I(X;Y),
stays at 0.64, and so in the prediction of the noise, which is b times the score, it fades.
"""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.collections import LineCollection

from diffinfo.figures.style import COLOURS, OTHERS, PAGE, save, use_style

NAMES = {
    "marginal": "normal part, unconditional",
    "given the class": "normal part, given $y$",
    "difference": "difference",
}


def _density(axis: plt.Axes, rows: pd.DataFrame) -> None:
    points = rows[["x", "y"]].to_numpy()
    segments = np.stack([points[:-1], points[1:]], axis=1)
    widths = 0.5 + 7 * rows["value"].to_numpy()[1:] / rows["value"].max()
    axis.add_collection(LineCollection(segments, linewidths=widths, color="0.25", zorder=2))


def draw(inputs, out) -> None:
    """inputs: the table of this illustration."""
    table = pd.read_csv(inputs[0])
    density, drift, size = (table[table["kind"] == kind] for kind in ("density", "drift", "size"))
    use_style()
    figure, axes = plt.subplots(
        1, 3, figsize=(PAGE, 2.5), layout="constrained", width_ratios=[1.1, 1.1, 1]
    )
    late = drift[drift["lam"] == drift["lam"].max()]
    for axis, field, title, colour in (
        (axes[0], "marginal", "unconditional drift", "unconditional"),
        (axes[1], "class 0", "drift given $y = a$", "conditional"),
    ):
        rows = late[late["field"] == field]
        length = np.hypot(rows["dx"], rows["dy"])
        axis.quiver(
            rows["x"],
            rows["y"],
            rows["dx"] / length,
            rows["dy"] / length,
            color=COLOURS[colour],
            scale=22,
            width=0.005,
        )
        _density(axis, density[density["field"] == field])
        axis.set(title=title, xlim=(-2.6, 2.6), ylim=(-1.35, 1.35), xlabel="$x_1$", aspect="equal")
    axes[0].set_ylabel("$x_2$")
    for (field, rows), colour, style in zip(
        size.groupby("field", sort=False),
        (COLOURS["unconditional"], COLOURS["conditional"], OTHERS[0]),
        ("-", "--", "-"),
        strict=True,
    ):
        axes[2].plot(rows["lam"], rows["value"], color=colour, linestyle=style, label=NAMES[field])
    axes[2].set(
        yscale="log", xlabel=r"log-SNR $\lambda$", ylabel="score (r.m.s.)", title="towards the data"
    )
    axes[2].legend(fontsize="x-small")
    save(figure, out)
