"""Fig. 18: what perceptual and semantic codes tell of the label, and what they hold at all, against the splitting time."""

import matplotlib.pyplot as plt
import pandas as pd

from diffinfo.figures.codes import against_tau, information_against_tau
from diffinfo.figures.style import PAGE, save, use_style


def draw(inputs, out) -> None:
    """inputs: the codes table of a sweep over tau. Hollow: codes that the decoder does without, so no finding."""
    table = pd.read_csv(inputs[0])
    use_style()
    figure, (information, held) = plt.subplots(1, 2, figsize=(PAGE, 2.9), layout="constrained")
    information_against_tau(information, table)
    against_tau(held, table, (("kl", "o-", r"KL, at least $I(Z;X)$"), ("use", "s:", "use to the decoder")))
    held.set_yscale("symlog", linthresh=1)
    held.set_ylabel("nats held by $Z$")
    for axis in (information, held):
        axis.legend(fontsize="x-small")
    save(figure, out)
