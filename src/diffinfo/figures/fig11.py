"""Fig. 11, flattening: x comes ever closer to a plane, and y is as noisy as before.

Entropies and I(X;Y) of joint Gaussians: nats produced up to time s, and rates per unit of s (from
3e-5 of the highest on) and per unit of log-SNR. In each row x is closer to a plane than in the row
above. Solid lines are networks on held-out samples, with bands of 95 % intervals over held-out
examples, and over trainings where the table has several seeds; dashed ones are closed forms.
"""

from diffinfo.figures.gaussian import draw_rows


def draw(inputs, out) -> None:
    """inputs: the table of profiles; the experiment of the largest lambda_delta is drawn first."""
    draw_rows(inputs[0], out, "lambda_delta", r"\lambda_\delta")
