"""Separation: what lies on the early side of a splitting time, and what the codes tell.

Left: the shares of the neural entropy S_NN (up to its log-SNR cut-off, written in the panel) and of
I(X;Y) (by a classifier of noised images) that sit at s < tau, for the field model of the same
images. Right, in nats: I(X;Y|X_tau), the same information, which is a difference of two lower
bounds, and I(Z;Y) of perceptual and semantic codes; the dotted line is H(Y). Images are held out,
and bars are 95 % intervals. Hollow points are codes that the decoder does without.
"""

import matplotlib.pyplot as plt
import pandas as pd

from diffinfo.figures.codes import BELOW, LATENTS, told
from diffinfo.figures.style import COLOURS, PAGE, save, use_style

_INFORMATION = (r"$I(X;Y \mid X_\tau)$", COLOURS["information"], "^-")
# quantity -> its label, colour and format
SHARES = {
    "s_nn_early_share": (r"$S_\mathrm{NN}$ at $s < \tau$", "black", "o-"),
    "information_early_share": _INFORMATION,
}
NATS = {
    "information_early_nats": _INFORMATION,
    **{
        f"classification_bound_{latent}": (rf"$I$({symbol}$;Y)$", colour, "s--")
        for latent, (colour, symbol) in LATENTS.items()
    },
}


def _draw(axis: plt.Axes, table: pd.DataFrame, curves) -> None:
    for quantity, (label, colour, form) in curves.items():
        rows = table[table["quantity"] == quantity].sort_values("tau")
        told(axis, rows["tau"], rows, form, colour, label)
    axis.set_xlabel(r"splitting time $\tau / T$")


def draw(inputs, out) -> None:
    """inputs: the table of separation."""
    table = pd.read_csv(inputs[0])
    use_style()
    names = table["data"].unique()
    figure, axes = plt.subplots(
        len(names), 2, figsize=(PAGE, 2.5 * len(names) + 0.4), squeeze=False, layout="constrained"
    )
    for (share, nats), name in zip(axes, names, strict=True):
        of_data = table[table["data"] == name]
        _draw(share, of_data, SHARES)
        share.set(ylabel="share of the whole", ylim=(-0.05, 1.05), title=name)
        far = of_data.loc[of_data["quantity"] == "s_nn_early_share", "lam_max"].iloc[0]
        cut = rf"$S_\mathrm{{NN}}$: $\lambda \leq {far:.1f}$"
        share.text(0.97, 0.5, cut, transform=share.transAxes, ha="right", fontsize="x-small")
        _draw(nats, of_data, NATS)
        bound = of_data["upper_bound"].iloc[0]
        nats.axhline(bound, color=COLOURS["bound"], linestyle=":", linewidth=0.8)
        of_axis = nats.get_yaxis_transform()  # x is a share of the panel's width
        nats.text(
            0.99,
            bound,
            r"$H(Y)$",
            color=COLOURS["bound"],
            transform=of_axis,
            va="bottom",
            ha="right",
        )
        nats.set(ylabel="nats", ylim=(-0.05 * bound, 1.2 * bound), title=name)
    for axis in axes[-1]:
        axis.legend(**BELOW)
    save(figure, out)
