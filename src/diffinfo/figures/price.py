"""The price of codes: what they tell of the label against what a nat of them costs.

I(Z;Y) in nats of semantic and perceptual codes at one splitting time against the weight of their
KL, against that KL in nats, and, where such runs were made, against the length of training. Images
are held out, bars are 95 % intervals, and the dotted line is H(Y). Hollow points are codes
that the decoder does without.
"""

import matplotlib.pyplot as plt
import pandas as pd

from diffinfo.figures.codes import LATENTS
from diffinfo.figures.style import COLOURS, PAGE, save, use_style

WEIGHTINGS = {
    "likelihood": ("in nats (1: ELBO)", "o-"),
    "noise": (r"$\lambda(s) = 1$ (the authors')", "s--"),
    "velocity": ("velocity", "^-."),
}
LEAST = 0.05  # nats; smaller KLs are drawn there


def _draw(
    axis: plt.Axes, rows: pd.DataFrame, x: pd.Series, form: str, colour, label: str | None = None
) -> None:
    """Draw I(Z;Y) of the rows of a pivoted table at `x`.

    Points are hollow where the decoder does without the codes.
    """
    told, error = (
        rows["value"]["classification_bound"],
        rows["half_width"]["classification_bound"],
    )
    axis.errorbar(
        x, told, yerr=error, fmt=form, markersize=3.5, color=colour, linewidth=1.0, label=label
    )
    gone = rows["collapsed"]["kl"] > 0.5
    axis.plot(
        x[gone],
        told[gone],
        form[0],
        markersize=3.5,
        color=colour,
        markerfacecolor="white",
        zorder=4,
    )


def draw(inputs, out) -> None:
    """inputs: the table of codes of sweeps over `train.kl_weight`, and in nats `train.steps`."""
    table = pd.read_csv(inputs[0])
    use_style()
    nats = table[table["weighting"] == "likelihood"]
    usual = nats["steps"].mode().iloc[0] if len(nats) else None
    trained = nats[nats["kl_weight"].isin(nats.loc[nats["steps"] != usual, "kl_weight"])]
    panels = 3 if len(trained) else 2
    figure, axes = plt.subplots(1, panels, figsize=(PAGE, 2.8), layout="constrained", sharey=True)
    price, rate = axes[:2]
    for latent, (colour, symbol) in LATENTS.items():
        for weighting, (name, form) in WEIGHTINGS.items():
            rows = table[(table["latent"] == latent) & (table["weighting"] == weighting)]
            rows = rows[rows["steps"] == rows["steps"].mode().iloc[0]] if len(rows) else rows
            if rows.empty:
                continue
            rows = rows.pivot_table(
                index="kl_weight",
                columns="quantity",
                values=["value", "half_width", "collapsed"],
            )
            _draw(price, rows, rows.index.to_series(), form, colour, f"{symbol}, {name}")
            _draw(rate, rows, rows["value"]["kl"].clip(lower=LEAST), form, colour)
        if len(trained):
            rows = trained[trained["latent"] == latent]
            rows = rows.pivot_table(
                index="steps", columns="quantity", values=["value", "half_width", "collapsed"]
            )
            _draw(axes[2], rows, rows.index.to_series(), "o-", colour)
            axes[2].set(
                xlabel="training steps",
                title=rf"training, $\gamma$ = {trained['kl_weight'].iloc[0]:g}",
            )
            taken = rows.index.to_list()
    bound = table["upper_bound"].max()
    for axis in axes:
        axis.axhline(bound, color=COLOURS["bound"], linestyle=":", linewidth=0.8)
        axis.set_xscale("log")
    if len(trained):
        axes[2].set_xticks(taken, [f"{steps:g}" for steps in taken])
        axes[2].minorticks_off()
    price.text(
        table["kl_weight"].min(),
        bound,
        r"$H(Y)$",
        color=COLOURS["bound"],
        va="bottom",
        fontsize="small",
    )
    price.set(
        xlabel=r"KL weight $\gamma$", ylabel=r"$I(Z;Y)$ (nats)", ylim=(-0.05 * bound, 1.15 * bound)
    )
    price.set_title(rf"price, $\tau$ = {table['tau'].dropna().iloc[0]:g} $T$")
    rate.set(xlabel="KL of the code (nats)", xlim=(0.8 * LEAST, None), title="rate")
    figure.legend(loc="outside lower center", ncols=2, fontsize="x-small")
    save(figure, out)
