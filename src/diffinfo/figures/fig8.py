"""Fig. 8: guided samples of a Gaussian pair in one dimension each; the larger w, the tighter and
the more tilted.
"""

import matplotlib.pyplot as plt
import pandas as pd

from diffinfo.figures.guidance import draw_samples
from diffinfo.figures.style import PAGE, save, use_style


def draw(inputs, out) -> None:
    """inputs: the illustration's table."""
    use_style()
    figure, axes = plt.subplots(1, 3, figsize=(PAGE, 2.3), layout="constrained", sharey=True)
    draw_samples(axes, pd.read_csv(inputs[0]))
    save(figure, out)
