"""What figures of codes share: points coloured by class, and curves against the splitting time."""

import matplotlib.pyplot as plt
import pandas as pd
import seaborn as sns

from diffinfo.figures.style import COLOURS

LATENTS = {
    "semantic": (COLOURS["unconditional"], r"$z_\mathrm{sem}$"),
    "perceptual": (COLOURS["conditional"], r"$z_\mathrm{per}$"),
}

# Of a legend beneath the label of an axis, where no curve can lie.
BELOW = {"loc": "upper center", "bbox_to_anchor": (0.5, -0.22), "ncols": 2, "fontsize": "x-small"}


def cloud(axis: plt.Axes, points, y, title: str) -> None:
    """Draw points `(N, 2)` in a colour for each label `(N,)`; a legend gets at most ten classes."""
    labels = sorted(set(y.tolist()))
    few = len(labels) <= 10
    colours = sns.color_palette("colorblind" if few else "cividis", len(labels))
    for i, (label, colour) in enumerate(zip(labels, colours, strict=True)):
        chosen = points[y == label]
        axis.scatter(
            *chosen.T,
            s=6,
            color=colour,
            marker="o^svD"[i % 5],  # neighbours in the palette differ in shape, too
            linewidth=0,
            label=str(label) if few else None,
        )
    axis.set(title=title, xticks=[], yticks=[])


def told(
    axis: plt.Axes, x, rows: pd.DataFrame, form: str, colour, label: str | None = None
) -> None:
    """Draw `value` of the rows at `x` with 95 % intervals, in a format such as "o-".

    Points are hollow where the decoder does without the codes (`collapsed`).
    """
    look = {"markersize": 3.5, "color": colour}
    axis.errorbar(
        x, rows["value"], yerr=rows["half_width"], fmt=form, linewidth=1.0, label=label, **look
    )
    gone = rows["collapsed"].fillna(0) > 0.5
    look["markerfacecolor"] = "white"
    axis.plot(x[gone], rows["value"][gone], form[0], zorder=4, **look)


def against_tau(axis: plt.Axes, table: pd.DataFrame, curves) -> None:
    """Draw curves `(quantity, format, name)` of both latents, with 95 % intervals.

    Points are hollow where the decoder does without the codes.
    """
    for latent, (colour, symbol) in LATENTS.items():
        for quantity, form, name in curves:
            rows = table[(table["latent"] == latent) & (table["quantity"] == quantity)].sort_values(
                "tau"
            )
            told(axis, rows["tau"], rows, form, colour, f"{symbol}, {name}")
    axis.set_xlabel(r"splitting time $\tau / T$")


def information_against_tau(axis: plt.Axes, table: pd.DataFrame) -> None:
    """Draw I(Z;Y) of both latents, by fields and by a plain classifier, beside H(Y).

    The band is the 95 % interval of where the two latents cross.
    """
    against_tau(
        axis,
        table,
        (("classification_bound", "o-", "fields"), ("plain_classifier", "s:", "plain classifier")),
    )
    bound = table["upper_bound"].max()
    axis.axhline(bound, color=COLOURS["bound"], linestyle=":", linewidth=0.8)
    axis.text(
        table["tau"].min(), bound, r"$H(Y)$", color=COLOURS["bound"], va="bottom", fontsize="small"
    )
    axis.set(ylim=(-0.05 * bound, 1.2 * bound), ylabel=r"$I(Z;Y)$ (nats)")
    crossing = table[
        (table["quantity"] == "crossing_tau_classification_bound") & table["value"].notna()
    ]
    for row in crossing.itertuples():
        low, high = row.value - row.half_width, row.value + row.half_width
        axis.axvspan(low, high, color="black", alpha=0.12, linewidth=0)
        text = rf"cross at {row.value:.3f} ± {row.half_width:.3f}"
        axis.text(
            0.98,
            1.1 * bound,
            text,
            transform=axis.get_yaxis_transform(),
            fontsize="x-small",
            va="center",
            ha="right",
        )
