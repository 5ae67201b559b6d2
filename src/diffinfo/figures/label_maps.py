"""Where in single images, and at which noise level, information on their labels sits.

Maps of how much less the denoising error is with the label than without, per pixel and integrated
over a range of log-SNR lambda, for single test images. Colours are nats per pixel, on one scale for
all images of a data set in one range, whose ends stand above; the number in a map is its sum over
the picture, in nats. For exact fields the numbers of an image add up to log p(y|x) / p(y), so
single ones may be negative.
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
        # One scale for all ranges would leave those of much noise blank.
        ends = np.abs(a["maps"][:IMAGES]).max((0, 2, 3))
        for band, axis in enumerate(axes_row[1 : 1 + len(maps)]):
            axis.imshow(maps[band], cmap="RdBu_r", vmin=-ends[band], vmax=ends[band])
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
                axis.set_title(
                    rf"${low:.0f} < \lambda < {high:.0f}$" + f"\n±{ends[band]:.2g}",
                    fontsize="small",
                )
    figure.supxlabel(
        "nats per pixel (darkest colours: ± the number above), and in the whole picture (number)",
        fontsize="small",
    )
    save(figure, out)
