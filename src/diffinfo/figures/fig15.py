"""Fig. 15, codes of two dimensions: the same encoder with different decoders.

Codes of held-out images, coloured by class. Titles give I(Z;Y) in nats by the classification bound,
with half its 95 % interval, and how often ten nearest neighbours tell the class.
"""

import matplotlib.pyplot as plt
import pandas as pd

from diffinfo.figures.codes import cloud
from diffinfo.figures.style import PAGE, save, use_style
from diffinfo.files import read_arrays


def draw(inputs, out) -> None:
    """inputs: the table of codes, then a file of codes for each experiment in it."""
    table = pd.read_csv(inputs[0])
    experiments = list(dict.fromkeys(table["experiment"]))
    use_style()
    figure, axes = plt.subplots(
        1, len(experiments), figsize=(PAGE, 3.5), squeeze=False, layout="constrained"
    )
    for axis, experiment, path in zip(axes.flat, experiments, inputs[1:], strict=True):
        codes = read_arrays(path)
        rows = table[table["experiment"] == experiment].set_index("quantity")
        bound, near = rows.loc["classification_bound"], rows.loc["neighbour_accuracy"]
        title = (
            f"{experiment}: $I(Z;Y)$ = {bound['value']:.2f} ± {bound['half_width']:.2f} nats\n"
            f"10 nearest neighbours right: {100 * near['value']:.0f} %"
        )
        cloud(axis, codes["semantic_test_mean"], codes["y_test"], title)
        axis.set(xlabel="$z_1$", ylabel="$z_2$")
    handles, labels = axes[0, 0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside right center", title="class", markerscale=2)
    save(figure, out)
