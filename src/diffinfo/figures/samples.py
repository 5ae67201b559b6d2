"""Generated images beside real ones, one column of panels per way of making them, one row per
class.
"""

from collections.abc import Sequence
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np

from diffinfo.figures.style import PAGE, save, use_style
from diffinfo.files import read_arrays


def montage(images: np.ndarray, y: np.ndarray | None, rows: int) -> np.ndarray:
    """`(N, H, W, C)` -> one picture with `rows` rows, sorted by label where given, a white line
    between images.
    """
    order = np.argsort(y, kind="stable") if y is not None else np.arange(len(images))
    columns = len(images) // rows
    tiles = images[order][: rows * columns]
    tiles = np.pad(tiles, ((0, 0), (0, 1), (0, 1), (0, 0)), constant_values=255)
    _, h, w, c = tiles.shape
    picture = tiles.reshape(rows, columns, h, w, c).swapaxes(1, 2).reshape(rows * h, columns * w, c)
    return picture[..., 0] if c == 1 else picture


def draw(inputs: Sequence[str | Path], out: str | Path) -> None:
    """inputs: one samples file per data set (`stages/sample.py`)."""
    use_style()
    arrays = [read_arrays(path) for path in inputs]
    panels = 2 + max(len(a["guidance"]) for a in arrays)
    figure, axes = plt.subplots(
        len(arrays),
        panels,
        figsize=(PAGE, 2.3 * len(arrays) + 0.2),
        squeeze=False,
        layout="constrained",
    )
    for row, a in zip(axes, arrays, strict=True):
        classes = len(np.unique(a["y"]))
        pictures = [
            ("held-out images", a["real"], a["y"]),
            ("unconditional", a["unconditional"], None),
        ]
        pictures += [
            (f"given $y$, $w = {w:g}$", images, a["y"])
            for w, images in zip(a["guidance"], a["conditional"], strict=True)
        ]
        for axis in row:
            axis.set_axis_off()
        for axis, (title, images, y) in zip(row, pictures, strict=False):
            axis.imshow(
                montage(images, y, classes), cmap="gray", vmin=0, vmax=255, interpolation="nearest"
            )
            axis.set_title(title)
    save(figure, out)
