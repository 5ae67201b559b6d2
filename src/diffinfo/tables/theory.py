"""The tables of Figs. 23 to 26, tidy: few steps on two mixtures, what steps cost, and how steps and
noise levels grow with entropy and with dimension.

Every function makes the figure's table by default; smaller arguments make a smaller one.
"""

from collections.abc import Mapping, Sequence
from functools import cache, partial
from itertools import pairwise
from pathlib import Path

import jax
import numpy as np
import pandas as pd
from scipy.stats import norm

from diffinfo.estimate.risk import risk_curve
from diffinfo.estimate.statistics import Estimate, half_width
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
    limit_steps,
    plain_cost,
    shifted_grid,
    structured_cost,
    theorem_bound,
    uneven,
)
from diffinfo.exact.toys import (
    TOYS,
    energy_distance,
    mean_distance,
    mode_scores,
    negative_log_likelihood,
)
from diffinfo.process.schedule import ddpm_alphas_cumprod, log_snr_of_alpha
from diffinfo.sample.grids import edm_grid, even_grid, log_snr_grid
from diffinfo.sample.las import las
from diffinfo.sample.solvers import ddim, ode_2m, sde_2m, solve

SAMPLERS = {"DDIM": ddim(1.0), "DDIM, eta 0": ddim(0.0), "ODE-2M": ode_2m, "SDE-2M": sde_2m}
# Enough steps are those that leave a path or terminal KL of so many nats.
TOLERANCE = 0.05


def _with_half_width(rows: list[dict]) -> pd.DataFrame:
    """The rows as a table, with 95 % half-widths beside standard errors over many draws."""
    table = pd.DataFrame(rows)
    return table.assign(half_width=half_width(table["standard_error"]))


def _toy_grids(lams: np.ndarray, risk: np.ndarray, steps: int) -> Mapping[str, np.ndarray]:
    """Grids of log-SNRs `(steps + 1,)` by the name of their schedule, for candidates `lams` and the
    risk there, both `(N,)`.
    """
    snr = np.exp(lams)
    return {
        "LAS": lams[las(snr, risk, steps, 0.05).indices],
        "LAS, lambda 0": lams[las(snr, risk, steps, 0.0).indices],
        "LAS, rho 0.01": lams[las(snr, risk, steps, 0.05, 0.01).indices],
        "linear": even_grid(lams, steps),
        "EDM": edm_grid(lams[0], lams[-1], steps),
        "log-SNR": log_snr_grid(lams[0], lams[-1], steps),
    }


def _toy_scores(
    mixture: Mixture, x: np.ndarray, data: list[tuple[np.ndarray, float]]
) -> dict[str, Estimate]:
    """Scores of samples x `(n, 2)`; those without a value per sample are taken on parts of x, as
    many as there are blocks of data `(m, 2)`, which come with the mean distance in each.
    """
    parts = np.array_split(x, len(data))
    ratios, distances = zip(*(mode_scores(mixture, part) for part in parts), strict=True)
    apart = [
        energy_distance(part[: len(block)], block, within)
        for part, (block, within) in zip(parts, data, strict=True)
    ]
    return {
        "nll": Estimate.of(negative_log_likelihood(mixture, x)),
        "energy_distance": Estimate.of(np.array(apart)),
        "variance_ratio": Estimate.of(np.array(ratios)),
        "weights_distance": Estimate.of(np.array(distances)),
    }


