"""Fig. 25, steps needed: against entropy, spread and dimension.

Steps for a path KL of 0.05 nats (hollow triangles: terminal KL). The structured sampler freezes
only the components' mean, the plain one the whole denoiser. Dashed lines are the limit of short
steps, 3/4 H log(1 + R / H) / 0.05, which holds for every mixture whose components can be told apart
at the end, with entropy H and spread R. Top left, against entropy: a hypercube's bits do not know
of each other, so its steps are proportional to its entropy by construction. Random codebooks are no
such sums: those with even weights have a spread in proportion to H, those with weights 1, 1/2, 1/3,
... one spread. In a hierarchy every bit is twice as far apart as the one before, so that log R
grows like H, and steps in the end like H^2. Exponents are fitted, with the standard error of the
fit; grey lines grow like H and like H^2. Top right, against the spread of four bits: steps for the
path KL grow like log R, those for the terminal KL do not grow. Bottom left, against dimension.
Bottom right: path KL of chains simulated in R^d, with 95 % intervals; the dashed line is exact.
"""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import seaborn as sns

from diffinfo.estimate.statistics import exponent
from diffinfo.figures.style import COLOURS, EXACT, PAGE, save, use_style

# Small symbols lie over large hollow ones, where curves coincide.
FAMILIES = (
    ("even weights", "path", "codebooks, even", COLOURS["information"], "o", 7, "none"),
    ("uneven weights", "path", "codebooks, uneven", COLOURS["conditional"], "D", 4.5, "none"),
    ("hierarchy", "path", "hierarchy", COLOURS["bound"], "v", 3.5, None),
    ("hypercube", "path", "hypercube", COLOURS["unconditional"], "s", 2.5, None),
    ("hypercube", "terminal", "hypercube, terminal", COLOURS["unconditional"], "^", 4, "none"),
)
BESIDE = {"loc": "upper left", "fontsize": "x-small", "borderaxespad": 0}


def draw(inputs, out) -> None:
    """inputs: the table of the theory stage."""
    table = pd.read_csv(inputs[0])
    use_style()
    figure = plt.figure(figsize=(PAGE, 5.0), layout="constrained")
    above, below = figure.subfigures(2, 1)
    by_entropy, by_spread = above.subplots(1, 2)
    by_dimension, chains = below.subplots(1, 2)
    _against_entropy(by_entropy, table)
    _against_spread(by_spread, table)
    _against_dimension(by_dimension, table)
    _chains(chains, table)
    for axis in (by_entropy, by_dimension):
        axis.legend(bbox_to_anchor=(1.02, 1), **BESIDE)
    for axis in (by_spread, chains):
        axis.legend(**BESIDE)
    save(figure, out)


def _against_entropy(axis: plt.Axes, table: pd.DataFrame) -> None:
    for experiment, quantity, name, colour, marker, size, face in FAMILIES:
        of_family = table[table["experiment"] == experiment].sort_values("entropy")
        line = of_family[of_family["quantity"] == quantity]
        power, error = exponent(line["entropy"], line["value"])
        axis.plot(
            line["entropy"],
            line["value"],
            marker,
            markersize=size,
            color=colour,
            markerfacecolor=face,
            label=f"{name}: $H^{{\\,{power:.2f} \\pm {error:.1g}}}$",
        )
        limit = of_family[of_family["quantity"] == "limit"]
        axis.plot(limit["entropy"], limit["value"], **EXACT)
    even = table[table["experiment"] == "even weights"].sort_values("entropy")
    bound = even[even["quantity"] == "theorem"]
    axis.plot(
        bound["entropy"],
        bound["value"],
        ":",
        color=COLOURS["bound"],
        label="theorem, enough (even)",
    )
    axis.plot([], [], label="limit of short steps", **EXACT)
    first = even[even["quantity"] == "path"].iloc[0]
    entropies = np.array([first["entropy"], table["entropy"].max()])
    for power, style in ((1, "-"), (2, "-.")):
        guide = first["value"] * (entropies / first["entropy"]) ** power
        label = "$\\propto H$" if power == 1 else "$\\propto H^2$"
        axis.plot(entropies, guide, style, color="0.6", linewidth=0.8, zorder=0, label=label)
    axis.set(
        xscale="log",
        yscale="log",
        xlabel="entropy $H$ (nats)",
        ylabel=f"steps for {table['tolerance'].iloc[0]:g} nats",
    )
    axis.set_xticks([1, 2, 5], ["1", "2", "5"])
    axis.minorticks_off()


def _against_spread(axis: plt.Axes, table: pd.DataFrame) -> None:
    bits = table[table["experiment"] == "four bits"].sort_values("spread")
    for quantity, marker, label in (("path", "s", "path KL"), ("terminal", "^", "terminal KL")):
        line = bits[bits["quantity"] == quantity]
        face = "none" if quantity == "terminal" else None
        axis.plot(
            line["spread"],
            line["value"],
            marker,
            markersize=4,
            color=COLOURS["unconditional"],
            markerfacecolor=face,
            label=f"four bits, {label}",
        )
    limit = bits[bits["quantity"] == "limit"]
    axis.plot(limit["spread"], limit["value"], label="limit of short steps", **EXACT)
    axis.set(
        xscale="log",
        xlabel="spread $R$ (second moment)",
        ylabel=f"steps for {table['tolerance'].iloc[0]:g} nats",
    )


def _against_dimension(axis: plt.Axes, table: pd.DataFrame) -> None:
    books = table[table["experiment"] == "codebook"]
    entropies = sorted(books["entropy"].unique())
    shades = sns.color_palette("viridis", len(entropies))
    for place, (entropy, colour) in enumerate(zip(entropies, shades, strict=True)):
        rows = books[books["entropy"] == entropy]
        for quantity, marker, style in (("structured", "o", "-"), ("plain", "s", "--")):
            line = rows[rows["quantity"] == quantity].sort_values("dimension")
            # Large dimensions drown the entropy, so that plain curves meet: each is narrower than
            # those below it.
            axis.plot(
                line["dimension"],
                line["value"],
                marker,
                linestyle=style,
                linewidth=0.9 + 0.3 * (len(entropies) - 1 - place),
                markersize=2.5 + 1.5 * (len(entropies) - 1 - place),
                markerfacecolor="none",
                color=colour,
                label=f"$H$ = {entropy:.2f}" if quantity == "structured" else None,
            )
    for marker, style, name in (("o", "-", "structured"), ("s", "--", "plain")):
        axis.plot([], [], marker, linestyle=style, color="0.4", markerfacecolor="none", label=name)
    axis.set(
        xscale="log",
        yscale="log",
        xlabel="dimension $d$",
        ylabel=f"steps for {table['tolerance'].iloc[0]:g} nats",
    )


def _chains(axis: plt.Axes, table: pd.DataFrame) -> None:
    lattice = table[table["experiment"] == "lattice, 16 steps"]
    for quantity, colour, marker, label in (
        ("structured_kl", COLOURS["information"], "o", "chains, structured"),
        ("plain_kl", COLOURS["conditional"], "s", "chains, plain"),
    ):
        line = lattice[lattice["quantity"] == quantity]
        axis.errorbar(
            line["dimension"],
            line["value"],
            yerr=line["half_width"],
            fmt=marker,
            markersize=3.5,
            color=colour,
            label=label,
        )
    exact = lattice[lattice["quantity"] == "structured_exact"]
    axis.plot(exact["dimension"], exact["value"], label="exact, structured", **EXACT)
    axis.set(
        xscale="log", yscale="log", xlabel="dimension $d$", ylabel="path KL of 16 steps (nats)"
    )
