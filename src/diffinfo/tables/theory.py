"""The tables of Figs. 23 to 26: schedules on toys, what steps cost, entropy against dimension,
levels against dimension.
"""

from collections.abc import Callable, Mapping
from functools import lru_cache, partial
from importlib.resources import files
from itertools import pairwise

import jax
import numpy as np
import pandas as pd
from scipy.stats import norm

from diffinfo.estimate.risk import risk_curve
from diffinfo.estimate.statistics import Estimate
from diffinfo.exact.denoisers import MixtureDenoiser
from diffinfo.exact.dimension import (
    distinguishable_levels,
    gaussian_terminal_kl,
    planted_fraction,
    search_success,
    visible_width,
)
from diffinfo.exact.mixture import Mixture, information, mmse
from diffinfo.exact.path_kl import (
    approximation_error,
    chain_kl,
    discretisation_error,
    entropy_bound,
    geometric_grid,
    path_cost,
    renyi_half_entropy,
)
from diffinfo.exact.steps import (
    bits_cost,
    codebook,
    component_risk,
    fewest_steps,
    plain_cost,
    shifted_grid,
    structured_cost,
    theorem_bound,
)
from diffinfo.exact.toys import (
    TOYS,
    ddpm_log_snrs,
    energy_distance,
    mode_scores,
    negative_log_likelihood,
)
from diffinfo.sample.grids import edm_grid, even_grid, log_snr_grid
from diffinfo.sample.las import las
from diffinfo.sample.solvers import ddim, ode_2m, sde_2m, solve

SAMPLERS = {"DDIM": ddim(1.0), "DDIM, eta 0": ddim(0.0), "ODE-2M": ode_2m, "SDE-2M": sde_2m}
NFE = (5, 7, 10)
TOLERANCE = 0.05  # nats of path or terminal KL, in what "steps needed" means


def _toy_grids(lams: np.ndarray, risk: np.ndarray, steps: int) -> Mapping[str, np.ndarray]:
    snr = np.exp(lams)
    return {
        "LAS": lams[las(snr, risk, steps, 0.05)],
        "LAS, lambda 0": lams[las(snr, risk, steps, 0.0)],
        "LAS, rho 0.01": lams[las(snr, risk, steps, 0.05, 0.01)],
        "linear": even_grid(lams, steps),
        "EDM": edm_grid(lams[0], lams[-1], steps),
        "log-SNR": log_snr_grid(lams[0], lams[-1], steps),
    }


def _toy_scores(mixture: Mixture, x: np.ndarray, blocks: list[np.ndarray]) -> dict[str, Estimate]:
    """Scores of samples, the ones without a per-sample value by blocks of them."""
    parts = np.array_split(x, len(blocks))
    ratios, distances = zip(*(mode_scores(mixture, part) for part in parts), strict=True)
    apart = [
        energy_distance(part[: len(block)], block)
        for part, block in zip(parts, blocks, strict=True)
    ]
    return {
        "nll": Estimate.of(negative_log_likelihood(mixture, x)),
        "energy_distance": Estimate.of(np.array(apart)),
        "variance_ratio": Estimate.of(np.array(ratios)),
        "weights_distance": Estimate.of(np.array(distances)),
    }