def toys(
    samples: int = 50_000,
    curve: int = 10_000,
    nfe: Sequence[int] = (5, 7, 10),
    samplers: Sequence[str] = tuple(SAMPLERS),
    block: int = 2000,
) -> pd.DataFrame:
    """Fig. 23: schedules and samplers with few steps on two mixtures, with the exact denoiser; nll
    and path_kl are in nats.

    samples: of every sampler. curve: examples of the risk curve. nfe: evaluations of the
    denoiser. samplers: keys of SAMPLERS. block: examples of data in each of the eight energy
    distances.
    """
    rows = []
    lams = log_snr_of_alpha(ddpm_alphas_cumprod())[::-1]
    for name, make in TOYS.items():
        mixture = make()
        denoiser, rng = mixture.denoiser(), np.random.default_rng(0)
        risk, _ = risk_curve(denoiser, mixture.draw(curve, rng), lams, jax.random.key(0))
        blocks = [mixture.draw(block, rng) for _ in range(8)]
        data = [(drawn, mean_distance(drawn)) for drawn in blocks]
        # This is I(x; x_t) between the ends of the grid, by the trapezoidal rule over all
        # candidates. The path KLs of one risk curve share its error, which is not worked out.
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
                        "half_width": estimate.half_width,
                        "samples": estimate.n,
                    }
                )

        add("data", "data", 0, _toy_scores(mixture, mixture.draw(samples, rng), data))
        for steps in nfe:
            for schedule, grid in _toy_grids(lams, risk, steps).items():
                at = np.interp(grid, lams, risk)
                cost = 0.5 * float(np.diff(np.exp(grid)) @ at[:-1]) - gained
                add("path", schedule, steps, {"path_kl": Estimate(cost, np.nan, curve)})
                for sampler in samplers:
                    start_key, noise_key = jax.random.split(jax.random.key(1))
                    z = solve(
                        denoiser,
                        None,
                        jax.random.normal(start_key, (samples, 2)),
                        grid,
                        noise_key,
                        SAMPLERS[sampler],
                    )
                    x = np.asarray(z, float) * np.sqrt(1 + np.exp(-grid[-1]))
                    add(sampler, schedule, steps, _toy_scores(mixture, x, data))
    table = pd.DataFrame(rows)
    published = pd.read_csv(Path(__file__).with_name("published_toys.csv")).assign(quantity="nll")
    return table.merge(published, how="left", on=["toy", "sampler", "schedule", "nfe", "quantity"])


# These are two targets with known curves, and a mixture other than the second, whose denoiser is
# imperfect there.
TWO_POINTS = Mixture(np.array([[-1.0], [1.0]]), np.array([0.3, 0.7]))
THREE_MODES = Mixture(np.array([[-2.0], [0.5], [2.0]]), np.array([0.2, 0.5, 0.3]), 0.04)
ANOTHER = Mixture(np.array([[-1.8], [0.4], [2.3]]), np.array([0.35, 0.35, 0.3]), 0.09)


def path_costs(
    paths: int = 40_000, counts: Sequence[int] = (2, 4, 8, 16, 32, 64), levels: int = 400
) -> pd.DataFrame:
    """Fig. 24: path KL in nats against numbers of steps, by formula, by chains and by the bound,
    and the two parts of it that an imperfect denoiser has.

    paths: simulated chains. counts: numbers of steps. levels: steps of the grid that the best
    schedule chooses from.
    """
    rows = []
    for target, mixture, low, high in (
        ("two points", TWO_POINTS, 0.05, 20.0),
        ("three modes", THREE_MODES, 0.02, 100.0),
    ):
        best = partial(mmse, mixture)
        gained = information(mixture, high) - information(mixture, low)
        candidates = geometric_grid(low, high, levels)
        curve = best(candidates)
        for steps in counts:
            grid = geometric_grid(low, high, steps)
            exact = discretisation_error(best, grid)
            costs = {"discretisation": (exact, 0.0)}
            measured = Estimate.of(chain_kl(mixture, grid, paths, np.random.default_rng(1)))
            costs["chain"] = (measured.value, measured.standard_error)
            chosen = las(candidates, curve, steps, 0.0).snr
            costs["best_schedule"] = (path_cost(best, chosen, gained), 0.0)
            if mixture.variance == 0:
                costs["bound"] = (entropy_bound(renyi_half_entropy(mixture.weights), grid), 0.0)
            else:
                risk = partial(mmse, mixture, best=ANOTHER)
                costs["approximation"] = (
                    approximation_error(lambda gamma, r=risk, b=best: r(gamma) - b(gamma), grid),
                    0.0,
                )
                costs["imperfect"] = (path_cost(risk, grid, gained), 0.0)
                measured = Estimate.of(
                    chain_kl(mixture, grid, paths, np.random.default_rng(2), ANOTHER.denoise)
                )
                costs["imperfect_chain"] = (measured.value, measured.standard_error)
            for quantity, (value, error) in costs.items():
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
    return _with_half_width(rows)


