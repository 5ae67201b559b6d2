"""Fig. 24, what steps cost: path KL by formula and by simulated chains.

Path KL, in nats, of K steps with a frozen denoiser: closed form and quadrature (lines), and
simulated chains (points, with 95 % intervals that are smaller than they), for even steps in
log-SNR, the best schedule, an imperfect denoiser, and the entropy bound, whose r_k are the ratios
of successive SNRs. The bound holds for discrete targets, and so on the left only; the imperfect
denoiser, on even steps, is on the right only.
"""

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.lines import Line2D

from diffinfo.figures.style import COLOURS, PAGE, save, use_style

LINES = {
    "bound": ("bound, $6 \\max(2, H_{1/2})^2 \\sum (r_k - 1)^2$", COLOURS["bound"], ":"),
    "imperfect": ("imperfect denoiser, even log-SNR", COLOURS["conditional"], "-"),
    "discretisation": ("best denoiser, even log-SNR", COLOURS["unconditional"], "-"),
    "best_schedule": ("best denoiser, best schedule", COLOURS["information"], "--"),
}
CHAINS = {"chain": COLOURS["unconditional"], "imperfect_chain": COLOURS["conditional"]}


def draw(inputs, out) -> None:
    """inputs: the table of the theory stage."""
    table = pd.read_csv(inputs[0])
    use_style()
    targets = table["target"].unique()
    figure, axes = plt.subplots(
        1, len(targets), figsize=(PAGE, 2.9), layout="constrained", sharey=True
    )
    seen = {}
    for axis, target in zip(axes, targets, strict=True):
        rows = table[table["target"] == target]
        for quantity, (label, colour, style) in LINES.items():
            line = rows[rows["quantity"] == quantity]
            if len(line):
                (seen[label],) = axis.plot(line["steps"], line["value"], style, color=colour)
        for quantity, colour in CHAINS.items():
            points = rows[rows["quantity"] == quantity]
            if len(points):
                axis.errorbar(
                    points["steps"],
                    points["value"],
                    yerr=points["half_width"],
                    fmt="o",
                    markersize=3.5,
                    color=colour,
                )
        axis.set(
            xscale="log",
            yscale="log",
            xlabel="steps $K$",
            title=target,
            xticks=[2, 4, 8, 16, 32, 64],
        )
        axis.set_xticks([2, 4, 8, 16, 32, 64], ["2", "4", "8", "16", "32", "64"], minor=False)
        axis.minorticks_off()
    axes[0].set_ylabel("path KL (nats)")
    # Chains have the colour of the line that they check.
    seen["simulated chains"] = Line2D([], [], marker="o", markersize=3.5, linestyle="", color="0.4")
    figure.legend(
        list(seen.values()), list(seen), loc="outside lower center", ncols=3, fontsize="x-small"
    )
    save(figure, out)
