"""Labelled images sampled in few steps: the loss-adaptive schedule against common grids, scored by
a classifier of noised images.

`pilot` tunes every schedule that has something to tune on training images, `compare` measures what
it chose on held-out ones.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import product
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pandas as pd

from diffinfo.data.dataset import Dataset
from diffinfo.errors import DataError
from diffinfo.estimate.frechet import classifier_features, frechet_distance
from diffinfo.estimate.risk import risk_curve
from diffinfo.exact import path_kl
from diffinfo.process.denoise import Denoiser
from diffinfo.process.forward import decoded
from diffinfo.process.schedule import schedule_of
from diffinfo.sample.grids import edm_grid, log_snr_grid, time_grid
from diffinfo.sample.guidance import guided
from diffinfo.sample.las import las
from diffinfo.sample.solvers import ddim, ode_2m, sde_2m, solve

SAMPLERS = {"DDIM": ddim(0.0), "ODE-2M": ode_2m, "SDE-2M": sde_2m}
# Every schedule, and the settings whose values the pilot tries for it. A grid even in log-SNR has
# none: its ends are the process's, as are those of the others.
SCHEDULES = {
    "LAS": ("saturation", "smoothness"),
    "time": ("power",),
    "EDM": ("rho",),
    "log-SNR": (),
}
_FEATURE_KEY = 7  # of the noise that images are scored with, the same for all
_PILOT_SEED = 1000  # beyond the seeds that are compared


@dataclass(frozen=True)
class FewSteps:
    """A denoiser of labelled images, and the classifier `(z, lam) -> (N, classes)` that scores its
    samples.

    process: the config's section that the denoiser was trained with; per_class: how many images of
    each label a set of samples has. Raises DataError for data that are not labelled images.
    """

    dataset: Dataset
    denoiser: Denoiser
    log_posterior: Callable
    process: Mapping[str, float]
    per_class: int

    def __post_init__(self):
        if not (self.dataset.has_pixels and self.dataset.classes):
            raise DataError("comparing schedules takes labelled images, and these data are not")

    @property
    def lam_range(self) -> tuple[float, float]:
        """The log-SNRs from which and to which all grids go."""
        return schedule_of(self.process)[1]

    @property
    def y(self) -> np.ndarray:
        """The labels of a set of samples, `(N,)`."""
        return np.repeat(np.arange(self.dataset.classes), self.per_class)

    def grid(
        self, schedule: str, steps: int, curve: pd.DataFrame, tuned: Mapping[str, float]
    ) -> np.ndarray:
        """Log-SNRs `(steps + 1,)` of a schedule; curve: the risk curve of `pilot`; tuned: a value
        for each of the schedule's settings.
        """
        if schedule == "LAS":
            return las(
                curve["snr"], curve["risk"], steps, tuned["saturation"], tuned["smoothness"]
            ).log_snr
        if schedule == "time":
            return time_grid(schedule_of(self.process)[0], *self.lam_range, steps, tuned["power"])
        if schedule == "EDM":
            return edm_grid(*self.lam_range, steps, tuned["rho"])
        return log_snr_grid(*self.lam_range, steps)

    def sample(self, sampler: str, grid: np.ndarray, weight: float, seed: int) -> np.ndarray:
        """Images `(N, H, W, C)` in [0, 1] of the labels y, with guidance weight `weight`.

        They are the last position, without its noise scale but not denoised once more: every
        evaluation of the denoiser is a step of the grid.
        """
        start_key, noise_key = jax.random.split(jax.random.key(seed))
        start = jax.random.normal(start_key, (len(self.y), *self.dataset.x_train.shape[1:]))
        field = guided(self.denoiser, weight) if weight else self.denoiser
        z = solve(field, jnp.asarray(self.y), start, grid, noise_key, SAMPLERS[sampler])
        return np.clip(np.asarray(z) * np.sqrt(1 + np.exp(-grid[-1])), 0, 1)

    def features(self, x: np.ndarray) -> np.ndarray:
        """The classifier's features of images, always with the same noise, `(N, D)`."""
        return classifier_features(self.log_posterior, x, jax.random.key(_FEATURE_KEY))

    def scores(self, x: np.ndarray, y: np.ndarray, real: np.ndarray) -> dict[str, float]:
        """Fréchet distance of images x to the features `real`, and how often the classifier sees
        their labels y at log-SNR 4.
        """
        features = self.features(x)
        right = features[:, : self.dataset.classes].argmax(1) == y
        return {
            "frechet_distance": frechet_distance(features, real),
            "accuracy": float(right.mean()),
        }


