"""Training a model on one data set, in dispatches of many steps, with a state that can resume."""

import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.flatten_util import ravel_pytree
from jax.sharding import NamedSharding, PartitionSpec

from diffinfo.data.dataset import Dataset
from diffinfo.loss import Objective
from diffinfo.nn.build import DataSummary, Trainable
from diffinfo.process.density import LevelDensity
from diffinfo.process.forward import decoded
from diffinfo.process.schedule import schedule_of
from diffinfo.spread import AXIS
from diffinfo.train.progress import Progress
from diffinfo.train.record import Record, TrainingDiverged
from diffinfo.train.resume import ResumeFile
from diffinfo.train.step import initial_state, make_loss, make_optimizer, make_step
from diffinfo.train.stopping import EarlyStopping, held_out_rows

_HELD_OUT_DRAWS = 8  # noised copies of every held-out row


@dataclass(frozen=True)
class Trained:
    """What a training results in.

    params: the averaged (EMA) parameters, those of the smallest held-out loss where it was looked
    at. history: `(steps taken, len(columns))`: the parts of the loss in nats (the model's `parts`),
    and the held-out loss (as the objective weighs it) of the parameters after that step, NaN where
    it was not computed. risk: sums and counts `(2, RISK_BINS)` of `loss.risk_bins` over the later
    half of the steps; zeros where there is no field. best_step: after how many steps `params` were
    current. cut_short: whether the time was up before all steps were taken or the patience was
    exhausted.
    """

    params: Any
    history: np.ndarray
    columns: tuple[str, ...]
    risk: np.ndarray
    best_step: int
    cut_short: bool


def summarize(dataset: Dataset) -> DataSummary:
    """What the network must know of the training split, on the scale that the process sees."""
    x, y = decoded(dataset.x_train), dataset.y_train
    # Images have one mean and one scale for all entries; vectors are about standard already.
    mean, std = (float(x.mean()), float(x.std())) if dataset.is_image else (0.0, 1.0)
    if dataset.classes:
        return DataSummary(
            x.shape[1:], mean, std, classes=dataset.classes, pixels=dataset.has_pixels
        )
    y_mean, y_std = (tuple(float(v) for v in stat) for stat in (y.mean(0), y.std(0)))
    return DataSummary(
        x.shape[1:], mean, std, y_mean=y_mean, y_std=y_std, canonical="correlations" in dataset.card
    )


def make_objective(train: Mapping[str, Any], process: Mapping[str, Any]) -> Objective:
    """The objective of a config's `train` and `process` sections."""
    schedule, lam_range = schedule_of(process)
    density = LevelDensity.from_settings(train["density"], schedule, lam_range)
    return Objective(train["weighting"], density, schedule)


def with_tau_log_snr(network: Mapping[str, Any], process: Mapping[str, Any]) -> dict[str, Any]:
    """A config's `network` section, with the log-SNR of an autoencoder's `tau`, `tau_log_snr`."""
    if not network.get("autoencoder", {}).get("tau"):
        return dict(network)
    schedule, _ = schedule_of(process)
    tau_log_snr = float(schedule.log_snr(network["autoencoder"]["tau"]))
    return {**network, "autoencoder": {**network["autoencoder"], "tau_log_snr": tau_log_snr}}


def default_chunk(model: Trainable) -> int:
    """Steps per dispatch: enough to hide the dispatch, few enough that progress is seen.

    A U-Net on a CPU is slow, so there it is fewer.
    """
    return 10 if model.has_convolutions and jax.default_backend() == "cpu" else 50


