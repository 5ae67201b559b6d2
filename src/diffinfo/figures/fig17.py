"""Fig. 17, codes of split autoencoders: t-SNE of semantic and of perceptual ones.

Codes of held-out images, coloured by class, with a fixed seed and at most 1,000 codes. Each row is
one autoencoder.
"""

import matplotlib.pyplot as plt

from diffinfo.figures.codes import LATENTS, cloud
from diffinfo.figures.style import PAGE, save, use_style
from diffinfo.files import read_arrays


def draw(inputs, out) -> None:
    """inputs: a file of the tsne stage for each row."""
    use_style()
    figure, axes = plt.subplots(
        len(inputs), 2, figsize=(PAGE, 3.1 * len(inputs)), squeeze=False, layout="constrained"
    )
    for row, path in zip(axes, inputs, strict=True):
        points = read_arrays(path)
        for axis, (latent, (_, symbol)) in zip(row, LATENTS.items(), strict=True):
            cloud(
                axis,
                points[latent],
                points["y"],
                f"{symbol}, t-SNE of {len(points['y'])} held-out codes",
            )
    handles, labels = axes[0, 0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside right center", title="class", markerscale=2)
    save(figure, out)
