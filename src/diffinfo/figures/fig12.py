"""Fig. 12, determinism: y has less and less noise, and x stays the same.

Entropies and I(X;Y) of joint Gaussians: nats produced up to time s, and rates per unit of s (from
3e-5 of the highest on) and per unit of log-SNR. Each row has less noise in y than the row above.
Solid lines are networks on held-out samples, with bands of 95 % intervals over held-out examples,
and over trainings where the table has several seeds; dashed ones are closed forms. The smaller the
noise, the more information there is and the earlier it is lost.
"""

from diffinfo.figures.gaussian import draw_rows


def draw(inputs, out) -> None:
    """inputs: the table of profiles; the experiment with the most noise is drawn first."""
    draw_rows(inputs[0], out, "sigma_eps", r"\sigma_\epsilon")
