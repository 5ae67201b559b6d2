"""Fig. 25, steps needed: against entropy, and against dimension.

Left and middle: steps for a path KL of 0.05 nats (hollow: terminal KL) against entropy and against
dimension. The structured sampler freezes only the components' mean, the plain one the whole
denoiser. The hypercube's bits do not know of each other, so its steps are proportional to its
entropy (dashed) by construction. Right: path KL of chains simulated
in R^d, with 95 % intervals; the dashed line is exact.
"""

import matplotlib.pyplot as plt
import pandas as pd
import seaborn as sns

from diffinfo.figures.style import COLOURS, EXACT, PAGE, save, use_style


def draw(inputs, out) -> None:
    """inputs: the table of the theory stage."""
    table = pd.read_csv(inputs[0])
    use_style()
    figure, (by_entropy, by_dimension, chains) = plt.subplots(
        1, 3, figsize=(PAGE, 3.0), layout="constrained"
    )
    books = table[table["experiment"] == "codebook"]
    wide = books[
        (books["quantity"] == "structured") & (books["dimension"] == books["dimension"].max())
    ]
    by_entropy.plot(
        wide["entropy"],
        wide["value"],
        "o",
        markersize=4,
        color=COLOURS["information"],
        label="random codebooks",
    )
    bound = books[
        (books["quantity"] == "theorem") & (books["dimension"] == books["dimension"].max())
    ]
    by_entropy.plot(
        bound["entropy"], bound["value"], ":", color=COLOURS["bound"], label="theorem, sufficient"
    )
    cube = table[table["experiment"] == "hypercube"]
    for quantity, style, label in (
        ("path", "s", "hypercube"),
        ("terminal", "^", "hypercube, terminal KL"),
    ):
        line = cube[cube["quantity"] == quantity]
        filled = COLOURS["unconditional"] if quantity == "path" else "white"
        by_entropy.plot(
            line["entropy"],
            line["value"],
            style,
            markersize=4,
            color=COLOURS["unconditional"],
            markerfacecolor=filled,
            label=label,
        )
    line = cube[cube["quantity"] == "path"]
    slope = line["value"].iloc[-1] / line["entropy"].iloc[-1]
    by_entropy.plot([0, line["entropy"].max()], [0, slope * line["entropy"].max()], **EXACT)
    by_entropy.set(
        xlabel="entropy $H$ (nats)",
        ylabel=f"steps for {table['tolerance'].iloc[0]:g} nats",
        ylim=(0, None),
    )
    by_entropy.legend(fontsize="xx-small", loc="upper left")
    shades = sns.color_palette("viridis", books["entropy"].nunique() + 1)
    for (entropy, rows), colour in zip(books.groupby("entropy"), shades, strict=False):
        for quantity, style in (("structured", "o-"), ("plain", "s--")):
            line = rows[rows["quantity"] == quantity]
            label = f"$H$ = {entropy:.2f}" if quantity == "structured" else None
            by_dimension.plot(
                line["dimension"], line["value"], style, markersize=3, color=colour, label=label
            )
    by_dimension.set(xscale="log", yscale="log", xlabel="dimension $d$", ylabel="steps")
    by_dimension.legend(
        fontsize="xx-small", title="solid: structured\ndashed: plain", title_fontsize="xx-small"
    )
    lattice = table[table["experiment"] == "lattice, 16 steps"]
    for quantity, colour, label in (
        ("structured_kl", COLOURS["information"], "structured"),
        ("plain_kl", COLOURS["conditional"], "plain"),
    ):
        line = lattice[lattice["quantity"] == quantity]
        error = line["half_width"]
        chains.errorbar(
            line["dimension"],
            line["value"],
            yerr=error,
            fmt="o",
            markersize=3.5,
            color=colour,
            label=label,
        )
    exact = lattice[lattice["quantity"] == "structured_exact"]
    chains.plot(exact["dimension"], exact["value"], **EXACT)
    chains.set(
        xscale="log", yscale="log", xlabel="dimension $d$", ylabel="path KL of 16 steps (nats)"
    )
    chains.legend(fontsize="xx-small", title="chains in $R^d$", title_fontsize="xx-small")
    save(figure, out)