def toys(samples: int = 50_000, seeds: int = 2, curve: int = 10_000) -> pd.DataFrame:
    """Fig. 23: schedules and samplers with few steps on two mixtures, exact denoiser; nll and
    path_kl in nats.
    """
    rows = []
    for name, make in TOYS.items():
        mixture, lams = make(), ddpm_log_snrs()
        denoiser = MixtureDenoiser.of(
            mixture.means, mixture.variance, mixture.weights, np.zeros(len(mixture.weights), int)
        )
        rng = np.random.default_rng(0)
        risk, _ = risk_curve(denoiser, mixture.draw(curve, rng), lams, jax.random.key(0))
        blocks = [mixture.draw(2000, rng) for _ in range(8)]
        # I(x; x_t) between the ends of the grid, by the trapezoid over all candidates. The path KLs
        # of one risk curve share its error, which is not worked out.
        gained = 0.5 * np.trapezoid(risk, np.exp(lams))

        def add(sampler, schedule, steps, scores, name=name):
            for quantity, estimate in scores.items():
                about = {
                    "toy": name,
                    "sampler": sampler,
                    "schedule": schedule,
                    "nfe": steps,
                    "quantity": quantity,
                }
                rows.append(
                    about
                    | {
                        "value": estimate.value,
                        "standard_error": estimate.standard_error,
                        "samples": estimate.n,
                    }
                )

        add("data", "data", 0, _toy_scores(mixture, mixture.draw(samples * seeds, rng), blocks))
        for steps in NFE:
            for schedule, grid in _toy_grids(lams, risk, steps).items():
                at = np.interp(grid, lams, risk)
                cost = 0.5 * float(np.diff(np.exp(grid)) @ at[:-1]) - gained
                add("path", schedule, steps, {"path_kl": Estimate(cost, np.nan, curve)})
                for sampler, step in SAMPLERS.items():
                    drawn = []
                    for seed in range(seeds):
                        start_key, noise_key = jax.random.split(jax.random.key(seed + 1))
                        z = solve(
                            denoiser,
                            None,
                            jax.random.normal(start_key, (samples, 2)),
                            grid,
                            noise_key,
                            step,
                        )
                        drawn.append(np.asarray(z, float) * np.sqrt(1 + np.exp(-grid[-1])))
                    add(
                        sampler,
                        schedule,
                        steps,
                        _toy_scores(mixture, np.concatenate(drawn), blocks),
                    )
    table = pd.DataFrame(rows)
    published = pd.read_csv(files("diffinfo").joinpath("published_toys.csv")).assign(quantity="nll")
    return table.merge(published, how="left", on=["toy", "sampler", "schedule", "nfe", "quantity"])


# Two targets with known curves, and a denoiser that is exact for another mixture than the second.
TWO_POINTS = Mixture(np.array([[-1.0], [1.0]]), np.array([0.3, 0.7]))
THREE_MODES = Mixture(np.array([[-2.0], [0.5], [2.0]]), np.array([0.2, 0.5, 0.3]), 0.04)
ANOTHER = Mixture(np.array([[-1.8], [0.4], [2.3]]), np.array([0.35, 0.35, 0.3]), 0.09)


def path_costs(paths: int = 40_000) -> pd.DataFrame:
    """Fig. 24: path KL in nats against steps, by formula and by chains; an imperfect denoiser's two
    parts; the bound.
    """
    rows = []
    for target, mixture, low, high in (
        ("two points", TWO_POINTS, 0.05, 20.0),
        ("three modes", THREE_MODES, 0.02, 100.0),
    ):
        best = partial(mmse, mixture)
        gained = information(mixture, high) - information(mixture, low)
        candidates = geometric_grid(low, high, 400)
        curve = best(candidates)
        for steps in (2, 4, 8, 16, 32, 64):
            grid = geometric_grid(low, high, steps)
            exact = discretisation_error(best, grid)
            found = {"discretisation": (exact, 0.0)}
            measured = Estimate.of(chain_kl(mixture, grid, paths, np.random.default_rng(1)))
            found["chain"] = (measured.value, measured.standard_error)
            chosen = candidates[las(candidates, curve, steps, 0.0)]
            found["best_schedule"] = (path_cost(best, chosen, gained), 0.0)
            if mixture.variance == 0:
                found["bound"] = (entropy_bound(renyi_half_entropy(mixture.weights), grid), 0.0)
            else:
                risk = partial(mmse, mixture, best=ANOTHER)
                found["approximation"] = (
                    approximation_error(lambda gamma, r=risk, b=best: r(gamma) - b(gamma), grid),
                    0.0,
                )
                found["imperfect"] = (path_cost(risk, grid, gained), 0.0)
                measured = Estimate.of(
                    chain_kl(mixture, grid, paths, np.random.default_rng(2), ANOTHER.denoise)
                )
                found["imperfect_chain"] = (measured.value, measured.standard_error)
            for quantity, (value, error) in found.items():
                about = {
                    "target": target,
                    "steps": steps,
                    "quantity": quantity,
                    "value": value,
                    "standard_error": error,
                }
                rows.append(
                    about | {"paths": paths if error else 0, "gamma_min": low, "gamma_max": high}
                )
    return pd.DataFrame(rows)


