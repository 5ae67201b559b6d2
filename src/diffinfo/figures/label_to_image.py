"""From label to image in two stages, beside classifier-free guidance.

Two-stage generation (label, code, image) beside classifier-free guidance at the same weights w:
samples at the last weight, the share that a classifier gives the right label, and how much images
of a class vary, relative to held-out ones. Bars are 95 % intervals over images (left) and over
classes (right); dashed lines are held-out images.
"""

import matplotlib.pyplot as plt
import numpy as np

from diffinfo.figures.samples import montage
from diffinfo.figures.style import COLOURS, EXACT, PAGE, save, use_style
from diffinfo.files import read_arrays

SHOWN = 6  # pictures of each class
KINDS = {
    "two_stages": ("label, code, image", COLOURS["information"], "o-"),
    "guided": ("classifier-free guidance", COLOURS["conditional"], "s--"),
}


def draw(inputs, out) -> None:
    """inputs: one file of the two_stages stage."""
    a = read_arrays(inputs[0])
    use_style()
    weights, classes = a["guidance"], len(np.unique(a["y"]))
    figure, axes = plt.subplots(
        1, 4, figsize=(PAGE, 2.9), layout="constrained", width_ratios=(2, 2, 3, 3)
    )
    shown = np.concatenate([np.flatnonzero(a["y"] == label)[:SHOWN] for label in np.unique(a["y"])])
    for axis, (name, (label, _, _)) in zip(axes[:2], KINDS.items(), strict=True):
        pictures = montage(a[name][-1][shown], classes)
        axis.imshow(pictures, cmap="gray", vmin=0, vmax=255, interpolation="nearest")
        axis.set_title(f"{label}\n$w = {weights[-1]:g}$", fontsize="small")
        axis.set_axis_off()
    for name, (label, colour, form) in KINDS.items():
        right, spread = a[f"{name}_right"].astype(float), a[f"{name}_spread"] / a["real_spread"]
        for axis, values in ((axes[2], right), (axes[3], spread)):
            error = 2 * values.std(1, ddof=1) / np.sqrt(values.shape[1])
            axis.errorbar(
                weights,
                values.mean(1),
                yerr=error,
                fmt=form,
                markersize=3.5,
                color=colour,
                label=label,
            )
    axes[2].axhline(a["real_right"].mean(), **EXACT)
    axes[3].axhline(1, **EXACT)
    axes[2].set(xlabel="guidance weight $w$", ylabel="share of right labels", ylim=(None, 1.02))
    axes[3].set(xlabel="guidance weight $w$", ylabel="class variance / real", ylim=(0, None))
    handles, labels = axes[2].get_legend_handles_labels()
    figure.legend(
        handles, labels, loc="outside lower center", ncols=2, title="dashed black: held-out images"
    )
    save(figure, out)
