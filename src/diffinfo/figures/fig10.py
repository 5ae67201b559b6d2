"""Fig. 10: information under guidance. Exactly, every unit of w adds about the same; up to a
cut-off it saturates.
"""

import matplotlib.pyplot as plt
import pandas as pd

from diffinfo.figures.guidance import draw_information
from diffinfo.figures.style import COLUMN, save, use_style


def draw(inputs, out) -> None:
    """inputs: the cases table of the guidance sweeps."""
    use_style()
    figure, axis = plt.subplots(figsize=(1.3 * COLUMN, COLUMN), layout="constrained")
    draw_information(axis, pd.read_csv(inputs[0]))
    save(figure, out)
