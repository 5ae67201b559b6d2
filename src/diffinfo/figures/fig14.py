"""Fig. 14, reconstructions: images through autoencoders and back, and how sharp they are.

Held-out images through autoencoders with the same encoder and different decoders, and back. Titles
give the KL of the codes in nats, the squared error, and the power above half of the Nyquist
frequency as a fraction of that of the images: a decoder that draws details is sharper, yet pays in
squared error for those it draws in another place.
"""

import matplotlib.pyplot as plt
import numpy as np

from diffinfo.figures.style import PAGE, save, use_style
from diffinfo.files import read_arrays


def _strip(images: np.ndarray) -> np.ndarray:
    """Images `(N, H, W, C)` side by side, with a white line between them."""
    strip = np.concatenate(
        list(np.pad(images, ((0, 0), (0, 0), (0, 1), (0, 0)), constant_values=255)), axis=1
    )
    return strip[..., 0] if strip.shape[-1] == 1 else strip


def draw(inputs, out) -> None:
    """inputs: files of the reconstruct stage, of models of the same data."""
    arrays = [read_arrays(path) for path in inputs]
    use_style()
    figure, axes = plt.subplots(
        1 + len(arrays), 1, figsize=(PAGE, 0.95 * (1 + len(arrays))), layout="constrained"
    )
    axes[0].imshow(
        _strip(arrays[0]["images"]), cmap="gray", vmin=0, vmax=255, interpolation="nearest"
    )
    axes[0].set_title("held-out images", loc="left", fontsize="small")
    for axis, a in zip(axes[1:], arrays, strict=True):
        axis.imshow(
            _strip(a["reconstructions"]), cmap="gray", vmin=0, vmax=255, interpolation="nearest"
        )
        sharpness = a["reconstructions_power"].mean() / a["images_power"].mean()
        name = "diffusion decoder" if a["is_diffusion"] else "Gaussian decoder"
        error = a["squared_error"].mean()
        title = (
            f"{name}, codes of {a['kl'].item():.1f} nats: "
            f"power above half Nyquist {sharpness:.2f} of the images', squared error {error:.4f}"
        )
        axis.set_title(title, loc="left", fontsize="small")
    for axis in axes:
        axis.set_axis_off()
    save(figure, out)
