"""The price of codes: what they tell of the label against what a nat of them costs.

I(Z;Y) in nats of semantic and perceptual codes at one splitting time against the weight of their
KL, against that KL in nats, and, where such runs were made, against the length of training. Last,
the splitting time at which both tell as much, by price: a property of the training, not of the
data alone. Images are held out, bars are 95 % intervals, and the dotted line is H(Y). Hollow points
are codes that the decoder does without.
"""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from diffinfo.figures.codes import LATENTS, told
from diffinfo.figures.style import COLOURS, PAGE, save, use_style
from diffinfo.process.schedule import TAU

WEIGHTINGS = {
    "likelihood": ("in nats (1: ELBO)", "o-"),
    "noise": (r"$\lambda(s) = 1$ (the authors')", "s--"),
    "velocity": ("velocity", "^-."),
}
LEAST = 0.05  # nats; smaller KLs are drawn there
_FEW = 3  # prices that all get a tick


def _ticks(axis: plt.Axes, weights) -> None:
    """Ticks at these weights and nowhere else."""
    weights = sorted(set(weights))
    axis.set_xticks(weights, [f"{weight:g}" for weight in weights])
    axis.minorticks_off()


def draw(inputs, out) -> None:
    """inputs: the table of codes of sweeps over `train.kl_weight`, and in nats `train.steps`, at
    one tau; and of sweeps over tau.
    """
    table = pd.read_csv(inputs[0])
    crossings = table[
        (table["quantity"] == "crossing_tau_classification_bound") & table["value"].notna()
    ]
    prices = table.groupby("tau")["kl_weight"].nunique()
    most = prices.index[prices == prices.max()]
    tau = most[np.abs(most - TAU).argmin()]
    case = ["latent", "quantity", "weighting", "kl_weight", "steps"]
    # The same case may be part of several sweeps: that of most seeds is drawn.
    table = table[table["tau"] == tau].sort_values("seeds", ascending=False).drop_duplicates(case)
    use_style()
    nats = table[table["weighting"] == "likelihood"]
    usual = nats["steps"].mode().iloc[0] if len(nats) else None
    trained = nats[nats["kl_weight"].isin(nats.loc[nats["steps"] != usual, "kl_weight"])]
    names = ["price", "rate", *["steps"] * bool(len(trained)), *["cross"] * bool(len(crossings))]
    rows = [names[:2], names[2:]] if len(names) == 4 else [names]
    figure, axes = plt.subplot_mosaic(
        rows, figsize=(PAGE, 2.3 * len(rows) + 0.7), layout="constrained"
    )
    for latent, (colour, symbol) in LATENTS.items():
        for weighting, (name, form) in WEIGHTINGS.items():
            rows = table[(table["latent"] == latent) & (table["weighting"] == weighting)]
            rows = rows[rows["steps"] == rows["steps"].mode().iloc[0]] if len(rows) else rows
            if rows.empty:
                continue
            rows = rows.set_index("kl_weight").sort_index()
            bounds = rows[rows["quantity"] == "classification_bound"]
            rate = rows.loc[rows["quantity"] == "kl", "value"].clip(lower=LEAST)
            told(axes["price"], bounds.index.to_series(), bounds, form, colour, f"{symbol}, {name}")
            told(axes["rate"], rate, bounds, form, colour)
        if len(trained):
            rows = trained[trained["latent"] == latent].set_index("steps").sort_index()
            bounds = rows[rows["quantity"] == "classification_bound"]
            told(axes["steps"], bounds.index.to_series(), bounds, "o-", colour)
            taken = bounds.index.to_list()
    bound = table["upper_bound"].max()
    for name in names[:3] if len(trained) else names[:2]:
        axes[name].axhline(bound, color=COLOURS["bound"], linestyle=":", linewidth=0.8)
        axes[name].set(xscale="log", ylim=(-0.05 * bound, 1.15 * bound), ylabel="$I(Z;Y)$ (nats)")
    if len(trained):
        axes["steps"].set(
            xlabel="training steps",
            title=rf"training, $\gamma$ = {trained['kl_weight'].iloc[0]:g}",
        )
        axes["steps"].set_xticks(taken, [f"{steps:g}" for steps in taken])
        axes["steps"].minorticks_off()
    if len(crossings):
        axes["cross"].errorbar(
            crossings["kl_weight"],
            crossings["value"],
            yerr=crossings["half_width"],
            fmt="o",
            markersize=3.5,
            color="black",
            capsize=2,
        )
        axes["cross"].set(
            xscale="log",
            xlabel=r"KL weight $\gamma$",
            ylabel=r"$\tau / T$",
            ylim=(0, None),
            title="where both codes tell as much",
        )
        _ticks(axes["cross"], crossings["kl_weight"])
    axes["price"].text(
        table["kl_weight"].min(),
        bound,
        r"$H(Y)$",
        color=COLOURS["bound"],
        va="bottom",
        fontsize="small",
    )
    axes["price"].set(xlabel=r"KL weight $\gamma$", title=rf"price, $\tau$ = {tau:g} $T$")
    if len(weights := table["kl_weight"].unique()) <= _FEW:
        _ticks(axes["price"], weights)
    axes["rate"].set(xlabel="KL of the code (nats)", xlim=(0.8 * LEAST, None), title="rate")
    figure.legend(loc="outside lower center", ncols=2, fontsize="x-small")
    save(figure, out)
