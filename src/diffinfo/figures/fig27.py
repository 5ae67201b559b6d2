"""Fig. 27, a trained image model sampled in few steps: schedules side by side.

The loss-adaptive schedule (LAS) and common grids, without and with guidance w: Fréchet distance to
held-out images in the features of a small classifier of noised images, and label accuracy without
guidance. Samplers are DDIM with eta 0 and two of second order, DPM-Solver++(2M) and its stochastic
twin. For every sampler and number of steps LAS (lambda and rho), the grid in time (its power) and
EDM's grid (its rho) were tuned on training images without guidance; the grid even in log-SNR has
nothing to tune. A schedule "LAS of" other images was tuned on these. The last column is what theory
says that the levels cost a first-order stochastic sampler, in nats of path KL. Bars are 95 %
intervals: Student's over sets of samples, and of the accuracy Wilson's over images. Symbols are set
apart sideways so that all show. Dashed lines are training images.
"""

import matplotlib.pyplot as plt
import pandas as pd
import seaborn as sns
from matplotlib.ticker import LogLocator, NullFormatter

from diffinfo.figures.style import EXACT, PAGE, save, use_style

_PALETTE = sns.color_palette("colorblind")
SCHEDULES = {
    "LAS": (_PALETTE[3], "o"),
    "time": (_PALETTE[0], "s"),
    "EDM": (_PALETTE[1], "^"),
    "log-SNR": (_PALETTE[2], "D"),
}
BORROWED = (_PALETTE[4], "v")
LABELS = {
    "frechet_distance": "Fréchet distance",
    "accuracy": "label accuracy",
    "path_cost": "path KL by theory (nats)",
}
# The ratio in steps by which neighbouring schedules are drawn apart.
APART = 1.05


def draw(inputs, out) -> None:
    """inputs: the table of few steps.

    Rows of panels are experiments and samplers, columns are guidance weights, and the last two are
    label accuracy and path cost at the smallest weight.
    """
    table = pd.read_csv(inputs[0])
    use_style()
    made = table[table["sampler"] != "data"]
    cases = list(made[["experiment", "sampler"]].drop_duplicates().itertuples(index=False))
    weights = sorted(made["guidance"].unique())
    columns = [("frechet_distance", weight) for weight in weights]
    columns += [("accuracy", weights[0]), ("path_cost", 0.0)]
    figure, axes = plt.subplots(
        len(cases),
        len(columns),
        figsize=(PAGE, 1.9 * len(cases) + 0.9),
        squeeze=False,
        sharex=True,
        sharey="col",
        layout="constrained",
    )
    for row, (experiment, sampler) in zip(axes, cases, strict=True):
        of_case = made[(made["experiment"] == experiment) & (made["sampler"] == sampler)]
        data = table[(table["sampler"] == "data") & (table["experiment"] == experiment)]
        for axis, (quantity, weight) in zip(row, columns, strict=True):
            rows = of_case[(of_case["guidance"] == weight) & (of_case["quantity"] == quantity)]
            _panel(axis, rows)
            for value in data.loc[data["quantity"] == quantity, "value"]:
                axis.axhline(value, **EXACT)
            if quantity != "accuracy":
                axis.set_yscale("log")
        row[0].set_ylabel(f"{experiment}, {sampler}")
    for axis, (quantity, weight) in zip(axes[0], columns, strict=True):
        of_weight = "" if quantity == "path_cost" else f", $w$ = {weight:g}"
        axis.set_title(f"{LABELS[quantity]}{of_weight}", fontsize="small")
        if quantity == "frechet_distance":
            axis.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
            axis.yaxis.set_major_formatter("{x:g}")
            axis.yaxis.set_minor_formatter(NullFormatter())
    steps = sorted(made["nfe"].unique())
    for axis in axes[-1]:
        axis.set(xscale="log", xlabel="steps")
        axis.set_xticks(steps, [str(count) for count in steps])
        axis.minorticks_off()
    shown = {
        label: handle
        for axis in axes[:, 0]
        for handle, label in zip(*axis.get_legend_handles_labels(), strict=True)
    }
    figure.legend(
        shown.values(),
        shown.keys(),
        loc="outside lower center",
        ncols=5,
        title="dashed: training images",
        title_fontsize="small",
    )
    save(figure, out)


def _panel(axis: plt.Axes, rows: pd.DataFrame) -> None:
    """One line per schedule of the rows' values with their intervals against steps."""
    schedules = list(rows["schedule"].unique())
    for place, schedule in enumerate(schedules):
        colour, marker = SCHEDULES.get(schedule, BORROWED)
        line = rows[rows["schedule"] == schedule].sort_values("nfe")
        below, above = line["value"] - line["low"], line["high"] - line["value"]
        axis.errorbar(
            line["nfe"] * APART ** (place - (len(schedules) - 1) / 2),
            line["value"],
            # Rounding may leave an end on the wrong side of a value that is itself an end.
            yerr=[below.clip(lower=0), above.clip(lower=0)],
            marker=marker,
            markersize=3,
            linewidth=0.9,
            color=colour,
            label=schedule,
        )
