"""Do codes carry the label where it is? Split autoencoders of worlds in which it is known.

For every world of random fields (figure `separability`) and both codes, I(Z;Y) in nats: of z_sem,
which the decoder has at noise of s >= tau, and of z_per, which it has before. Bars: the
classification bound with 95 % intervals. Black lines: what images hold about the label at such
noise, I(X_tau;Y) and I(X;Y|X_tau), which is what the codes are of use for.
"""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from diffinfo.figures.style import COLOURS, PAGE, save, use_style

CODES = {
    "semantic": (r"$z_\mathrm{sem}$", COLOURS["unconditional"]),
    "perceptual": (r"$z_\mathrm{per}$", COLOURS["conditional"]),
}


def draw(inputs, out) -> None:
    """inputs: the table of codes of worlds."""
    table = pd.read_csv(inputs[0])
    table = table[table["quantity"] == "classification_bound"]
    taus, worlds = sorted(table["tau"].unique()), list(table["world"].unique())
    use_style()
    figure, axes = plt.subplots(
        1, len(taus), figsize=(0.6 * PAGE, 2.5), layout="constrained", sharey=True, squeeze=False
    )
    for axis, tau in zip(axes[0], taus, strict=True):
        for shift, (latent, (label, colour)) in zip((-0.2, 0.2), CODES.items(), strict=True):
            rows = table[(table["tau"] == tau) & (table["latent"] == latent)]
            at = np.array([worlds.index(world) for world in rows["world"]]) + shift
            bars = {"yerr": rows["half_width"], "color": colour, "capsize": 2, "label": label}
            axis.bar(at, rows["value"], 0.36, **bars)
            axis.hlines(rows["exact"], at - 0.19, at + 0.19, color="black", linewidth=1.5)
        axis.set_xticks(range(len(worlds)), worlds, fontsize="small")
        axis.set_title(rf"$\tau = {tau:g}\,T$", fontsize="small")
    axes[0, 0].set_ylabel("$I(Z;Y)$ (nats)")
    handles, labels = axes[0, -1].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside right center", fontsize="x-small")
    save(figure, out)
