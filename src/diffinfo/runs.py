"""One experiment trained with one seed is a *run*. This is the only place that knows which files a
run has, and where.

Standard library only, so that the workflow can use it before anything else is loaded.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple


class File(NamedTuple):
    """path: below the folder of runs, with `{experiment}` and `{seed}` in it, or below that of data
    sets, with `{data}` in it; about: what it holds, for help texts.
    """

    path: str
    about: str


_RUN = "{experiment}/seed-{seed}"

FILES = {
    # Any number of experiments may share them.
    "data": File("{data}.npz", "the data set, of the data stage; its card (.json) lies beside it"),
    "card": File("{data}.json", "source, counts, checksum and known truths of the data set"),
    "model": File(f"{_RUN}/model.msgpack", "a model of the train stage"),
    "history": File(f"{_RUN}/model.history.csv", "learning curve"),
    "risk": File(
        f"{_RUN}/model.risk.csv", "risk curve of the field, as `diffinfo schedule` takes it"
    ),
    "cost": File(f"{_RUN}/model.cost.json", "seconds and steps of the training"),
    "classifier": File(
        f"{_RUN}/classifier.msgpack", "a classifier of noised images, of the classifier stage"
    ),
    "classifier_history": File(f"{_RUN}/classifier.history.csv", "learning curve"),
    "classifier_cost": File(f"{_RUN}/classifier.cost.json", "seconds and steps of the training"),
    "estimate": File(
        f"{_RUN}/estimate.json", "entropies and mutual information with their standard errors"
    ),
    "profile": File(f"{_RUN}/estimate.profile.csv", "where in log-SNR they sit"),
    "spectra": File(
        f"{_RUN}/spectra.csv", "where labels would sit in random fields of the classes' spectra"
    ),
    "samples": File(f"{_RUN}/samples.npz", "generated images beside real ones"),
    "maps": File(f"{_RUN}/maps.npz", "maps of label information by pixel and range of log-SNR"),
    "pilot": File(
        f"{_RUN}/pilot.csv",
        "the schedules that a pilot tried, and which it chose; its risk curve lies beside it",
    ),
    "pilot_risk": File(f"{_RUN}/pilot.risk.csv", "risk curve on training images"),
    "few_steps": File(
        f"{_RUN}/few_steps.csv", "scores by sampler, schedule, steps, guidance weight and seed"
    ),
    "latents": File(f"{_RUN}/latents.json", "what the codes of an autoencoder hold"),
    "codes": File(f"{_RUN}/latents.npz", "the codes, of the latents stage"),
    "code_model": File(
        f"{_RUN}/latents.semantic.msgpack",
        "a diffusion model of semantic codes, of the latents stage",
    ),
    "points": File(f"{_RUN}/tsne.npz", "two-dimensional points of each latent, and labels"),
    "reconstructions": File(
        f"{_RUN}/reconstructions.npz", "held-out images and their reconstructions"
    ),
    "two_stages": File(
        f"{_RUN}/two_stages.npz", "samples by label, code and image beside guided ones, with scores"
    ),
}


@dataclass(frozen=True, order=True)
class Run:
    """experiment: its name (a case of a sweep has one of its own); root: the folder of all runs,
    `<results>/runs`.
    """

    experiment: str
    seed: int
    root: Path

    @classmethod
    def at(cls, folder: str | Path) -> "Run":
        """The run whose files lie in `<root>/<experiment>/seed-<seed>`. Raises ValueError for any
        other folder.
        """
        folder = Path(folder)
        seed = re.fullmatch(r"seed-(\d+)", folder.name)
        if seed is None or not folder.parent.name:
            raise ValueError(
                f"{folder}: not a run's folder, which is named <experiment>/seed-<number>"
            )
        return cls(folder.parent.name, int(seed[1]), folder.parent.parent)

    @property
    def folder(self) -> Path:
        """Where the files of this seed lie."""
        return self.root / self.experiment / f"seed-{self.seed}"

    def file(self, name: str) -> Path:
        """The run's file of that name in `FILES` (data sets belong to no run)."""
        return self.root / FILES[name].path.format(experiment=self.experiment, seed=self.seed)


def by_experiment(runs: Iterable[Run]) -> dict[str, list[Run]]:
    """Runs by experiment, in the order given."""
    grouped: dict[str, list[Run]] = {}
    for run in runs:
        grouped.setdefault(run.experiment, []).append(run)
    return grouped
