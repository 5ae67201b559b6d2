"""Fig. 10, information under guidance: exactly, every unit of weight adds about the same.

I(X;Y) in nats against the guidance weight w, by dimension of y. The solid lines are exact, and grow
by about the same with every unit of weight. What saturates is the information up to a log-SNR
cut-off (dotted), which is what a network sees (points); in canonical coordinates and with a far
cut-off (hollow squares) a network goes on growing, though ever more slowly than the exact line. The
dashed lines are exact without guidance. Bars are 95 % intervals over held-out examples, and over
trainings where the table has several seeds.
"""

import matplotlib.pyplot as plt
import pandas as pd

from diffinfo.figures.guidance import draw_information
from diffinfo.figures.style import COLUMN, save, use_style


def draw(inputs, out) -> None:
    """inputs: the table of cases of the guidance sweeps."""
    use_style()
    figure, axis = plt.subplots(figsize=(1.3 * COLUMN, COLUMN), layout="constrained")
    draw_information(axis, pd.read_csv(inputs[0]))
    save(figure, out)
