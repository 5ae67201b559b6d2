"""Fig. 3: how much entropy each data set's model stores, and when the forward process makes it."""

import matplotlib.pyplot as plt
import seaborn as sns

from diffinfo.figures.fig16 import SPLIT_TIME
from diffinfo.figures.gaussian import read_profiles
from diffinfo.figures.style import COLOURS, PAGE, band, save, use_style


def draw(inputs, out) -> None:
    """inputs: the profiles table. All data sets in one pair of panels: S_NN produced, and its rate,
    against s.
    """
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
            options = {"color": colour, "linestyle": style, "label": label}
            band(produced, rows["s_high"], rows["produced"], rows["produced_se"], **options)
            band(rate, rows["s_mid"], rows["rate_s"], rows["rate_s_se"], **options)
    for axis in (produced, rate):
        axis.axvline(SPLIT_TIME, color=COLOURS["bound"], linestyle="--", linewidth=0.8)
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
    handles, labels = produced.get_legend_handles_labels()
    handles.append(plt.Line2D([], [], color=COLOURS["bound"], linestyle="--", linewidth=0.8))
    figure.legend(
        handles, [*labels, r"split at $\tau = 0.1\,T$"], loc="outside upper center", ncols=3
    )
    save(figure, out)