def bit_terminal_kl(steps: int, amplitude: float = 4.0, points: int = 1601) -> float:
    """KL(data || samples) in nats of one bit, means +-amplitude and variance 1, after structured
    steps on the shifted grid.

    The sampler's density is carried from step to step by quadrature; b independent bits have b
    times as much.
    """
    bit = Mixture(np.array([[-amplitude], [amplitude]]), np.array([0.5, 0.5]), 1.0)
    etas = shifted_grid(np.log(2) / amplitude**2, 1.0, steps)
    taus = 1 / etas[1:]
    x = np.linspace(-amplitude - 9 * np.sqrt(taus[0]), amplitude + 9 * np.sqrt(taus[0]), points)
    # from eta 0 the first step leads to one Gaussian around E mu
    density = norm.pdf(x, 0, np.sqrt(taus[0]))
    for tau, tau_next in pairwise(taus):
        share = tau_next / tau
        mean = share * x + (1 - share) * bit.component_mean(x[:, None], tau - bit.variance)[:, 0]
        deviation = np.sqrt(share * (tau - tau_next))
        y = np.linspace(
            -amplitude - 9 * np.sqrt(tau_next), amplitude + 9 * np.sqrt(tau_next), points
        )
        density = norm.pdf(y[:, None], mean[None], deviation) @ (density * (x[1] - x[0]))
        x = y
    truth = np.exp(bit.log_density(x[:, None], taus[-1] - bit.variance))
    with np.errstate(divide="ignore", invalid="ignore"):
        terms = np.where(truth > 1e-300, truth * (np.log(truth) - np.log(density)), 0.0)
    return float(terms.sum() * (x[1] - x[0]))


