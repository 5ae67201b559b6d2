"""Fig. 6, the linear Gaussian model in one dimension, with much and with little noise.

Above: the density of x beside that of x given y = 1, which is the narrower, the less noise there
is. Below: samples, and contours of the joint density at one and two standard deviations; the dashed
line is y = 1. I(X;Y) is in nats.
"""

import matplotlib.pyplot as plt
import pandas as pd

from diffinfo.figures.style import COLOURS, PAGE, save, use_style


def draw(inputs, out) -> None:
    """inputs: the table of this illustration."""
    table = pd.read_csv(inputs[0])
    use_style()
    figure, axes = plt.subplots(
        2, 2, figsize=(0.8 * PAGE, 3.6), layout="constrained", sharex=True, height_ratios=[1, 1.6]
    )
    for column, sigma in zip(
        axes.T, sorted(table["sigma_eps"].unique(), reverse=True), strict=True
    ):
        chosen = table[table["sigma_eps"] == sigma]
        for kind, colour, label in (
            ("marginal", COLOURS["conditional"], "$p(x)$"),
            ("conditional", COLOURS["unconditional"], "$p(x|y=1)$"),
        ):
            rows = chosen[chosen["kind"] == kind]
            column[0].plot(rows["x"], rows["y"], color=colour, label=label)
            column[0].fill_between(rows["x"], rows["y"], color=colour, alpha=0.15, linewidth=0)
        rows = chosen[chosen["kind"] == "sample"]
        column[1].scatter(rows["x"], rows["y"], s=4, color=COLOURS["bound"], linewidth=0)
        for _, ring in chosen[chosen["kind"] == "contour"].groupby("level"):
            column[1].plot(ring["x"], ring["y"], color="0.4", linewidth=0.8)
        column[1].axhline(1, color=COLOURS["unconditional"], linewidth=0.8, linestyle="--")
        information = chosen["information"].dropna().iloc[0]
        column[0].set_title(rf"$\sigma_\epsilon = {sigma:g}$, $I(X;Y) = {information:.2f}$ nats")
        column[1].set(xlabel="$x$", ylim=(-3.8, 3.8), xlim=(-3.5, 3.5))
    axes[0, 0].set_ylabel("density")
    axes[1, 0].set_ylabel("$y$")
    axes[0, 0].legend()
    save(figure, out)
