"""Fig. 5: t-SNE of both codes at one splitting time, and their I(Z;Y) against it."""

import matplotlib.pyplot as plt
import pandas as pd

from diffinfo.figures.codes import LATENTS, cloud, information_against_tau
from diffinfo.figures.style import PAGE, save, use_style
from diffinfo.files import read_arrays


def draw(inputs, out) -> None:
    """inputs: the codes table of a sweep over tau (Fig. 18's; its first data set is shown), and a
    file of the tsne stage.
    """
    table, points = pd.read_csv(inputs[0]), read_arrays(inputs[1])
    use_style()
    figure, axes = plt.subplot_mosaic(
        [["semantic", "information"], ["perceptual", "information"]], figsize=(PAGE, 3.4), layout="constrained",
        width_ratios=(2, 5),
    )  # fmt: skip
    for latent, (_, symbol) in LATENTS.items():
        cloud(axes[latent], points[latent], points["y"], symbol)
    information_against_tau(axes["information"], table[table["data"] == table["data"].iloc[0]])
    axes["information"].legend(fontsize="x-small", loc="center right", bbox_to_anchor=(1, 0.38))
    handles, labels = axes["semantic"].get_legend_handles_labels()
    figure.legend(
        handles, labels, loc="outside lower center", ncols=10, markerscale=2, fontsize="x-small"
    )
    save(figure, out)
