"""One training, of fields, a classifier of noised images or an autoencoder, and all that is kept of
it.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jax
import numpy as np
import pandas as pd

from diffinfo.data.dataset import Dataset
from diffinfo.nn.build import NoisyClassifier, Trainable, network_of
from diffinfo.process.schedule import schedule_of
from diffinfo.train.loop import Trained, Trainer, make_objective, summarize, with_tau_log_snr


@dataclass(frozen=True)
class TrainedModel:
    """A model, its averaged parameters, and how they came about.

    history: a row per `step`, the loss's parts `loss_<part>_nats`, and `held_out_loss` where
    training looked at held-out rows; risk: of the conditional field, by `snr` (of bins of log-SNR),
    with the number of `rows` in the mean, or None for a classifier; cost: seconds, steps, best
    step, threads and devices.
    """

    model: Trainable
    params: Any
    history: pd.DataFrame
    risk: pd.DataFrame | None
    cost: dict[str, Any]


def _history(trained: Trained) -> pd.DataFrame:
    columns = [f"loss_{part}_nats" for part in trained.columns[:-1]] + ["held_out_loss"]
    history = pd.DataFrame(trained.history, columns=columns).dropna(axis="columns", how="all")
    history.insert(0, "step", np.arange(1, len(history) + 1))
    return history


def _risk(sums_and_rows: np.ndarray, lam_range: tuple[float, float]) -> pd.DataFrame:
    """The mean risk in each bin of log-SNR that has rows, at the SNR of the bin's middle."""
    sums, rows = sums_and_rows
    edges, seen = np.linspace(*lam_range, len(rows) + 1), rows > 0
    snr = np.exp(0.5 * (edges[1:] + edges[:-1]))[seen]
    return pd.DataFrame(
        {"snr": snr, "risk": sums[seen] / rows[seen], "rows": rows[seen].astype(int)}
    )


def train_model(
    dataset: Dataset,
    settings: Mapping[str, Any],
    seed: int,
    *,
    resume_file: Path | None = None,
    chunk: int | None = None,
    save_every: float = 20.0,
    report: Callable[[str], None] = lambda line: None,
    threads: int | None = None,
) -> TrainedModel:
    """Train what the sections `network`, `train` and `process` of `settings` describe.

    The result depends on the data, the settings and the seed only. resume_file, chunk, save_every:
    as in `Trainer.train`; threads: how many this process may use, for the record of the cost.
    Raises DataError for a network that cannot take the data, and TrainingDiverged.
    """
    process, train = settings["process"], settings["train"]
    model = network_of(with_tau_log_snr(settings["network"], process), summarize(dataset))
    began = time.monotonic()
    trained = Trainer(model, make_objective(train, process), train).train(
        dataset, seed, resume_file=resume_file, chunk=chunk, save_every=save_every, report=report
    )
    history = _history(trained)
    cost = {
        "seconds": round(time.monotonic() - began, 2),
        "steps": len(history),
        "best_step": trained.best_step,
        "threads": threads,
        "device": jax.devices()[0].device_kind,
        "devices": jax.device_count(),
    }
    is_classifier = isinstance(model, NoisyClassifier)
    risk = None if is_classifier else _risk(trained.risk, schedule_of(process)[1])
    last = zip(trained.columns, trained.history[-100:, :-1].mean(0), strict=False)
    losses = ", ".join(f"{part} {value:.4g}" for part, value in last)
    report(f"{len(history)} steps; last losses in nats: {losses}")
    return TrainedModel(model, trained.params, history, risk, cost)