class Trainer:
    """Trains a model; what it compiles serves every data set of one shape.

    Batches of convolutional networks are spread over all devices that can have equal shares of
    them; the result is the same.

    settings: a config's `train` section. With `validate_every`, a tenth of the training rows is
    held out; the parameters of the smallest loss there are kept, and training stops when `patience`
    looks in a row have brought no smaller one.
    """

    def __init__(self, model: Trainable, objective: Objective, settings: Mapping[str, Any]):
        self.model, self.settings = model, settings
        devices = jax.devices()
        share = math.gcd(settings["batch"], len(devices)) if model.has_convolutions else 1
        mesh = jax.sharding.Mesh(devices[:share], (AXIS,))
        self._everywhere = NamedSharding(mesh, PartitionSpec())
        by_rows = NamedSharding(mesh, PartitionSpec(AXIS))
        self._optimizer = make_optimizer(
            settings["steps"], settings["learning_rate"], settings["warmup"], settings["clip"]
        )

        def loss_of(unravel, constants):
            def params_of(flat):
                return unravel(flat) | constants

            return make_loss(model, params_of, objective, settings)

        def spread(rows):
            return jax.lax.with_sharding_constraint(rows, by_rows) if share > 1 else rows

        def run(state, x, y, constants, key, unravel, length):
            loss = loss_of(unravel, constants)
            step = make_step(loss, self._optimizer, settings["batch"], settings["ema"], spread)
            return jax.lax.scan(lambda carry, _: step(carry, x, y, key), state, None, length=length)

        def held_out_loss(flat, x, y, constants, key, unravel):
            """The loss on those rows, always with the same noise."""
            loss = loss_of(unravel, constants)
            keys = jax.random.split(jax.random.fold_in(key, 2**31 - 1), _HELD_OUT_DRAWS)
            return jnp.mean(jax.lax.map(lambda draw: loss(flat, x, y, draw)[0], keys))

        # The state's buffers are reused from one dispatch to the next.
        compiled = jax.jit(run, static_argnames=("unravel", "length"), donate_argnums=0)

        def run_on_mesh(*args):
            with jax.set_mesh(mesh):
                return compiled(*args)

        self._run = run_on_mesh if share > 1 else compiled
        self._held_out_loss = jax.jit(held_out_loss, static_argnames="unravel")

    def _data(
        self, dataset: Dataset, seed: int, groups: np.ndarray | None
    ) -> tuple[jax.Array, jax.Array, dict[str, jax.Array]]:
        """x and y to train on, on all devices, and those to hold out, none without looks."""
        rows, held_out = np.arange(len(dataset.x_train)), np.arange(0)
        if self.settings["validate_every"]:
            rows, held_out = held_out_rows(len(rows), seed, groups)
        x, y = jax.device_put((dataset.x_train[rows], dataset.y_train[rows]), self._everywhere)
        watched = {"x": dataset.x_train[held_out], "y": dataset.y_train[held_out]}
        return x, y, jax.tree.map(jnp.asarray, watched)

    def train(
        self,
        dataset: Dataset,
        seed: int,
        *,
        groups: np.ndarray | None = None,
        resume_file: Path | None = None,
        chunk: int | None = None,
        save_every: float = 20.0,
        report: Callable[[str], None] = lambda line: None,
        report_every: float = 10.0,
        seconds: float = float("inf"),
    ) -> Trained:
        """Train the model from fresh parameters, or from the state in `resume_file`.

        The result depends on the data, the settings and the seed only: not on `chunk`, the steps
        per dispatch, nor on being killed.

        groups: numbers `(n,)` of groups of training rows that are held out together. resume_file:
        where the state is kept (every `save_every` seconds, and when training
        diverges). report: is given a line of progress every `report_every` seconds. seconds: the
        time after which training stops at the next dispatch, wherever it is. Raises
        TrainingDiverged when a loss or gradient is not finite.
        """
        steps, every = self.settings["steps"], self.settings["validate_every"]
        chunk = chunk or default_chunk(self.model)
        resume, record = ResumeFile(resume_file, save_every), Record(self.model.parts, steps)
        params = self.model.init(seed)
        constants = jax.device_put(self.model.constants(dataset), self._everywhere)
        _, unravel = ravel_pytree(params)
        state = jax.device_put(initial_state(params, self._optimizer), self._everywhere)
        key = jax.random.fold_in(jax.random.key(seed), 1)
        x, y, held_out = self._data(dataset, seed, groups)
        held_out_loss = partial(
            self._held_out_loss, **held_out, constants=constants, key=key, unravel=unravel
        )
        stopping = EarlyStopping(
            held_out_loss, state["params"], steps, every, self.settings["patience"]
        )

        def resumable() -> dict[str, Any]:
            kept = {"history": record.history, "risk": record.risk, "best": stopping.best}
            return kept | {"state": state}

        saved = resume.load(resumable(), report)
        state = jax.device_put(saved["state"], self._everywhere)
        record.history, record.risk = np.array(saved["history"]), np.array(saved["risk"])
        stopping.best = saved["best"]
        done = int(state["step"])
        if done:
            report(f"going on from step {done} of {steps} ({resume_file})")
        progress = Progress(report, report_every, steps)
        deadline = time.monotonic() + seconds
        try:
            while done < steps and not stopping.has_stopped(done) and time.monotonic() < deadline:
                length = min(chunk, steps - done, stopping.steps_to_look(done))
                state, metrics = self._run(state, x, y, constants, key, unravel, length)
                progress.dispatched(metrics, done + length)
                record.add(done, metrics)  # This reads those of the dispatch before.
                done += length
                if stopping.is_due(done):
                    record.history[done - 1, -1] = stopping.look(done, state["ema"])
                if progress.is_due(done):
                    record.collect()
                    progress.show(done, record.recent(done))
                if resume.is_due():
                    record.collect()
                    resume.save(resumable())
            record.collect()
        except TrainingDiverged as diverged:
            resume.save(resumable())
            kept = f"; the state before it is kept in {resume_file}" if resume_file else ""
            raise TrainingDiverged(
                f"{diverged}{kept}. Lower train.learning_rate or train.clip, or check the data's "
                "scale."
            ) from None
        cut_short = done < steps and not stopping.has_stopped(done)
        if every and not stopping.is_due(done):  # The time was up between two looks.
            record.history[done - 1, -1] = stopping.look(done, state["ema"])
        best = stopping.best if every else {"params": state["ema"], "step": done}
        if done < steps:
            smallest = f"the held-out loss was smallest after {int(best['step'])}"
            why = "the time was up" if cut_short else smallest
            report(f"stopped after {done} of {steps} steps: {why}")
        return Trained(
            jax.tree.map(np.asarray, unravel(jnp.asarray(best["params"])) | constants),
            record.history[:done],
            (*self.model.parts, "held_out"),
            record.risk,
            int(best["step"]),
            cut_short,
        )
