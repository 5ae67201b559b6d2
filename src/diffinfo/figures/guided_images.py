"""Guided image models: information that the images hold which they generate.

Left (legend above): I(X;Y) in nats against the guidance weight w, by networks trained on the
generated images (circles: classification bound; diamonds: mixture difference; crosses: loss
difference) and by a classifier of real ones (squares), each on images that it has not seen; the
dotted line is H(Y), the dashed one a guided joint Gaussian that holds H(Y) without guidance.
Middle: what the classifier trained on generated images tells up to log-SNR lambda. Right: Frechet
distance to held-out images, in features of the classifier of real ones; the dashed line is that of
training images. Bars and bands are 95 % intervals over images.
"""

import matplotlib.pyplot as plt
import pandas as pd
import seaborn as sns

from diffinfo.figures.style import COLOURS, EXACT, OTHERS, PAGE, band, save, use_style

TOLD = {
    ("estimate", "classification_bound"): ("classification bound", COLOURS["information"], "o-"),
    ("estimate", "mixture_difference"): ("mixture difference", COLOURS["conditional"], "D-"),
    ("estimate", "loss_difference"): ("loss difference", OTHERS[2], "x-"),
    ("judged", "held_out_classifier"): ("classifier of real images", "black", "s-"),
}


def draw(inputs, out) -> None:
    """inputs: the table of generated images."""
    table = pd.read_csv(inputs[0]).sort_values("guidance_weight", kind="stable")
    use_style()
    figure, (told, up_to, distance) = plt.subplots(1, 3, figsize=(PAGE, 2.9), layout="constrained")
    for (kind, quantity), (label, colour, form) in TOLD.items():
        rows = table[(table["kind"] == kind) & (table["quantity"] == quantity)]
        look = {"fmt": form, "color": colour, "label": label, "markersize": 3.5, "linewidth": 0.9}
        look |= {"markerfacecolor": "none"} if form[0] in "sD" else {}
        told.errorbar(rows["guidance_weight"], rows["value"], yerr=rows["half_width"], **look)
    law = table[table["kind"] == "gaussian"]
    told.plot(law["guidance_weight"], law["value"], **EXACT, label="joint Gaussian, exact")
    bound = table["upper_bound"].max()
    told.axhline(bound, color=COLOURS["bound"], linestyle=":", label="$H(Y)$")
    up_to.axhline(bound, color=COLOURS["bound"], linestyle=":")
    # The Gaussian's line may leave the panel: it has no bound.
    most = max(3 * bound, 1.1 * table.loc[table["kind"] == "estimate", "value"].max())
    told.set(xlabel="guidance weight $w$", ylabel="$I(X;Y)$ (nats)", ylim=(0, most))
    handles, labels = told.get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside upper center", ncols=6, fontsize="xx-small")
    levels = table[table["kind"] == "up_to"]
    weights = levels["guidance_weight"].unique()
    for weight, colour in zip(weights, sns.color_palette("viridis", len(weights)), strict=True):
        line = levels[levels["guidance_weight"] == weight].sort_values("lam_high")
        look = {"color": colour, "label": f"$w = {weight:g}$"}
        band(up_to, line["lam_high"], line["value"], line["half_width"], **look)
    up_to.set(xlabel=r"log-SNR $\lambda$", ylabel=r"$I(X_\lambda; Y)$ (nats)")
    up_to.legend(fontsize="xx-small")
    judged = table[table["kind"] == "judged"]
    far = judged[judged["quantity"] == "frechet_distance"]
    look = {"fmt": "o-", "color": COLOURS["unconditional"], "markersize": 3.5}
    distance.errorbar(far["guidance_weight"], far["value"], yerr=far["half_width"], **look)
    floor = judged[judged["quantity"] == "frechet_distance_of_training_images"]["value"].mean()
    distance.axhline(floor, **EXACT)
    distance.set(xlabel="guidance weight $w$", ylabel="Fréchet distance", yscale="log")
    save(figure, out)
