"""Fig. 16: entropy profiles of image models, conditional and unconditional, and I(X;Y) against its
bound H(Y).
"""

from collections.abc import Sequence
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from diffinfo.figures.gaussian import read_profiles
from diffinfo.figures.style import COLOURS, OTHERS, PAGE, band, save, use_style

SPLIT_TIME = 0.1  # tau / T, where the paper divides perceptual from semantic
FIELDS = (
    ("s_nn", r"unconditional $S_\mathrm{NN}^{X}$", COLOURS["unconditional"], "-"),
    ("s_nn_conditional", r"conditional $S_\mathrm{NN}^{X|Y}$", COLOURS["conditional"], "--"),
)
ESTIMATORS = (
    "squared_difference",
    "entropy_difference",
    "loss_difference",
    "calibrated",
    "classification_bound",
)


def _profile(axis: plt.Axes, table: pd.DataFrame, x: str, y: str) -> None:
    for quantity, label, colour, style in FIELDS:
        rows = table[table["quantity"] == quantity].sort_values(x)
        band(axis, rows[x], rows[y], rows[f"{y}_se"], color=colour, linestyle=style, label=label)


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
            xerr=2 * row.standard_error,
            fmt="o",
            markersize=4,
            capsize=2,
            color=colour,
        )
    bound = values["upper_bound"].iloc[0]
    if np.isfinite(bound):  # real conditions have none
        axis.axvline(bound, color=COLOURS["bound"], linestyle=":")
        axis.text(bound, -0.55, r"$H(Y)$", color=COLOURS["bound"], ha="center", va="bottom")
    axis.set_yticks(position, [name.replace("_", "\n") for name in values.index])
    axis.set_ylim(len(values) - 0.5, -0.5)
    axis.set_xlim(left=0)
    axis.set_xlabel(r"$I(X;Y)$ (nats)")


def draw(inputs: Sequence[str | Path], out: str | Path) -> None:
    """inputs: the profiles table and the estimates table. One row of panels per data set."""
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
        split = np.interp(
            SPLIT_TIME,
            *chosen[chosen["quantity"] == "s_nn"]
            .sort_values("s_mid")[["s_mid", "lam_mid"]]
            .to_numpy()
            .T,
        )
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
        row[1].set(xlabel=r"log-SNR $\lambda$", ylabel="rate (nats per nat)")
        row[2].set(xlabel="time $s$", ylabel=r"$S_\mathrm{NN}$ produced (nats)", xlim=(0, 1))
        for axis, at in zip(row[:3], (SPLIT_TIME, split, SPLIT_TIME), strict=True):
            axis.axvline(at, color=COLOURS["bound"], linestyle="--", linewidth=0.8)
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
    handles, labels = axes[0, 0].get_legend_handles_labels()
    handles.append(plt.Line2D([], [], color=COLOURS["bound"], linestyle="--", linewidth=0.8))
    figure.legend(
        handles, [*labels, r"split at $\tau = 0.1\,T$"], loc="outside upper center", ncols=3
    )
    save(figure, out)
