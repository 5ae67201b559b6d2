"""Fig. 13, narrow directions: entropies and information against their width.

Entropies (left) and estimates of I(X;Y) (middle), in nats, against lambda_delta, the width of x in
its narrow directions; hollow squares are networks that see canonical coordinates, where an
untrained network is the fitted Gaussian. Right: errors of I(X;Y) of the narrowest case against the
steps of training. Bars are 95 % intervals over held-out examples, and over trainings where the
table has several seeds; dashed lines are closed forms.
"""

import matplotlib.pyplot as plt
import pandas as pd

from diffinfo.figures.profiles import read_cases
from diffinfo.figures.style import COLOURS, EXACT, PAGE, save, use_style

PANELS = (
    (
        r"entropy (nats)",
        (
            ("s_nn", r"$S_\mathrm{NN}^X$", "unconditional"),
            ("s_nn_conditional", r"$S_\mathrm{NN}^{X|Y}$", "conditional"),
        ),
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


STEPS = "train.steps"


def _points(axis: plt.Axes, x, rows: pd.DataFrame, colour: str, value: str = "value", **look):
    error = rows["half_width"]
    axis.errorbar(
        x,
        rows[value],
        yerr=error,
        **{"fmt": "o-", "markersize": 3, "color": COLOURS[colour]} | look,
    )


def draw(inputs, out) -> None:
    """inputs: the table of cases of a sweep over lambda_delta; it may have one in canonical
    coordinates, and one over the steps of training, too.
    """
    table = read_cases(inputs[0]).sort_values("lambda_delta")
    table["error"] = table["value"] - table["exact"]
    swept = table[table[STEPS].notna()] if STEPS in table else table[:0]
    table = table.drop(swept.index)
    use_style()
    count = 3 if len(swept) else 2
    figure, axes = plt.subplots(1, count, figsize=(PAGE, 2.5), layout="constrained")
    for axis, (label, curves) in zip(axes, PANELS, strict=False):
        for quantity, name, colour in curves:
            rows = table[table["quantity"] == quantity]
            plain, canonical = rows[~rows["canonical"]], rows[rows["canonical"]]
            _points(axis, plain["lambda_delta"], plain, colour, label=name)
            # Entropies in other coordinates are others; the information is the same.
            if "difference" in quantity and len(canonical):
                look = {"fmt": "s", "markerfacecolor": "white", "zorder": 4}
                _points(axis, canonical["lambda_delta"], canonical, colour, **look)
            axis.plot(plain["lambda_delta"], plain["exact"], **EXACT)
        axis.plot([], [], color="black", linestyle="--", linewidth=0.8, label="exact")
        if "difference" in quantity and table["canonical"].any():
            axis.plot([], [], "s", color="0.3", mfc="white", markersize=3, label="canonical")
        axis.set(xscale="log", xlabel=r"$\lambda_\delta$", ylabel=label)
        axis.set_ylim(bottom=min(0, axis.get_ylim()[0]))
        axis.legend(fontsize="x-small")
    if len(swept):
        # That of the sweep's own steps is among the other cases.
        narrowest = swept["lambda_delta"].iloc[0]
        same = table[(table["lambda_delta"] == narrowest) & ~table["canonical"]]
        swept = pd.concat([swept, same]).sort_values("train_steps")
        for quantity, _, colour in PANELS[1][1]:
            rows = swept[swept["quantity"] == quantity]
            _points(axes[2], rows["train_steps"], rows, colour, "error")
        axes[2].axhline(0, **EXACT)
        axes[2].set(xscale="log", xlabel="training steps", ylabel="error of $I(X;Y)$ (nats)")
        taken = sorted(swept["train_steps"].unique())
        axes[2].set_xticks(taken, [f"{steps:g}" for steps in taken])
        axes[2].minorticks_off()
        axes[2].set_title(rf"$\lambda_\delta$ = {narrowest:g}", fontsize="small")
    save(figure, out)
