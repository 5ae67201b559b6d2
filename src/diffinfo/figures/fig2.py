"""Fig. 2, guidance: samples and the information that they hold.

Left: the samples of Fig. 8, at three weights w of guidance. Right: the information of Fig. 10, in
nats, against w; bars are 95 % intervals over held-out examples, and over trainings where the table
has several seeds.
"""

import matplotlib.pyplot as plt
import pandas as pd

from diffinfo.figures.guidance import draw_information, draw_samples
from diffinfo.figures.style import PAGE, save, use_style


def draw(inputs, out) -> None:
    """inputs: the table of cases of the guidance sweeps, and the table of Fig. 8."""
    use_style()
    figure = plt.figure(figsize=(PAGE, 3.4), layout="constrained")
    left, right = figure.subfigures(1, 2, width_ratios=[1, 2.1])
    axes = left.subplots(3, 1, sharex=True)
    draw_samples(axes, pd.read_csv(inputs[1]))
    for axis in axes:
        axis.set_ylabel("$y$")
    for axis in axes[:-1]:
        axis.set_xlabel("")
    draw_information(right.subplots(), pd.read_csv(inputs[0]))
    save(figure, out)
