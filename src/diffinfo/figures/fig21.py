"""Fig. 21, total correlation, and bits per dimension beside those of other models.

Left: the total entropy up to the largest log-SNR (in nats per dimension), split into that of single
pixels and total correlation. The first two grow with that log-SNR, by half a nat for each unit. The
total correlation is a lower bound: what the network has not learnt is missing. Middle: total
correlation of images under Gaussian noise, by how much the network's denoising losses are below
those of independent pixels. The upper axis has the noise's standard deviation in grey levels, that
is, the width up to which pixels are blurred. Right: bits per dimension, upper bounds, beside
independent pixels and published models (squares). Images are held out, and bars and bands are 95 %
intervals.
"""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from diffinfo.figures.profiles import read_profiles
from diffinfo.figures.style import COLOURS, OTHERS, PAGE, band, save, use_style

PARTS = {
    "pixel_entropy": (r"single pixels, $\sum_k D_\mathrm{KL}(p(x_k) \| N)$", OTHERS[2]),
    "total_correlation": (r"between pixels, $\mathrm{TC}(X)$", COLOURS["information"]),
    "total_entropy": (r"both, $S_\mathrm{tot}$", OTHERS[0]),
}


def draw(inputs, out) -> None:
    """inputs: the table of likelihoods, and that of profiles."""
    table, profiles = pd.read_csv(inputs[0]), read_profiles(inputs[1])
    ours = table[table["kind"] == "measured"].set_index(["experiment", "quantity"])
    experiments = list(dict.fromkeys(table.loc[table["kind"] == "measured", "experiment"]))
    known = table[table["bits_per_dimension"].notna()]
    rows = []  # pairs of a label and a row of the table, or None for a heading
    for data in dict.fromkeys(known["data"]):
        rows.append((data, None))
        rows += [
            (f"{row.model}  ", row)
            for row in known[known["data"] == data].sort_values("bits_per_dimension").itertuples()
        ]
    use_style()
    height = max(0.16 * len(rows), 0.6 * len(experiments), 1) + 1.3
    figure, (entropy, where, bits) = plt.subplots(
        1, 3, figsize=(PAGE, height), layout="constrained", width_ratios=(2, 2, 3)
    )
    for experiment, colour in zip(experiments, [COLOURS["information"], *OTHERS], strict=False):
        curve = profiles[
            (profiles["experiment"] == experiment) & (profiles["quantity"] == "total_correlation")
        ].sort_values("lam_mid")
        if curve.empty:  # fig16 does not show it
            continue
        name = f"{experiment}: {curve['remaining'].iloc[-1]:.1f} nats"
        per = curve["dimension"].iloc[0]
        amount, error = curve["remaining"] / per, curve["remaining_half"] / per
        band(where, curve["lam_high"], amount, error, color=colour, label=name)
    where.axhline(0, color="black", linewidth=0.6)
    where.set(xlabel=r"log-SNR $\lambda$", ylabel=r"$\mathrm{TC}(X_\lambda)$ per dimension")
    where.margins(y=0.1 + 0.12 * len(experiments))
    levels = [100, 10, 1, 0.1]
    grey = where.secondary_xaxis("top")
    grey.set_xticks([2 * np.log(255 / level) for level in levels], [f"{v:g}" for v in levels])
    grey.set_xlabel("noise (grey levels)", fontsize="small")
    where.legend(loc="upper left", fontsize="x-small", frameon=False)
    at = np.arange(len(experiments))
    for i, (name, (label, colour)) in enumerate(PARTS.items()):
        part = ours.loc[[(experiment, name) for experiment in experiments]]
        entropy.barh(
            at + 0.26 * (i - 1),
            part["per_dimension"],
            0.24,
            xerr=part["per_dimension_half"],
            color=colour,
            label=label,
            capsize=2,
            error_kw={"linewidth": 0.8},
        )
    entropy.axvline(0, color="black", linewidth=0.6)
    entropy.set_yticks(at, experiments)
    entropy.set(xlabel="nats per dimension", ylim=(len(at) - 0.5, -0.5))
    for y, (_, row) in enumerate(rows):
        if row is None:
            continue
        measured = row.kind == "measured"
        error = row.bits_per_dimension_half if measured else None
        colour = (
            COLOURS["information"]
            if measured and row.quantity == "bits_per_dimension"
            else OTHERS[2]
        )
        marker = {"fmt": "o" if measured else "s", "markersize": 3.5, "capsize": 2, "color": colour}
        bits.errorbar(row.bits_per_dimension, y, xerr=error, **marker)
        bits.annotate(
            f"{row.bits_per_dimension:.2f}",
            (row.bits_per_dimension, y),
            (6, 0),
            textcoords="offset points",
            va="center",
            fontsize="x-small",
        )
    bits.set_yticks(range(len(rows)), [label for label, _ in rows], fontsize="x-small")
    for label, (_, row) in zip(bits.get_yticklabels(), rows, strict=True):
        label.set_weight("bold" if row is None else "normal")
    bits.tick_params(axis="y", length=0)
    top = 1.15 * known["bits_per_dimension"].max()
    bits.set(xlabel="bits per dimension (held out)", ylim=(len(rows) - 0.5, -0.5), xlim=(0, top))
    figure.legend(*entropy.get_legend_handles_labels(), loc="outside upper center", ncols=3)
    save(figure, out)
