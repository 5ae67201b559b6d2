"""Fig. 5, what codes tell of the label: t-SNE at one splitting time, I(Z;Y) at all.

Left: t-SNE of the semantic and the perceptual codes of a split diffusion autoencoder, for held-out
images, coloured by class. Right: I(Z;Y) of both codes in nats against the splitting time tau; bars
are 95 % intervals, and hollow points are codes that the decoder does without. The dotted line is
H(Y); the shaded band is the 95 % interval of where the two curves cross.
"""

import matplotlib.pyplot as plt
import pandas as pd

from diffinfo.figures.codes import LATENTS, cloud, information_against_tau
from diffinfo.figures.style import PAGE, save, use_style
from diffinfo.files import read_arrays


def draw(inputs, out) -> None:
    """inputs: the table of Fig. 18, whose first data set is shown, and a file of the tsne stage."""
    table, points = pd.read_csv(inputs[0]), read_arrays(inputs[1])
    use_style()
    figure, axes = plt.subplot_mosaic(
        [["semantic", "information"], ["perceptual", "information"]],
        figsize=(PAGE, 3.4),
        layout="constrained",
        width_ratios=(2, 5),
    )
    for latent, (_, symbol) in LATENTS.items():
        cloud(axes[latent], points[latent], points["y"], symbol)
    information_against_tau(axes["information"], table[table["data"] == table["data"].iloc[0]])
    axes["information"].legend(fontsize="x-small", loc="center right", bbox_to_anchor=(1, 0.38))
    handles, labels = axes["semantic"].get_legend_handles_labels()
    figure.legend(
        handles, labels, loc="outside lower center", ncols=10, markerscale=2, fontsize="x-small"
    )
    save(figure, out)