def bit_terminal_kl(steps: int, amplitude: float = 4.0, points: int = 1601) -> float:
    """KL(data || samples) in nats of one bit, of means +-amplitude and variance 1, after structured
    steps on the shifted grid.

    The sampler's density is carried from step to step by quadrature on `points` points. Of b
    independent bits the KL is b times as large.
    """
    bit = Mixture(np.array([[-amplitude], [amplitude]]), np.array([0.5, 0.5]), 1.0)
    etas = shifted_grid(np.log(2) / amplitude**2, 1.0, steps)
    totals = 1 / etas[1:]

    def axis(total: float) -> np.ndarray:
        edge = amplitude + 9 * np.sqrt(total)
        return np.linspace(-edge, edge, points)

    # The first step starts from eta 0, and so leads to one Gaussian around E mu.
    x = axis(totals[0])
    density = norm.pdf(x, 0, np.sqrt(totals[0]))
    for total, total_next in pairwise(totals):
        share = total_next / total
        mean = share * x + (1 - share) * bit.component_mean(x[:, None], total - bit.variance)[:, 0]
        deviation = np.sqrt(share * (total - total_next))
        y = axis(total_next)
        density = norm.pdf(y[:, None], mean[None], deviation) @ (density * (x[1] - x[0]))
        x = y
    truth = np.exp(bit.log_density(x[:, None], totals[-1] - bit.variance))
    with np.errstate(divide="ignore", invalid="ignore"):
        terms = np.where(truth > 1e-300, truth * (np.log(truth) - np.log(density)), 0.0)
    return float(terms.sum() * (x[1] - x[0]))


def entropy_against_dimension(
    draws: int = 10_000,
    paths: int = 10_000,
    codewords: Sequence[int] = (2, 4, 16, 64),
    dimensions: Sequence[int] = (2, 8, 32, 128, 512, 1024),
    sizes: Sequence[int] = (2, 4, 8, 16, 32, 64, 128),
    width: int = 32,
    spread: float = 64.0,
    bits: Sequence[int] = (1, 2, 4, 6, 8, 10),
    amplitudes: Sequence[float] = (4, 8, 16, 32, 64),
    points: int = 801,
    lattice_dimensions: Sequence[int] = (2, 8, 32, 128, 512),
) -> pd.DataFrame:
    """Fig. 25: steps needed for a path (or terminal) KL of TOLERANCE, against entropy, spread and
    dimension, and chains of 16 steps in R^d.

    draws: examples at each node of a codebook's risk curve. paths: simulated chains of a lattice, a
    quarter as many beyond 100 dimensions. codewords and dimensions: of the random codebooks. sizes:
    codewords of the random codebooks of one dimension, `width`, that are told apart by entropy:
    with even weights, and with uneven ones (1, 1/2, 1/3, ...) of one spread, `spread`. bits: of the
    hypercubes, and of hierarchies, where every bit is twice as far apart as the one before.
    amplitudes: of hypercubes of four bits, which are told apart by their spread. points: of the
    quadrature in `bit_terminal_kl`. lattice_dimensions: of the spaces that hold the lattice.
    """
    rows = []

    def add(experiment, quantity, entropy, dimension, value, error=0.0, spread=np.nan):
        about = {
            "experiment": experiment,
            "quantity": quantity,
            "entropy": entropy,
            "dimension": dimension,
            "spread": spread,
        }
        rows.append(about | {"value": value, "standard_error": error, "tolerance": TOLERANCE})

    for count in codewords:
        for dimension in dimensions:
            mixture = codebook(dimension, count)
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
    for count in sizes:
        even = codebook(width, count)
        for name, mixture in (("even weights", even), ("uneven weights", uneven(even, spread))):
            cost = structured_cost(mixture, component_risk(mixture, draws), 1.0)
            of_limit = limit_steps(mixture.entropy, mixture.spread, 1.0, TOLERANCE)
            add(name, "path", mixture.entropy, width, fewest_steps(cost, TOLERANCE))
            add(name, "limit", mixture.entropy, width, of_limit)
            bound = partial(theorem_bound, mixture.entropy, mixture.spread, 1.0)
            add(name, "theorem", mixture.entropy, width, fewest_steps(bound, TOLERANCE))
    path, terminal = cache(bits_cost([4.0])), cache(partial(bit_terminal_kl, points=points))
    for b in bits:
        needed = fewest_steps(lambda k, b=b: b * path(k), TOLERANCE)
        add("hypercube", "path", b * np.log(2), b, needed)
        # One step gives one Gaussian; from two on the terminal KL falls.
        needed = 1 + fewest_steps(lambda k, b=b: b * terminal(k + 1), TOLERANCE)
        add("hypercube", "terminal", b * np.log(2), b, needed)
        sizes_of_bits = 4.0 * 2.0 ** np.arange(b)
        about, spread_of_bits = (b * np.log(2), b), float((sizes_of_bits**2).sum())
        needed = fewest_steps(bits_cost(sizes_of_bits), TOLERANCE)
        add("hierarchy", "path", *about, needed, spread=spread_of_bits)
        needed = limit_steps(b * np.log(2), spread_of_bits, 1.0, TOLERANCE)
        add("hierarchy", "limit", *about, needed, spread=spread_of_bits)
    for amplitude in amplitudes:
        about, spread_of_bits = (4 * np.log(2), 4), 4.0 * amplitude**2
        of_path = bits_cost(4 * [amplitude])
        terminal = cache(partial(bit_terminal_kl, amplitude=amplitude, points=points))
        for quantity, needed in (
            ("path", fewest_steps(of_path, TOLERANCE)),
            ("terminal", 1 + fewest_steps(lambda k, t=terminal: 4 * t(k + 1), TOLERANCE)),
            ("limit", limit_steps(4 * np.log(2), spread_of_bits, 1.0, TOLERANCE)),
        ):
            add("four bits", quantity, *about, needed, spread=spread_of_bits)
    lattice = 6 * (np.stack(np.meshgrid(np.arange(4), np.arange(4)), -1).reshape(16, 2) - 1.5)
    etas = np.geomspace(1 / 101, 1 / 1.02, 17)
    grid = 1 / (1 / etas - 1)
    # The lattice is the product of two such sides, so it costs twice as much as one.
    side = Mixture(6 * (np.arange(4.0)[:, None] - 1.5), np.full(4, 1 / 4))
    exact = 2 * discretisation_error(partial(mmse, side), etas)
    for dimension in lattice_dimensions:
        plane = np.linalg.qr(np.random.default_rng(3).standard_normal((dimension, 2)))[0]
        mixture = Mixture(lattice @ plane.T, np.full(16, 1 / 16), 1.0)
        about = (mixture.entropy, dimension)
        add("lattice, 16 steps", "structured_exact", *about, exact)
        for quantity, structured in (("structured_kl", True), ("plain_kl", False)):
            n = paths if dimension <= 100 else paths // 4
            measured = Estimate.of(
                chain_kl(mixture, grid, n, np.random.default_rng(1), structured=structured)
            )
            add("lattice, 16 steps", quantity, *about, measured.value, measured.standard_error)
    return _with_half_width(rows)


