"""Fig. 9, effective size: as x loses its extent, S_NN grows and I is a vanishing share.

Neural entropy, mutual information (both in nats) and their ratio as x loses its extent in most
directions. The effective size is the determinant of the covariance of x to the power 1 / (2 D_X).
Bars are 95 % intervals over held-out examples, and over trainings where the table has several
seeds; dashed lines are closed forms. The axis of the ratio is linear about zero, since the thinnest
sheet may be measured below it.
"""

import matplotlib.pyplot as plt
import numpy as np

from diffinfo.figures.profiles import read_cases
from diffinfo.figures.style import COLOURS, EXACT, PAGE, save, use_style


def draw(inputs, out) -> None:
    """inputs: the table of cases of one sweep over lambda_delta."""
    table = read_cases(inputs[0]).sort_values("effective_size")
    s_nn, information = (table[table["quantity"] == name] for name in ("s_nn", "loss_difference"))
    size = s_nn["effective_size"].to_numpy()
    use_style()
    figure, axes = plt.subplots(1, 3, figsize=(PAGE, 2.2), layout="constrained")
    for axis, rows, exact, colour, label in (
        (axes[0], s_nn, s_nn["exact"], "unconditional", r"$S_\mathrm{NN}^X$ (nats)"),
        (axes[1], information, information["exact"], "information", r"$I(X;Y)$ (nats)"),
    ):
        axis.errorbar(
            size,
            rows["value"],
            yerr=rows["half_width"],
            fmt="o-",
            markersize=3,
            color=COLOURS[colour],
        )
        axis.plot(size, exact, **EXACT)
        axis.set(ylabel=label, ylim=(min(0, axis.get_ylim()[0]), None))
    ratio = information["value"].to_numpy() / s_nn["value"].to_numpy()
    # The error of S is much smaller.
    error = information["half_width"].to_numpy() / s_nn["value"].to_numpy()
    axes[2].errorbar(
        size,
        ratio,
        yerr=error,
        fmt="o-",
        markersize=3,
        color=COLOURS["conditional"],
        label="network",
    )
    exact = information["exact"].to_numpy() / s_nn["exact"].to_numpy()
    axes[2].plot(size, exact, **EXACT, label="exact")
    axes[2].axhline(0, color="black", linewidth=0.5)
    axes[2].set_yscale("symlog", linthresh=10.0 ** np.floor(np.log10(exact.min())))
    axes[2].set_ylim(min(0.0, (ratio - error).min()), 3 * exact.max())
    axes[2].set(ylabel=r"$I(X;Y) / S_\mathrm{NN}^X$")
    axes[2].legend()
    for axis in axes:
        axis.set(xscale="log", xlabel=r"effective size $R_\mathrm{eff}$")
    save(figure, out)
