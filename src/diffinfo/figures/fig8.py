"""Fig. 8, guided samples: the larger the weight, the tighter and the more tilted.

Samples of a guided pair of Gaussians in one dimension each, at three weights w, with the exact law
of each: the regression of x on y (solid) and two conditional standard deviations to either side
(dashed). I is in nats.
"""

import matplotlib.pyplot as plt
import pandas as pd

from diffinfo.figures.guidance import draw_samples
from diffinfo.figures.style import PAGE, save, use_style


def draw(inputs, out) -> None:
    """inputs: the table of this illustration."""
    use_style()
    figure, axes = plt.subplots(1, 3, figsize=(PAGE, 2.3), layout="constrained", sharey=True)
    draw_samples(axes, pd.read_csv(inputs[0]))
    save(figure, out)
