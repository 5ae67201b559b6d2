"""The tables of the paper's illustrations (Figs. 1, 6, 7, 8, 19), computed from exact fields: tidy
points, curves and arrows.
"""

import itertools

import jax
import jax.numpy as jnp
import numpy as np
import pandas as pd

from diffinfo.exact.denoisers import GaussianDenoiser, MixtureDenoiser
from diffinfo.exact.joint_gaussian import JointGaussian
from diffinfo.process.denoise import score
from diffinfo.process.schedule import VPSchedule
from diffinfo.sample.guidance import guided
from diffinfo.sample.solvers import SOLVERS, path, solve

SCHEDULE = VPSchedule()
# The curve is a string of so many beads, each of this standard deviation.
_COMPONENTS, _WIDTH = 240, 0.01


def curve(u: np.ndarray) -> np.ndarray:
    """Points of the one-dimensional manifold of Figs. 1 and 7, `(n,) -> (n, 2)`."""
    return np.stack([1.3 * u, 0.7 * np.sin(1.8 * u)], axis=-1)


def _normal(u: np.ndarray) -> np.ndarray:
    """Unit normals of `curve`, `(n, 2)`."""
    tangent = np.stack([np.full_like(u, 1.3), 1.26 * np.cos(1.8 * u)], axis=-1)
    tangent /= np.linalg.norm(tangent, axis=-1, keepdims=True)
    return np.stack([-tangent[:, 1], tangent[:, 0]], axis=-1)


def mixture_on_a_curve() -> tuple[MixtureDenoiser, np.ndarray, np.ndarray]:
    """Two Gaussian classes along the curve, made of beads: their denoiser, the beads' parameters u
    `(J,)`, and the beads' weights in each class `(2, J)`.
    """
    u = np.linspace(-1.7, 1.7, _COMPONENTS)
    weights = np.stack([np.exp(-0.5 * ((u - centre) / 0.32) ** 2) for centre in (-0.75, 0.75)])
    weights /= weights.sum(1, keepdims=True)
    denoiser = MixtureDenoiser.of(
        np.tile(curve(u), (2, 1)),
        _WIDTH**2,
        np.concatenate(weights) + 1e-12,
        np.repeat([0, 1], len(u)),
    )
    return denoiser, u, weights


