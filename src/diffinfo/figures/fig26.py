"""Fig. 26, noise levels and dimension: how many there are, are needed, and fewer miss.

Against dimension d: noise levels half a nat apart, steps of DDIM for a terminal KL of 0.05 nats
from N(0, I), steps of DDIM that find half of a planted shell, levels that find a hidden codebook
in 9 of 10 searches, and the width in log noise variance of the window in which that codebook is
half visible. Exponents are fitted from 32 dimensions on, with the standard error of the fit; dashed
lines have the exponent of the law, 1/2 or -1/2, and pass through the last point. Bottom right: the
share of DDIM samples in the planted shell, with 95 % intervals; a dashed line marks the true share.
DDIM has eta 1 where nothing else is said.
"""

import matplotlib.pyplot as plt
import pandas as pd
import seaborn as sns
from matplotlib.ticker import LogLocator, NullFormatter

from diffinfo.estimate.statistics import exponent
from diffinfo.figures.style import COLOURS, EXACT, PAGE, save, use_style

# Every panel has one quantity: its title, its axis, the law's exponent, and rows of the table.
PANELS = (
    (
        "levels half a nat apart",
        "levels",
        0.5,
        {"distinguishable": ("", COLOURS["information"], "o")},
    ),
    (
        "DDIM on N(0, I)",
        "steps",
        0.5,
        {
            "ddim_eta_1": ("$\\eta$ = 1: ", COLOURS["unconditional"], "s"),
            "ddim_eta_0": ("$\\eta$ = 0: ", COLOURS["conditional"], "^"),
        },
    ),
    (
        "DDIM, half a planted shell",
        "steps",
        0.5,
        {"planted_quarter": ("", COLOURS["bound"], "D")},
    ),
    ("search, hidden codebook", "levels", 0.5, {"hidden_codebook": ("", "0.4", "v")}),
    (
        "hidden codebook's window",
        "width in log variance",
        -0.5,
        {"visible_width": ("", "0.4", "P")},
    ),
)
# Half of the planted mixture's samples are in its wide shell.
TRUE_SHARE = 0.5


def draw(inputs, out) -> None:
    """inputs: the table of the theory stage."""
    table = pd.read_csv(inputs[0])
    use_style()
    figure, axes = plt.subplots(2, 3, figsize=(PAGE, 4.6), layout="constrained")
    *panels, reached = axes.flat
    for axis, (title, label, law, lines) in zip(panels, PANELS, strict=True):
        for quantity, (name, colour, marker) in lines.items():
            rows = table[table["quantity"] == quantity].sort_values("dimension")
            # The law of large d holds from 32 dimensions on.
            large = rows[rows["dimension"] >= 32]
            slope, error = exponent(large["dimension"], large["value"])
            d, value = rows["dimension"].to_numpy(float), rows["value"].to_numpy()
            text = f"{name}$d^{{\\,{slope:.3f} \\pm {error:.1g}}}$"
            axis.plot(d, value, marker, markersize=4, color=colour, label=text)
            axis.plot(d, value[-1] * (d / d[-1]) ** law, **EXACT)
        axis.set(xscale="log", yscale="log", xlabel="dimension $d$", ylabel=label, title=title)
        # Room for the legend; an axis of one decade needs more ticks than its powers of ten.
        axis.margins(y=0.2)
        axis.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5) if value.max() < 20 else (1,)))
        axis.yaxis.set_major_formatter("{x:g}")
        axis.yaxis.set_minor_formatter(NullFormatter())
        axis.legend(
            fontsize="small", handletextpad=0.2, loc="upper left" if law > 0 else "lower left"
        )
    rows = table[table["quantity"] == "planted_fraction"]
    shades = sns.color_palette("viridis", rows["dimension"].nunique())
    for (dimension, line), colour, marker in zip(
        rows.groupby("dimension"), shades, "os^D", strict=False
    ):
        reached.errorbar(
            line["steps_per_root"],
            line["value"],
            yerr=line["half_width"],
            fmt=f"{marker}-",
            markersize=3.5,
            markerfacecolor="none",
            color=colour,
            label=f"$d$ = {dimension}",
        )
    reached.axhline(TRUE_SHARE, **EXACT)
    reached.set(
        xlabel=r"steps / $\sqrt{d}$",
        ylabel="share of samples",
        title="samples in the shell",
        ylim=(-0.02, 0.55),
    )
    reached.set_xscale("log", base=2)
    reached.legend(fontsize="x-small", loc="lower right")
    save(figure, out)
