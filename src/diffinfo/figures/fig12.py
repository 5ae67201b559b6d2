"""Fig. 12, determinism: less and less noise in y, the same x. Networks over closed forms."""

from diffinfo.figures.gaussian import draw_rows


def draw(inputs, out) -> None:
    """inputs: the profiles table. One row of panels per experiment, largest noise first."""
    draw_rows(inputs[0], out, "sigma_eps", r"\sigma_\epsilon")