def entropy_against_dimension(draws: int = 10_000, paths: int = 10_000) -> pd.DataFrame:
    """Fig. 25: steps needed for a path (or terminal) KL of 0.05 nats, against entropy and against
    dimension; chains in R^d.
    """
    rows = []

    def add(experiment, quantity, entropy, dimension, value, error=0.0):
        about = {
            "experiment": experiment,
            "quantity": quantity,
            "entropy": entropy,
            "dimension": dimension,
        }
        rows.append(about | {"value": value, "standard_error": error, "tolerance": TOLERANCE})

    for codewords in (2, 4, 16, 64):
        for dimension in (2, 8, 32, 128, 512, 1024):
            mixture = codebook(dimension, codewords)
            risk = component_risk(mixture, draws)
            needed = fewest_steps(structured_cost(mixture, risk, 1.0), TOLERANCE)
            add("codebook", "structured", mixture.entropy, dimension, needed)
            shifts = (mixture.entropy / mixture.spread, 1.0, 0.1)
            plain = min(
                fewest_steps(plain_cost(mixture, risk, 0.01, shift), TOLERANCE) for shift in shifts
            )
            add("codebook", "plain", mixture.entropy, dimension, plain)
            bound = partial(theorem_bound, mixture.entropy, mixture.spread, 1.0)
            add("codebook", "theorem", mixture.entropy, dimension, fewest_steps(bound, TOLERANCE))
    path = lru_cache(None)(bits_cost([4.0]))
    terminal: Callable[[int], float] = lru_cache(None)(bit_terminal_kl)
    for bits in (1, 2, 4, 6, 8, 10):
        entropy = bits * np.log(2)
        add(
            "hypercube",
            "path",
            entropy,
            bits,
            fewest_steps(lambda k, b=bits: b * path(k), TOLERANCE),
        )
        # One step gives one Gaussian; from two on the terminal KL falls.
        add(
            "hypercube",
            "terminal",
            entropy,
            bits,
            1 + fewest_steps(lambda k, b=bits: b * terminal(k + 1), TOLERANCE),
        )
    lattice = 6 * (np.stack(np.meshgrid(np.arange(4), np.arange(4)), -1).reshape(16, 2) - 1.5)
    etas = np.geomspace(1 / 101, 1 / 1.02, 17)
    grid = 1 / (1 / etas - 1)
    # of the lattice, which is two of them at once
    side = Mixture(6 * (np.arange(4.0)[:, None] - 1.5), np.full(4, 1 / 4))
    exact = 2 * discretisation_error(partial(mmse, side), etas)
    for dimension in (2, 8, 32, 128, 512):
        plane = np.linalg.qr(np.random.default_rng(3).standard_normal((dimension, 2)))[0]
        mixture = Mixture(lattice @ plane.T, np.full(16, 1 / 16), 1.0)
        add("lattice, 16 steps", "structured_exact", mixture.entropy, dimension, exact)
        for quantity, structured in (("structured_kl", True), ("plain_kl", False)):
            n = paths if dimension <= 100 else paths // 4
            found = Estimate.of(
                chain_kl(mixture, grid, n, np.random.default_rng(1), structured=structured)
            )
            add(
                "lattice, 16 steps",
                quantity,
                mixture.entropy,
                dimension,
                found.value,
                found.standard_error,
            )
    return pd.DataFrame(rows)


def levels_against_dimension(samples: int = 20_000) -> pd.DataFrame:
    """Fig. 26: levels that can be told apart, steps that samplers need, and what share of a planted
    component fewer find.
    """
    rows = []
    for dimension in 2 * 4 ** np.arange(8):
        values = {"distinguishable": distinguishable_levels(int(dimension))}
        for eta in (0.0, 1.0):
            cost = partial(gaussian_terminal_kl, int(dimension), eta=eta)
            values[f"ddim_eta_{eta:g}"] = fewest_steps(cost, TOLERANCE)
        rows += [
            {"quantity": name, "dimension": dimension, "value": value}
            for name, value in values.items()
        ]
    for dimension in 4 ** np.arange(3, 9):
        # Bisection on the fraction's own noise: the same seed for every count of steps.
        needed = fewest_steps(
            lambda k, d=int(dimension): -planted_fraction(d, k, samples, 0).mean(), -0.25
        )
        rows.append({"quantity": "planted_quarter", "dimension": dimension, "value": needed})
    for dimension in (16, 64, 256, 1024):
        needed = fewest_steps(lambda k, d=dimension: -search_success(d, k, 2.0), -0.9)
        rows.append({"quantity": "hidden_codebook", "dimension": dimension, "value": needed})
        rows.append(
            {
                "quantity": "visible_width",
                "dimension": dimension,
                "value": visible_width(dimension),
            }
        )
    for dimension in (64, 1024, 16384):
        for per_root in (0.25, 0.5, 1, 2, 4, 8, 16):
            found = Estimate.of(
                planted_fraction(dimension, int(per_root * np.sqrt(dimension)), samples, 0)
            )
            row = {
                "quantity": "planted_fraction",
                "dimension": dimension,
                "steps_per_root": per_root,
                "value": found.value,
            }
            rows.append(row | {"standard_error": found.standard_error, "samples": samples})
    return pd.DataFrame(rows)


EXPERIMENTS: dict[str, Callable[[], pd.DataFrame]] = {
    "fig23": toys,
    "fig24": path_costs,
    "fig25": entropy_against_dimension,
    "fig26": levels_against_dimension,
}