def pilot(few: FewSteps, settings: Mapping[str, Any]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The schedules that a pilot tried, and the risk curve that the loss-adaptive ones were fitted
    to, all on training images.

    A row per sampler, number of steps (`nfe`), `schedule` and values of its settings (`saturation`
    and `smoothness`, `power`, or `rho`; NaN for those of other schedules), with the scores of
    samples without guidance; `chosen` is the one of least distance for each sampler, number of
    steps and schedule. The risk curve has `snr`, `risk` and `standard_error` (`estimate/risk.py`).
    settings: a config's `few_steps` section.
    """
    dataset, lams = few.dataset, np.linspace(*few.lam_range, settings["candidates"])
    rows = np.random.default_rng(0).permutation(len(dataset.x_train))[: settings["examples"]]
    x, y = decoded(dataset.x_train[rows]), dataset.y_train[rows]
    risk, error = risk_curve(few.denoiser, x, lams, jax.random.key(0), y, block=256)
    curve = pd.DataFrame({"snr": np.exp(lams), "risk": risk, "standard_error": error})
    real, seed = few.features(decoded(dataset.x_train)), settings["seeds"] + _PILOT_SEED
    candidates = [
        (schedule, dict(zip(names, values, strict=True)))
        for schedule, names in SCHEDULES.items()
        if names
        for values in product(*(settings[name] for name in names))
    ]
    tries = []
    for sampler, steps, (schedule, tuned) in product(SAMPLERS, settings["evaluations"], candidates):
        grid = few.grid(schedule, steps, curve, tuned)
        case = {"sampler": sampler, "nfe": steps, "schedule": schedule}
        scores = few.scores(few.sample(sampler, grid, 0.0, seed), few.y, real)
        tries.append(case | tuned | scores)
    table = pd.DataFrame(tries).assign(examples=settings["examples"], split="train")
    least = table.groupby(["sampler", "nfe", "schedule"])["frechet_distance"].transform("min")
    return table.assign(chosen=table["frechet_distance"] == least), curve


def _chosen(tries: pd.DataFrame, sampler: str, steps: int) -> pd.DataFrame:
    """The tries that a pilot chose for a sampler and number of steps, by schedule."""
    of_case = (tries["sampler"] == sampler) & (tries["nfe"] == steps) & tries["chosen"]
    return tries[of_case].groupby("schedule").first()


def path_cost(curve: pd.DataFrame, log_snr: np.ndarray) -> float:
    """Nats of path KL that steps of a frozen denoiser lose between the levels `log_snr` `(K + 1,)`:

        1/2 [sum_k (snr_{k+1} - snr_k) R(snr_k) - int R dsnr]

    (2601.21943, Eq. 5.1, less what the denoiser's own error costs at any number of steps). curve:
    columns `snr`, and `risk` R. It is that of `sample/solvers.py`'s first-order stochastic step,
    and for other samplers says how levels share out the work.
    """
    lams, log_risk = np.log(curve["snr"].to_numpy()), np.log(curve["risk"].to_numpy())

    def risk(snr: np.ndarray) -> np.ndarray:
        return np.exp(np.interp(np.log(snr), lams, log_risk))

    inside = lams[(lams > log_snr[0]) & (lams < log_snr[-1])]
    fine = np.concatenate([log_snr[:1], inside, log_snr[-1:]])
    gained = 0.5 * float(np.trapezoid(risk(np.exp(fine)) * np.exp(fine), fine))
    return path_kl.path_cost(risk, np.exp(log_snr), gained)


Pilot = tuple[pd.DataFrame, pd.DataFrame]


def compare(
    few: FewSteps,
    settings: Mapping[str, Any],
    piloted: Pilot,
    borrowed: Pilot | None = None,
    report: Callable[[str], None] = lambda line: None,
) -> pd.DataFrame:
    """Scores, against test images, of samples on all SCHEDULES, tuned as a `pilot` chose.

    A row per `sampler`, `schedule`, number of steps (`nfe`), `guidance` weight and `seed`; the
    first one, of the sampler and schedule "data", scores as many training images, as a perfect
    sampler would be scored. Without guidance there is also the schedule's `path_cost`. piloted:
    what `pilot` returned; borrowed: what it returned for the images of the experiment
    `settings["borrow"]`, whose loss-adaptive schedules are compared, too.
    """
    dataset, (tries, curve) = few.dataset, piloted
    real = few.features(decoded(dataset.x_test))
    drawn = np.random.default_rng(0).permutation(len(dataset.x_train))[: len(few.y)]
    case = {"sampler": "data", "schedule": "data", "nfe": 0, "guidance": 0.0, "seed": 0}
    training = few.scores(decoded(dataset.x_train[drawn]), dataset.y_train[drawn], real)
    rows = [case | training]
    for sampler, steps in product(SAMPLERS, settings["evaluations"]):
        chosen = _chosen(tries, sampler, steps)
        grids = {
            schedule: few.grid(schedule, steps, curve, chosen.loc[schedule] if names else {})
            for schedule, names in SCHEDULES.items()
        }
        if borrowed is not None:
            others = _chosen(borrowed[0], sampler, steps)
            name = f"LAS of {settings['borrow']}"
            grids[name] = few.grid("LAS", steps, borrowed[1], others.loc["LAS"])
        seeds = range(settings["seeds"])
        for (name, grid), weight, seed in product(grids.items(), settings["guidance"], seeds):
            case = {"sampler": sampler, "schedule": name, "nfe": steps}
            scores = few.scores(few.sample(sampler, grid, weight, seed), few.y, real)
            if not weight:
                scores["path_cost"] = path_cost(curve, grid)
            rows.append(case | {"guidance": weight, "seed": seed} | scores)
        report(f"{sampler}, {steps} steps: {len(rows)} sets of {len(few.y)} images scored")
    return pd.DataFrame(rows).assign(
        images=len(few.y),
        held_out=len(dataset.x_test),
        lam_min=few.lam_range[0],
        lam_max=few.lam_range[1],
    )
