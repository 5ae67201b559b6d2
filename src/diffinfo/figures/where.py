"""Where in log-SNR the information of one estimate sits.

Left: its rate, in nats per unit of log-SNR. Right: what has come together on the way from
equilibrium to the data, in nats. Bands are 95 % intervals.
"""

import matplotlib.pyplot as plt

from diffinfo.estimate.statistics import half_width
from diffinfo.figures.profiles import read_profiles
from diffinfo.figures.style import COLOURS, OTHERS, PAGE, band, save, use_style

CURVES = (
    ("aligned_difference", COLOURS["information"]),
    ("loss_difference", COLOURS["conditional"]),
    ("squared_difference", OTHERS[0]),
)


def draw(inputs, out) -> None:
    """inputs: the profile of one estimate."""
    table = read_profiles(inputs[0])
    use_style()
    figure, axes = plt.subplots(1, 2, figsize=(PAGE, 2.4), layout="constrained")
    for quantity, colour in CURVES:
        rows = table[table["quantity"] == quantity].sort_values("lam_mid")
        width = rows["lam_high"] - rows["lam_low"]
        label = quantity.replace("_", " ")
        band(
            axes[0],
            rows["lam_mid"],
            rows["amount"] / width,
            half_width(rows["amount_se"]) / width,
            color=colour,
            label=label,
        )
        band(
            axes[1],
            rows["lam_high"],
            rows["remaining"],
            half_width(rows["remaining_se"]),
            color=colour,
        )
    axes[0].set(
        xlabel=r"log-SNR $\lambda$ (data to the right)", ylabel=r"rate (nats per unit $\lambda$)"
    )
    axes[1].set(xlabel=r"log-SNR $\lambda$", ylabel=r"$I(X_\lambda; Y)$ (nats)")
    axes[0].legend()
    for axis in axes:
        axis.axhline(0, color="black", linewidth=0.5)
    save(figure, out)
