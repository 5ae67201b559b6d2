"""Is the label at noisier levels than the entropy? Four worlds in which it is known.

Random fields of 28 x 28 pixels with power 1 / (1 + k^2) at k cycles a side, of four classes whose
clean images hold one nat about their class. Left: power of a class's own direction (solid) and of
others (dashed), where coarse structure or texture tells classes apart. Middle: I(X_lam;Y) up to a
log-SNR as a share of what clean images hold, and the neural entropy (dashed, averaged over worlds)
as a share of that at log-SNR 13.8; the vertical line is s = 0.1 T. Right: the shares at s >= 0.1 T,
with 95 % intervals over draws. Where coarse structure tells classes apart, their label is at
noisier levels than the entropy; where texture does, it is not: that is a property of the data.
"""

import matplotlib.pyplot as plt
import pandas as pd
import seaborn as sns

from diffinfo.figures.style import EXACT, PAGE, band, save, use_style


def draw(inputs, out) -> None:
    """inputs: the table of worlds."""
    table = pd.read_csv(inputs[0])
    names = list(table["world"].unique())
    colours = dict(zip(names, sns.color_palette("colorblind", len(names)), strict=True))
    of = dict(iter(table.groupby("quantity", sort=False)))
    use_style()
    figure, (left, middle, right) = plt.subplots(
        1, 3, figsize=(PAGE, 2.6), layout="constrained", width_ratios=[1, 1.2, 1.15]
    )
    for name in [name for name in names if name in ("coarse", "texture")]:
        power = of["power"][of["power"]["world"] == name]
        left.plot(power["frequency"], power["value"], color=colours[name], label=name)
        left.plot(power["frequency"], power["other"], color=colours[name], linestyle="--")
    left.set(xscale="log", yscale="log", xlabel="cycles a side", ylabel="power")
    left.legend(fontsize="small")
    for name in names:
        rows = of["information"][of["information"]["world"] == name].sort_values("lam")
        half = rows["half_width"] / rows["value"].iloc[-1]
        band(middle, rows["lam"], rows["share"], half, color=colours[name], label=name)
    entropy = of["entropy"].groupby("lam")["share"].mean()
    middle.plot(entropy, **EXACT, label="neural entropy")
    tau = of["late_information"]["lam"].iloc[0]
    middle.axvline(tau, color="0.6", linewidth=0.8)
    middle.set(xlabel=r"log-SNR $\lambda$", ylabel=r"share up to $\lambda$", ylim=(-0.03, 1.05))
    middle.legend(fontsize="x-small", loc="lower right")
    late, entropy = of["late_information"], of["late_entropy"]
    right.bar(
        range(len(names)),
        late["value"],
        yerr=late["half_width"],
        color=[colours[name] for name in late["world"]],
        capsize=2,
    )
    for at, value in enumerate(entropy["value"]):
        label = "neural entropy" if at == 0 else None
        right.plot([at - 0.45, at + 0.45], [value, value], **EXACT, label=label)
    right.set_xticks(
        range(len(names)), [name.replace(" ", "\n") for name in names], fontsize="small"
    )
    right.set(ylabel=r"share of $I(X;Y)$ at $s \geq 0.1\,T$", ylim=(0, 1))
    right.legend(fontsize="x-small")
    save(figure, out)
