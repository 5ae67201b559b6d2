"""Fig. 11, flattening: x ever closer to a plane, y as noisy as before. Networks over closed forms."""

from diffinfo.figures.gaussian import draw_rows


def draw(inputs, out) -> None:
    """inputs: the profiles table. One row of panels per experiment, largest lambda_delta first."""
    draw_rows(inputs[0], out, "lambda_delta", r"\lambda_\delta")
