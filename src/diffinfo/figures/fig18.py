"""Fig. 18, splitting time: what both codes tell of the label, and what they hold at all.

Left: I(Z;Y) in nats of the semantic and the perceptual codes of split diffusion autoencoders
against the splitting time tau, by fields (solid) and by a plain classifier (dotted). The dotted
horizontal line is H(Y); the shaded band is the 95 % interval of where the two curves cross. Right:
the codes' KL, an upper bound on I(Z;X), and their use to the decoder. Images are held out, and bars
are 95 % intervals (Student's: of two seeds, 12.7 standard errors, which may leave the frame).
Hollow points are codes that the decoder does without: what they tell is no result.
"""

import matplotlib.pyplot as plt
import pandas as pd

from diffinfo.figures.codes import BELOW, against_tau, information_against_tau
from diffinfo.figures.style import PAGE, save, use_style


def draw(inputs, out) -> None:
    """inputs: the table of codes of sweeps over tau, one for each data set."""
    table = pd.read_csv(inputs[0])
    use_style()
    names = table["data"].unique()
    figure, axes = plt.subplots(
        len(names), 2, figsize=(PAGE, 2.6 * len(names) + 0.5), squeeze=False, layout="constrained"
    )
    for (information, held), name in zip(axes, names, strict=True):
        sweep = table[table["data"] == name]
        information_against_tau(information, sweep)
        against_tau(
            held,
            sweep,
            (("kl", "o-", r"KL, at least $I(Z;X)$"), ("use", "s:", "use to the decoder")),
        )
        values = sweep[sweep["quantity"].isin(("kl", "use"))]["value"]
        low, high = min(values.min(), 0.0), values.max()
        held.set_ylim(low - 0.2 * (high - low), high + 0.3 * (high - low))
        held.axhline(0, color="black", linewidth=0.5)
        held.set(ylabel="nats held by $Z$", title=name)
        information.set_title(name)
    for axis in axes[-1]:
        axis.legend(**BELOW)
    save(figure, out)
