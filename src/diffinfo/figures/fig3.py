"""Fig. 3, stored entropy: how much each data set's model stores, and when it is produced.

Neural entropy S_NN that the forward process has produced up to time s (left, in nats), and its rate
per unit of s (right), for every data set. Wide lines are unconditional, dark dashed ones given the
label; bands are 95 % intervals over held-out examples, and over trainings where the table has
several seeds. The vertical line is the paper's splitting time.
"""

import matplotlib.pyplot as plt
import seaborn as sns

from diffinfo.figures.profiles import mark_split, read_profiles, split_handle
from diffinfo.figures.style import PAGE, band, save, use_style


def draw(inputs, out) -> None:
    """inputs: the table of profiles."""
    table = read_profiles(inputs[0])
    use_style()
    figure, (produced, rate) = plt.subplots(1, 2, figsize=(PAGE, 2.7), layout="constrained")
    experiments = table["experiment"].unique()
    for experiment, colour in zip(
        experiments, sns.color_palette("colorblind", len(experiments)), strict=True
    ):
        for quantity, style in (("s_nn", "-"), ("s_nn_conditional", "--")):
            rows = table[
                (table["experiment"] == experiment) & (table["quantity"] == quantity)
            ].sort_values("s_mid")
            label = f"{experiment}, {'given $Y$' if style == '--' else 'unconditional'}"
            # The two nearly coincide: a thin dark line on a wide pale one.
            options = {"linestyle": style, "label": label, "color": colour}
            options |= {"linewidth": 3, "alpha": 0.5} if style == "-" else {"linewidth": 0.9}
            if style == "--":
                options["color"] = [0.5 * part for part in colour]
            band(produced, rows["s_high"], rows["produced"], rows["produced_half"], **options)
            band(rate, rows["s_mid"], rows["rate_s"], rows["rate_s_half"], **options)
    for axis in (produced, rate):
        mark_split(axis)
    produced.set(
        xlabel="time $s$", ylabel=r"$S_\mathrm{NN}$ produced (nats)", xlim=(0, 1), ylim=(0, None)
    )
    rate.set(xlabel="time $s$", ylabel="rate (nats per unit $s$)", xscale="log", yscale="log")
    cut = table["lam_high"].max()
    produced.text(
        0.97,
        0.06,
        rf"$\lambda \leq {cut:.1f}$",
        transform=produced.transAxes,
        ha="right",
        fontsize="small",
    )
    curves, _ = produced.get_legend_handles_labels()
    figure.legend(handles=[*curves, split_handle()], loc="outside upper center", ncols=3)
    save(figure, out)
