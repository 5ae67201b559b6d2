"""Fig. 21: total correlation, measured, and bits per dimension beside those of other models."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from diffinfo.figures.style import COLOURS, OTHERS, PAGE, save, use_style


def draw(inputs, out) -> None:
    """inputs: the likelihood table. Left: what total entropy is made of. Right: bits per dimension."""
    table = pd.read_csv(inputs[0])
    ours = table[table["kind"] == "measured"].set_index(["experiment", "quantity"])
    experiments = list(dict.fromkeys(table.loc[table["kind"] == "measured", "experiment"]))
    use_style()
    figure, (entropy, bits) = plt.subplots(
        1, 2, figsize=(PAGE, 0.42 * len(table["data"].unique()) + 2.4), layout="constrained", width_ratios=(2, 3)
    )
    at = np.arange(len(experiments))
    parts = {
        name: np.array([ours.loc[(e, name), "per_dimension"] for e in experiments])
        for name in ("pixel_entropy", "total_correlation")
    }
    errors = np.array([ours.loc[(e, "total_entropy"), "per_dimension_se"] for e in experiments])
    entropy.barh(at, parts["pixel_entropy"], color=OTHERS[2], label=r"single pixels, $\sum_k D_\mathrm{KL}(p(x_k) \| N)$")
    entropy.barh(
        at, parts["total_correlation"], left=parts["pixel_entropy"], xerr=2 * errors, color=COLOURS["information"],
        label=r"between pixels, $\mathrm{TC}(X)$", capsize=2, error_kw={"linewidth": 0.8},
    )  # fmt: skip
    entropy.set_yticks(at, experiments)
    entropy.set(xlabel=r"$S_\mathrm{tot}$ (nats per dimension)", ylim=(len(at) - 0.4, -0.6))
    rows, position, ticks = [], 0.0, []
    for data in dict.fromkeys(table["data"]):
        for row in table[(table["data"] == data) & table["bits_per_dimension"].notna()].itertuples():
            rows.append((position, row))
            ticks.append((position, row.model))
            position += 1
        bits.text(0.01, position - 0.35, data, transform=bits.get_yaxis_transform(), fontsize="small", va="center")
        position += 1.0
    for y, row in rows:
        mine = row.kind == "measured"
        colour = COLOURS["information"] if mine and row.quantity == "bits_per_dimension" else OTHERS[2]
        bits.errorbar(
            row.bits_per_dimension, y, xerr=2 * row.bits_per_dimension_se if mine else None, fmt="o" if mine else "s",
            markersize=3.5, capsize=2, color=colour,
        )  # fmt: skip
        bits.text(row.bits_per_dimension, y, f"  {row.bits_per_dimension:.2f}", va="center", fontsize="x-small")
    bits.set_yticks(*zip(*ticks, strict=True), fontsize="x-small")
    bits.set(xlabel="bits per dimension (held out)", ylim=(position - 0.5, -0.8), xlim=(0, None))
    bits.margins(x=0.12)
    figure.legend(*entropy.get_legend_handles_labels(), loc="outside upper center", ncols=2)
    save(figure, out)
