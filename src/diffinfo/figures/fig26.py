"""Fig. 26, noise levels and dimension: how many there are, are needed, and fewer miss.

Left: noise levels half a nat apart, steps that samplers need, and levels that it takes to find a
planted shell or a hidden codebook, against dimension d; slopes are fitted from 32 dimensions on,
and the dashed line is 3 sqrt(d). Right: the share of samples in the planted shell, with
95 % intervals; a dashed line marks one half.
"""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import seaborn as sns

from diffinfo.figures.style import COLOURS, EXACT, PAGE, save, use_style

NEEDED = {
    "distinguishable": ("levels half a nat apart", COLOURS["information"], "o"),
    "ddim_eta_1": ("steps for N(0, I), DDIM $\\eta$ = 1", COLOURS["unconditional"], "s"),
    "ddim_eta_0": ("steps for N(0, I), DDIM $\\eta$ = 0", COLOURS["conditional"], "^"),
    "planted_quarter": ("steps to find half of a planted shell", COLOURS["bound"], "D"),
    "hidden_codebook": ("levels to find a hidden codebook, 9 in 10", "0.5", "v"),
}


def draw(inputs, out) -> None:
    """inputs: the table of the theory stage."""
    table = pd.read_csv(inputs[0])
    use_style()
    figure, (needed, reached) = plt.subplots(1, 2, figsize=(PAGE, 3.0), layout="constrained")
    for quantity, (label, colour, marker) in NEEDED.items():
        rows = table[table["quantity"] == quantity]
        # The law of large d holds from 32 dimensions on.
        slope = np.polyfit(
            *np.log(rows.loc[rows["dimension"] >= 32, ["dimension", "value"]].to_numpy().T), 1
        )[0]
        needed.plot(
            rows["dimension"],
            rows["value"],
            marker,
            markersize=4,
            color=colour,
            label=f"{label}: slope {slope:.3f}",
        )
    d = np.geomspace(2, table["dimension"].max(), 50)
    needed.plot(d, 3 * np.sqrt(d), **EXACT)
    needed.set(
        xscale="log", yscale="log", xlabel="dimension $d$", ylabel="noise levels", ylim=(1.2, 3e4)
    )
    needed.legend(fontsize="xx-small", loc="upper left")
    rows = table[table["quantity"] == "planted_fraction"]
    shades = sns.color_palette("viridis", rows["dimension"].nunique() + 1)
    for (dimension, line), colour in zip(rows.groupby("dimension"), shades, strict=False):
        x, share, error = line["steps_per_root"], line["value"], line["half_width"]
        reached.errorbar(
            x, share, yerr=error, fmt="o-", markersize=3.5, color=colour, label=f"$d$ = {dimension}"
        )
    reached.axhline(0.5, **EXACT)
    reached.set(
        xlabel=r"steps / $\sqrt{d}$",
        ylabel="share of samples in the planted shell",
        ylim=(-0.02, 0.55),
    )
    reached.set_xscale("log", base=2)
    reached.legend(fontsize="x-small")
    save(figure, out)