def _draw_from_mixture(n: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Draw the parameters u of n points and their classes, both `(n,)`."""
    _, u, weights = mixture_on_a_curve()
    y = rng.integers(0, 2, n)
    return np.array([rng.choice(u, p=weights[label]) for label in y]), y.astype(np.int32)


def fig1() -> pd.DataFrame:
    """Density along the curve, reverse drift around it at two noise levels, and the size of scores
    at every level.

    Rows of kind `density` have x, y on the curve and as value the density of the marginal or of a
    class along it. `drift` has x, y and dx, dy of `-b_+ + sigma^2 score` (Eq. 2) at log-SNR `lam`,
    for the field `marginal` or `class 0`. `size` has root mean squares at samples of p_lam: of the
    score's part normal to the curve, and of the difference of conditional and unconditional scores.
    """
    denoiser, u, weights = mixture_on_a_curve()
    points = curve(u)
    spacing = np.linalg.norm(np.gradient(points, axis=0), axis=1)
    frames = []
    for name, density in (
        ("marginal", weights.mean(0)),
        ("class 0", weights[0]),
        ("class 1", weights[1]),
    ):
        frames.append(
            pd.DataFrame(
                {
                    "kind": "density",
                    "field": name,
                    "x": points[:, 0],
                    "y": points[:, 1],
                    "value": density / spacing,
                }
            )
        )

    exact_score = jax.jit(lambda z, lam, y: score(denoiser(z, lam, y), z, lam))

    def score_at(z, lam, y=None):
        levels = jnp.full(len(z), lam, jnp.float32)
        return np.asarray(exact_score(jnp.asarray(z, jnp.float32), levels, y))

    grid = np.stack(np.meshgrid(np.linspace(-2.4, 2.4, 17), np.linspace(-1.2, 1.2, 9)), -1).reshape(
        -1, 2
    )
    for lam in (1.0, 5.0):
        for name, y in (("marginal", None), ("class 0", jnp.zeros(len(grid), jnp.int32))):
            value = float(SCHEDULE.beta(SCHEDULE.time(lam))) * (0.5 * grid + score_at(grid, lam, y))
            frame = pd.DataFrame(
                {"kind": "drift", "field": name, "x": grid[:, 0], "y": grid[:, 1], "lam": lam}
            )
            frames.append(frame.assign(dx=value[:, 0], dy=value[:, 1]))

    rng = np.random.default_rng(0)
    at, y = _draw_from_mixture(4000, rng)
    rows = []
    for lam in np.linspace(-4, 9, 27):
        a, b = (1 / (1 + np.exp(-lam))) ** 0.5, (1 / (1 + np.exp(lam))) ** 0.5
        z = a * (curve(at) + _WIDTH * rng.standard_normal((len(at), 2))) + b * rng.standard_normal(
            (len(at), 2)
        )
        fields = {"marginal": score_at(z, lam), "given the class": score_at(z, lam, jnp.asarray(y))}
        for name, value in fields.items():
            rows.append(
                {
                    "field": name,
                    "lam": lam,
                    "value": np.sqrt(np.mean(np.sum(value * _normal(at), -1) ** 2)),
                }
            )
        difference = fields["given the class"] - fields["marginal"]
        rows.append(
            {
                "field": "difference",
                "lam": lam,
                "value": np.sqrt(np.mean(np.sum(difference**2, -1))),
            }
        )
    frames.append(pd.DataFrame(rows).assign(kind="size", s=lambda f: SCHEDULE.time(f["lam"])))
    return pd.concat(frames, ignore_index=True)


def fig6() -> pd.DataFrame:
    """The pair y = x + N(0, sigma_eps^2) with x ~ N(0, 1) (Eq. 19): samples, contours, and p(x)
    beside p(x | y = 1).
    """
    rng = np.random.default_rng(0)
    grid, angle = np.linspace(-3.5, 3.5, 281), np.linspace(0, 2 * np.pi, 181)
    frames = []
    for sigma in (1.0, 0.3):
        model = JointGaussian.linear(np.eye(1), np.eye(1), sigma)
        x, y = model.sample(150, rng)
        frames.append(
            pd.DataFrame({"kind": "sample", "x": x[:, 0], "y": y[:, 0], "sigma_eps": sigma})
        )
        covariance = np.block([[model.cov_x, model.cov_xy], [model.cov_xy.T, model.cov_y]])
        for level in (1, 2):
            ring = level * np.linalg.cholesky(covariance) @ np.stack([np.cos(angle), np.sin(angle)])
            frames.append(
                pd.DataFrame(
                    {
                        "kind": "contour",
                        "level": level,
                        "x": ring[0],
                        "y": ring[1],
                        "sigma_eps": sigma,
                    }
                )
            )
        mean, variance = float(model.gain[0, 0]), float(model.cov_x_given_y[0, 0])
        for kind, m, v in (("marginal", 0.0, 1.0), ("conditional", mean, variance)):
            density = np.exp(-0.5 * (grid - m) ** 2 / v) / np.sqrt(2 * np.pi * v)
            frames.append(pd.DataFrame({"kind": kind, "x": grid, "y": density, "sigma_eps": sigma}))
        frames[-1]["information"] = float(model.mutual_information())
    return pd.concat(frames, ignore_index=True)


def fig7() -> pd.DataFrame:
    """Probability-flow trajectories of the mixture on a curve: positions, and distances to the
    curve, against log-SNR.
    """
    denoiser, u, _ = mixture_on_a_curve()
    lams = np.linspace(*SCHEDULE.log_snr_range(1e-5), 161)
    start = jax.random.normal(jax.random.key(3), (60, 2))
    # The flow is deterministic and makes no use of its key.
    z = np.asarray(path(denoiser, None, start, lams, jax.random.key(3), SOLVERS["ode"]))
    a = np.sqrt(1 / (1 + np.exp(-lams)))
    fine = curve(np.linspace(u[0], u[-1], 2000))
    frames = []
    for number in range(z.shape[1]):
        distance = [
            np.linalg.norm(fine * scale - point, axis=1).min()
            for scale, point in zip(a, z[:, number], strict=True)
        ]
        frame = pd.DataFrame(
            {
                "kind": "path",
                "path": number,
                "lam": lams,
                "x": z[:, number, 0],
                "y": z[:, number, 1],
            }
        )
        frames.append(frame.assign(distance=distance, s=SCHEDULE.time(lams)))
    frames.append(pd.DataFrame({"kind": "curve", "x": fine[:, 0], "y": fine[:, 1]}))
    return pd.concat(frames, ignore_index=True)


def fig8() -> pd.DataFrame:
    """Guided samples of a 1 + 1 dimensional Gaussian (Eq. 59), with the exact law that each weight
    leads to.

    Rows of kind `sample` have x, y. `law` has, for each weight, the gain of the regression
    x = gain y, the conditional standard deviation, and the exact I(X;Y) in nats.
    """
    # From so far that the flow without guidance gives the model back, I(X;Y) and all.
    lam_range = (-16.0, SCHEDULE.log_snr_range(1e-5)[1])
    model = JointGaussian.linear(np.eye(1), np.eye(1), 0.8)
    denoiser = GaussianDenoiser.of(np.zeros(1), model.cov_x, model.cov_xy, model.cov_y)
    lams = np.linspace(*lam_range, 201)
    _, y = model.sample(800, np.random.default_rng(0))
    start = jax.random.normal(jax.random.key(0), y.shape)
    frames = []
    for weight in (0.0, 2.0, 5.0):
        field, labels = guided(denoiser, weight), jnp.asarray(y, jnp.float32)
        x = np.asarray(solve(field, labels, start, lams, jax.random.key(0), SOLVERS["ode"]))
        law = model.guided(weight, lam_range)
        frames.append(
            pd.DataFrame({"kind": "sample", "weight": weight, "x": x[:, 0], "y": y[:, 0]})
        )
        exact = {
            "gain": law.gain[0, 0],
            "deviation": np.sqrt(law.cov_x_given_y[0, 0]),
            "information": law.mutual_information(),
        }
        frames.append(
            pd.DataFrame(
                [{"kind": "law", "weight": weight} | {k: float(v) for k, v in exact.items()}]
            )
        )
    return pd.concat(frames, ignore_index=True)


def fig19() -> pd.DataFrame:
    """Noising (clock s) and generation (clock t = T - s) of two modes in one dimension, simulated
    with exact fields.
    """
    denoiser = MixtureDenoiser.of(np.array([[-1.2], [1.2]]), 0.02, [0.5, 0.5], [0, 1])
    s = np.concatenate([[0.0], np.geomspace(1e-4, 1.0, 240)])
    rng = np.random.default_rng(1)
    x = 1.2 * rng.choice([-1, 1], 24) + np.sqrt(0.02) * rng.standard_normal(24)
    forward, alpha = [x], SCHEDULE.alpha(s)
    for before, after in itertools.pairwise(alpha):
        keep = after / before
        forward.append(np.sqrt(keep) * forward[-1] + np.sqrt(1 - keep) * rng.standard_normal(24))
    lams = SCHEDULE.log_snr(s[1:])[::-1]
    start_key, noise_key = jax.random.split(jax.random.key(2))
    start = jax.random.normal(start_key, (24, 1))
    z = path(denoiser, None, start, lams, noise_key, SOLVERS["ancestral"])
    backward = np.asarray(z)[..., 0]
    frames = []
    for kind, clock, paths in (
        ("forward", s, np.array(forward)),
        ("reverse", 1 - SCHEDULE.time(lams), backward),
    ):
        for number, values in enumerate(paths.T):
            frames.append(pd.DataFrame({"kind": kind, "path": number, "clock": clock, "x": values}))
    grid = np.linspace(-3, 3, 241)
    modes = [np.exp(-0.5 * (grid - m) ** 2 / 0.02) / np.sqrt(2 * np.pi * 0.02) for m in (-1.2, 1.2)]
    frames.append(pd.DataFrame({"kind": "data", "x": grid, "value": np.mean(modes, axis=0)}))
    frames.append(
        pd.DataFrame(
            {"kind": "equilibrium", "x": grid, "value": np.exp(-0.5 * grid**2) / np.sqrt(2 * np.pi)}
        )
    )
    return pd.concat(frames, ignore_index=True)
