"""Do models see where the label is? Networks trained on four worlds in which it is known.

Random fields (figure `separability`), whose classes differ in coarse structure, in texture, in both
or in one pixel. Left: I(X_lam;Y) up to a log-SNR, exact (lines), by a classifier of noised images
(dots) and by the difference of losses of the fields (crosses). Middle: the neural entropy up to
there, exact and of the fields (squares); the vertical line is s = 0.1 T. Right: shares at
s >= 0.1 T, measured against exact; on the dashed line they agree. Bars are 95 % intervals.
"""

import matplotlib.pyplot as plt
import pandas as pd
import seaborn as sns
from matplotlib.lines import Line2D

from diffinfo.figures.style import EXACT, PAGE, band, save, use_style

MARKERS = {
    ("information", "classifier"): ("o", "label, classifier"),
    ("information", "fields"): ("x", "label, fields"),
    ("entropy", "fields"): ("s", "entropy, fields"),
}


def draw(inputs, out) -> None:
    """inputs: the table of models of worlds."""
    table = pd.read_csv(inputs[0])
    names = list(table["world"].unique())
    colours = dict(zip(names, sns.color_palette("colorblind", len(names)), strict=True))
    of = dict(iter(table.groupby(["quantity", "by", "world"], sort=False)))
    use_style()
    figure, axes = plt.subplots(1, 3, figsize=(PAGE, 2.7), layout="constrained")
    left, middle, right = axes
    for name, colour in colours.items():
        for axis, quantity in ((left, "information"), (middle, "entropy")):
            exact = of[quantity, "exact", name]
            band(axis, exact["lam"], exact["value"], exact["half_width"], color=colour, label=name)
        for (quantity, by), (marker, _) in MARKERS.items():
            look = {"fmt": marker, "color": colour, "markersize": 3, "linewidth": 0.8}
            rows = of[quantity, by, name]
            axis = left if quantity == "information" else middle
            axis.errorbar(rows["lam"], rows["value"], yerr=rows["half_width"], **look)
            exact, late = (of[f"late_{quantity}", each, name].iloc[0] for each in ("exact", by))
            look |= {"markersize": 4.5, "markerfacecolor": "none"}
            bars = {"xerr": exact["half_width"], "yerr": late["half_width"]}
            right.errorbar(exact["value"], late["value"], **bars, **look)
    tau = table.loc[table["quantity"] == "late_entropy", "lam"].iloc[0]
    for axis in (left, middle):
        axis.axvline(tau, color="0.6", linewidth=0.8)
        axis.set(xlabel=r"log-SNR $\lambda$")
    left.set(ylabel=r"$I(X_\lambda; Y)$ (nats)")
    middle.set(ylabel=r"$S_\mathrm{NN}$ up to $\lambda$ (nats)")
    left.legend(fontsize="x-small", loc="upper left")
    right.plot([0, 1], [0, 1], **EXACT)
    right.set(
        xlabel=r"exact share at $s \geq 0.1\,T$", ylabel="measured share", xlim=(0, 1), ylim=(0, 1)
    )
    handles = [
        Line2D(
            [], [], marker=marker, color="0.3", linestyle="", markerfacecolor="none", label=label
        )
        for marker, label in MARKERS.values()
    ]
    right.legend(handles=handles, fontsize="x-small", loc="upper left")
    save(figure, out)