def levels_against_dimension(
    samples: int = 20_000,
    dimensions: Sequence[int] = (2, 8, 32, 128, 512, 2048, 8192, 32768),
    planted: Sequence[int] = (64, 256, 1024, 4096, 16384, 65536),
    codebooks: Sequence[int] = (16, 64, 256, 1024),
    shares: Sequence[int] = (64, 1024, 16384),
) -> pd.DataFrame:
    """Fig. 26: levels that can be told apart, steps that samplers need, and the share of a planted
    component that samplers with fewer steps reach.

    samples: per sampler of the planted mixture. The dimensions are those of N(0, I), of the
    `planted` mixture whose steps are counted, of the hidden `codebooks`, and of the planted mixture
    whose `shares` are measured.
    """
    rows = []
    for dimension in dimensions:
        values = {"distinguishable": distinguishable_levels(dimension)}
        for eta in (0.0, 1.0):
            cost = partial(gaussian_terminal_kl, dimension, eta=eta)
            values[f"ddim_eta_{eta:g}"] = fewest_steps(cost, TOLERANCE)
        rows += [
            {"quantity": name, "dimension": dimension, "value": value}
            for name, value in values.items()
        ]
    for dimension in planted:
        # Every count of steps has the same seed, so that the bisection sees one smooth curve.
        needed = fewest_steps(
            lambda k, d=dimension: -planted_fraction(d, k, samples, 0).mean(), -0.25
        )
        rows.append({"quantity": "planted_quarter", "dimension": dimension, "value": needed})
    for dimension in codebooks:
        needed = fewest_steps(lambda k, d=dimension: -search_success(d, k, 2.0), -0.9)
        rows.append({"quantity": "hidden_codebook", "dimension": dimension, "value": needed})
        rows.append(
            {
                "quantity": "visible_width",
                "dimension": dimension,
                "value": visible_width(dimension),
            }
        )
    for dimension in shares:
        for per_root in (0.25, 0.5, 1, 2, 4, 8, 16):
            share = Estimate.of(
                planted_fraction(dimension, int(per_root * np.sqrt(dimension)), samples, 0)
            )
            row = {
                "quantity": "planted_fraction",
                "dimension": dimension,
                "steps_per_root": per_root,
                "value": share.value,
            }
            rows.append(row | {"standard_error": share.standard_error, "samples": samples})
    return _with_half_width(rows)
