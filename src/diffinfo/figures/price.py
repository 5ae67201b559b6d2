"""What codes tell of the label against what a nat of them costs, and against how many nats they are, at one splitting time."""

import matplotlib.pyplot as plt
import pandas as pd

from diffinfo.figures.codes import LATENTS
from diffinfo.figures.style import COLOURS, PAGE, save, use_style

WEIGHTINGS = {
    "likelihood": ("in nats (1: ELBO)", "o-"),
    "noise": (r"$\lambda(s) = 1$ (the authors')", "s--"),
    "velocity": ("velocity", "^-."),
}


def draw(inputs, out) -> None:
    """inputs: the codes table of a sweep over train.kl_weight. Hollow: codes that the decoder does without, so no finding."""
    table = pd.read_csv(inputs[0])
    use_style()
    figure, (price, rate) = plt.subplots(1, 2, figsize=(PAGE, 2.8), layout="constrained", sharey=True)
    for latent, (colour, symbol) in LATENTS.items():
        for weighting, (name, form) in WEIGHTINGS.items():
            rows = table[(table["latent"] == latent) & (table["weighting"] == weighting)]
            rows = rows.pivot_table(index="kl_weight", columns="quantity", values=["value", "standard_error", "collapsed"])
            if rows.empty:
                continue
            told, error = rows["value"]["classification_bound"], 2 * rows["standard_error"]["classification_bound"]
            style = {"fmt": form, "markersize": 3.5, "color": colour, "linewidth": 1.0}
            price.errorbar(rows.index, told, yerr=error, label=f"{symbol}, {name}", **style)
            rate.errorbar(rows["value"]["kl"], told, yerr=error, **style)
            gone = rows["collapsed"]["kl"] > 0.5
            for axis, x in ((price, rows.index[gone]), (rate, rows["value"]["kl"][gone])):
                axis.plot(x, told[gone], form[0], markersize=3.5, color=colour, markerfacecolor="white", zorder=4)
    bound = table["upper_bound"].max()
    for axis in (price, rate):
        axis.axhline(bound, color=COLOURS["bound"], linestyle=":", linewidth=0.8)
        axis.set_xscale("symlog", linthresh=0.1) if axis is rate else axis.set_xscale("log")
    price.text(table["kl_weight"].min(), bound, r"$H(Y)$", color=COLOURS["bound"], va="bottom", fontsize="small")
    price.set(xlabel=r"KL weight $\gamma$", ylabel=r"$I(Z;Y)$ (nats)", ylim=(-0.05 * bound, 1.15 * bound))
    rate.set_xlabel("KL of the code (nats)")
    price.set_title(rf"what a nat costs, $\tau$ = {table['tau'].dropna().iloc[0]:g} $T$")
    rate.set_title("what a nat tells")
    figure.legend(loc="outside lower center", ncols=2, fontsize="x-small")
    save(figure, out)
