"""Fig. 16, image models: where their entropy sits, and I(X;Y) beside its bound H(Y).

Each row is a data set. From the left: the rate of neural entropy per unit of time s and of
log-SNR, and the nats produced up to time s, unconditional (solid) and given the label (dashed),
with bands of 95 % intervals. The dotted line is half a nat per pixel and unit of log-SNR: the
rate at which lattice-valued pixels produce entropy once their values can be told apart. The cut-off
in log-SNR is written beside the nats, and the dashed vertical line is the paper's splitting time.
Right: estimates of I(X;Y) in nats with 95 % intervals; the dotted line is H(Y). Only
``classification_bound`` cannot exceed it: the others show the network's error.
"""

from collections.abc import Sequence
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from diffinfo.figures.profiles import TAU, mark_split, read_profiles, split_handle
from diffinfo.figures.style import COLOURS, OTHERS, PAGE, band, save, use_style

FIELDS = (
    ("s_nn", r"unconditional $S_\mathrm{NN}^{X}$", COLOURS["unconditional"], "-"),
    ("s_nn_conditional", r"conditional $S_\mathrm{NN}^{X|Y}$", COLOURS["conditional"], "--"),
)
ESTIMATORS = (
    "squared_difference",
    "entropy_difference",
    "loss_difference",
    "calibrated",
    "mixture_difference",
    "classification_bound",
)


def _profile(axis: plt.Axes, table: pd.DataFrame, x: str, y: str) -> None:
    for quantity, label, colour, style in FIELDS:
        rows = table[table["quantity"] == quantity].sort_values(x)
        band(axis, rows[x], rows[y], rows[f"{y}_half"], color=colour, linestyle=style, label=label)


def _information(axis: plt.Axes, values: pd.DataFrame) -> None:
    values = values.set_index("quantity").loc[
        [name for name in ESTIMATORS if name in set(values["quantity"])]
    ]
    position = np.arange(len(values))
    colours = [
        COLOURS["information"] if name == "classification_bound" else OTHERS[0]
        for name in values.index
    ]
    for i, (row, colour) in enumerate(zip(values.itertuples(), colours, strict=True)):
        axis.errorbar(
            row.value,
            i,
            xerr=row.half_width,
            fmt="o",
            markersize=4,
            capsize=2,
            color=colour,
        )
    bound = values["upper_bound"].iloc[0]
    if np.isfinite(bound):  # Real conditions have none.
        axis.axvline(bound, color=COLOURS["bound"], linestyle=":")
        axis.text(bound, -0.55, r"$H(Y)$", color=COLOURS["bound"], ha="center", va="bottom")
    names = [name.replace("_", "\n") for name in values.index]
    axis.set_yticks(position, names, fontsize="x-small", linespacing=0.9)
    axis.set_ylim(len(values) - 0.5, -0.5)
    axis.set_xlim(left=min(0, 1.1 * (values["value"] - values["half_width"]).min()))
    axis.set_xlabel(r"$I(X;Y)$ (nats)")


def draw(inputs: Sequence[str | Path], out: str | Path) -> None:
    """inputs: the tables of profiles and of estimates."""
    table, estimates = read_profiles(inputs[0]), pd.read_csv(inputs[1])
    experiments = table["experiment"].unique()
    use_style()
    figure, axes = plt.subplots(
        len(experiments),
        4,
        figsize=(PAGE, 2.1 * len(experiments) + 0.6),
        squeeze=False,
        layout="constrained",
    )
    for row, experiment in zip(axes, experiments, strict=True):
        chosen = table[(table["experiment"] == experiment) & (table["kind"] == "network")]
        clocks = chosen[chosen["quantity"] == "s_nn"].sort_values("s_mid")
        lam_split = np.interp(TAU, clocks["s_mid"], clocks["lam_mid"])
        _profile(row[0], chosen, "s_mid", "rate_s")
        _profile(row[1], chosen, "lam_mid", "rate_lam")
        _profile(row[2], chosen, "s_high", "produced")
        row[0].set(
            xscale="log",
            yscale="log",
            xlabel="time $s$",
            ylabel="rate (nats per unit $s$)",
            title=experiment,
        )
        row[1].axhline(chosen["dimension"].iloc[0] / 2, color=COLOURS["bound"], linestyle=":")
        row[1].set(xlabel=r"log-SNR $\lambda$", ylabel=r"rate (nats per unit $\lambda$)")
        row[2].set(xlabel="time $s$", ylabel=r"$S_\mathrm{NN}$ produced (nats)", xlim=(0, 1))
        for axis, at in zip(row[:3], (TAU, lam_split, TAU), strict=True):
            mark_split(axis, at)
        for axis in row[1:3]:
            axis.set_ylim(bottom=0)
        cut = chosen["lam_high"].max()
        row[2].text(
            0.95,
            0.08,
            rf"$\lambda \leq {cut:.1f}$",
            transform=row[2].transAxes,
            ha="right",
            fontsize="small",
        )
        _information(
            row[3],
            estimates[
                (estimates["experiment"] == experiment)
                & (estimates["group"] == "mutual_information")
            ],
        )
    curves, _ = axes[0, 0].get_legend_handles_labels()
    figure.legend(handles=[*curves, split_handle()], loc="outside upper center", ncols=3)
    save(figure, out)
