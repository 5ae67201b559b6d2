"""Fig. 22, information about the label up to a noise level, and where estimates of it part.

Left: I(X_lambda;Y) in nats up to log-SNR lambda, from fields, as cumulative integrals, and from a
classifier of noised images, which is a lower bound; the dotted line is H(Y). Right: rates, in nats
per unit of log-SNR. Where the classifier has no more to learn, exact fields would have no rate;
what differences of fields show there is the error of the unconditional one, which is not told the
label. Bands are 95 % intervals over held-out images.
"""

import matplotlib.pyplot as plt
import pandas as pd

from diffinfo.figures.profiles import read_profiles
from diffinfo.figures.style import COLOURS, OTHERS, PAGE, band, save, use_style

CURVES = {
    "classifier": ("classifier of noised images", "black", "-"),
    "mixture_difference": ("mixture difference", COLOURS["conditional"], "-"),
    "loss_difference": ("loss difference", OTHERS[2], "--"),
    "squared_difference": ("squared difference", OTHERS[0], "-."),
    "entropy_difference": ("entropy difference", OTHERS[1], ":"),
}


def draw(inputs, out) -> None:
    """inputs: the tables of profiles and of estimates."""
    table, estimates = read_profiles(inputs[0]), pd.read_csv(inputs[1])
    experiments = table["experiment"].unique()
    use_style()
    figure, axes = plt.subplots(
        len(experiments),
        2,
        figsize=(PAGE, 2.5 * len(experiments) + 0.5),
        squeeze=False,
        layout="constrained",
    )
    for (up_to, rate), experiment in zip(axes, experiments, strict=True):
        chosen = table[table["experiment"] == experiment]
        for quantity, (label, colour, style) in CURVES.items():
            line = chosen[chosen["quantity"] == quantity].sort_values("lam_high")
            if line.empty:
                continue
            look = {"color": colour, "linestyle": style, "label": label}
            band(up_to, line["lam_high"], line["remaining"], line["remaining_half"], **look)
            band(rate, line["lam_mid"], line["rate_lam"], line["rate_lam_half"], **look)
        bound = estimates.loc[estimates["experiment"] == experiment, "upper_bound"].max()
        up_to.axhline(bound, color=COLOURS["bound"], linestyle=":")
        up_to.text(
            chosen["lam_low"].min(),
            bound,
            r"$H(Y)$",
            color=COLOURS["bound"],
            va="bottom",
            fontsize="small",
        )
        up_to.set(xlabel=r"log-SNR $\lambda$", ylabel=r"$I(X_\lambda; Y)$ (nats)", title=experiment)
        rate.axhline(0, color="black", linewidth=0.5)
        rate.set(xlabel=r"log-SNR $\lambda$", ylabel=r"rate (nats per unit $\lambda$)")
    named = {}
    for axis in axes[:, 0]:
        handles, labels = axis.get_legend_handles_labels()
        named |= dict(zip(labels, handles, strict=True))
    figure.legend(named.values(), named, loc="outside upper center", ncols=5, fontsize="x-small")
    save(figure, out)
