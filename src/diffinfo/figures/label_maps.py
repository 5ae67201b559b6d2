"""Where in single images, and at which noise level, information on their labels sits.

Maps of how much less the denoising error is with the label than without, per pixel and integrated
over a range of log-SNR lambda, for single test images. Colours are nats per pixel, on one scale for
all images of a data set; the number in a map is its sum over the picture, in nats. For exact fields
the numbers of an image add up to log p(y|x) / p(y), so single ones may be negative.
"""

import matplotlib.pyplot as plt
import numpy as np

from diffinfo.figures.style import PAGE, save, use_style
from diffinfo.files import read_arrays

IMAGES = 5  # of each data set


def draw(inputs, out) -> None:
    """inputs: a file of the maps stage for each data set.

    Each row is an image, then its maps, one for each range of log-SNR.
    """
    use_style()
    arrays = [read_arrays(path) for path in inputs]
    rows = [(a, i) for a in arrays for i in range(min(IMAGES, len(a["images"])))]
    columns = 1 + max(len(a["edges"]) - 1 for a in arrays)
    figure, axes = plt.subplots(
        len(rows),
        columns,
        figsize=(PAGE, PAGE / columns * len(rows) + 0.5),
        squeeze=False,
        layout="constrained",
    )
    for axis in axes.flat:
        axis.set_axis_off()
    for axes_row, (a, i) in zip(axes, rows, strict=True):
        image, maps = a["images"][i], a["maps"][i]
        axes_row[0].imshow(
            image[..., 0] if image.shape[-1] == 1 else image, cmap="gray", vmin=0, vmax=255
        )
        most = np.abs(a["maps"][:IMAGES]).max()
        for band, axis in enumerate(axes_row[1 : 1 + len(maps)]):
            drawn = axis.imshow(maps[band], cmap="RdBu_r", vmin=-most, vmax=most)
            axis.text(
                0.97,
                0.03,
                f"{maps[band].sum():.2f}",
                transform=axis.transAxes,
                color="black",
                ha="right",
                fontsize="small",
            )
            if i == 0:
                low, high = a["edges"][band : band + 2]
                axis.set_title(rf"${low:.0f} < \lambda < {high:.0f}$", fontsize="small")
        bar = figure.colorbar(drawn, ax=axes_row[-1], fraction=0.06, pad=0.03)
        bar.ax.tick_params(labelsize="x-small")
        bar.set_ticks([-most, 0, most], labels=[f"{tick:.1g}" for tick in (-most, 0, most)])
    figure.supxlabel("nats per pixel (colour), and in the whole picture (number)", fontsize="small")
    save(figure, out)
