"""Fig. 4, flattening beside determinism: two ways to a large conditional entropy.

Left: x is flattened, and the entropies grow while I(X;Y) stays. Right: y is nearly deterministic,
and I(X;Y) grows. Upper row: nats produced up to time s; lower row: rates per unit of log-SNR. Solid
lines are networks on held-out samples, with bands of 95 % intervals over held-out examples, and
over trainings where the table has several seeds; dashed ones are closed forms.
"""

import matplotlib.pyplot as plt

from diffinfo.figures.gaussian import PRODUCED, RATE_LAM, draw_curves, handles
from diffinfo.figures.profiles import read_profiles
from diffinfo.figures.style import PAGE, save, use_style


def draw(inputs, out) -> None:
    """inputs: the table of profiles of one flattened and one full-rank case, in this order."""
    table = read_profiles(inputs[0])
    use_style()
    figure, axes = plt.subplots(2, 2, figsize=(PAGE, 3.9), layout="constrained", sharex="row")
    for column, experiment in zip(axes.T, table["experiment"].unique(), strict=True):
        chosen = table[table["experiment"] == experiment]
        first = chosen.iloc[0]
        flat = first["rank"] < first["dim_x"]
        title = (
            rf"flattening, $\lambda_\delta = {first['lambda_delta']:g}$"
            if flat
            else "determinism, "
        )
        column[0].set_title(
            title if flat else title + rf"$\sigma_\epsilon = {first['sigma_eps']:g}$"
        )
        for axis, (_, x, y, x_label, y_label) in zip(column, (PRODUCED, RATE_LAM), strict=True):
            draw_curves(axis, chosen, x, y)
            axis.set(
                xlabel=x_label,
                ylabel=y_label if y == "produced" else r"rate (nats per unit $\lambda$)",
            )
    figure.legend(handles=handles(), loc="outside upper center", ncols=4)
    save(figure, out)
