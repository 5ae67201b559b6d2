"""Fig. 13, narrow directions: entropies and information against their width.

Entropies (left) and estimates of I(X;Y) (right), in nats, against lambda_delta, the width of x in
its narrow directions. Bars are 95 % intervals; dashed lines are closed forms.
"""

import matplotlib.pyplot as plt
import pandas as pd

from diffinfo.figures.style import COLOURS, EXACT, PAGE, save, use_style

PANELS = (
    (
        r"entropy (nats)",
        (("s_nn", r"$S^X$", "unconditional"), ("s_nn_conditional", r"$S^{X|Y}$", "conditional")),
    ),
    (
        r"$I(X;Y)$ (nats)",
        (
            ("squared_difference", "squared difference", "bound"),
            ("aligned_difference", "aligned difference", "conditional"),
            ("loss_difference", "loss difference", "information"),
        ),
    ),
)


def draw(inputs, out) -> None:
    """inputs: the table of cases of one sweep over lambda_delta."""
    table = pd.read_csv(inputs[0]).sort_values("lambda_delta")
    use_style()
    figure, axes = plt.subplots(1, 2, figsize=(PAGE, 2.5), layout="constrained")
    for axis, (label, curves) in zip(axes, PANELS, strict=True):
        for quantity, name, colour in curves:
            rows = table[table["quantity"] == quantity]
            error = rows["half_width"]
            axis.errorbar(
                rows["lambda_delta"],
                rows["value"],
                yerr=error,
                fmt="o-",
                markersize=3,
                color=COLOURS[colour],
                label=name,
            )
            axis.plot(rows["lambda_delta"], rows["exact"], **EXACT)
        axis.plot([], [], color="black", linestyle="--", linewidth=0.8, label="exact")
        axis.set(xscale="log", xlabel=r"$\lambda_\delta$", ylabel=label)
        axis.set_ylim(bottom=min(0, axis.get_ylim()[0]))
        axis.legend()
    save(figure, out)
