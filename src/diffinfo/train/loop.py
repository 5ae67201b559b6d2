"""Training: chunked dispatch, progress with the time left, a state that survives being killed, and
a NaN guard.
"""

import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from flax import serialization
from jax.flatten_util import ravel_pytree
from jax.sharding import NamedSharding, PartitionSpec
from tqdm import tqdm

from diffinfo.checkpoint import load_tree, save_tree
from diffinfo.data.dataset import Dataset
from diffinfo.errors import DataError
from diffinfo.loss import RISK_BINS, Objective
from diffinfo.nn.build import DataSummary, Trainable
from diffinfo.process.density import LevelDensity
from diffinfo.process.forward import decoded
from diffinfo.process.schedule import schedule_of
from diffinfo.train.step import initial_state, make_loss, make_optimizer, make_step

VALIDATION_SHARE = 0.1  # of the training rows, where training stops early
_VALIDATION_ROWS, _VALIDATION_DRAWS = 4096, 8


class TrainingDiverged(FloatingPointError):
    """A loss or gradient stopped being finite; the message names the step and where the last good
    state lies.
    """


@dataclass(frozen=True)
class Trained:
    """params: the averaged (EMA) parameters, the best on held-out rows where those were looked at.

    history: `(steps taken, len(columns))`: the loss's parts in nats (the model's `parts`), and the
    held-out loss (as the objective weighs it) of the parameters after that step, NaN where it was
    not computed. risk: sums and counts `(2, RISK_BINS)` of `loss.risk_bins` over the later half of
    the steps; zeros where there is no field. best_step: when `params` were current. cut_short:
    whether the time was up before all steps were taken or the held-out loss had stopped falling.
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
    # One mean and one scale for all entries; zero and one where the data are already about standard
    # (vectors).
    mean, std = (float(x.mean()), float(x.std())) if dataset.is_image else (0.0, 1.0)
    if dataset.classes:
        return DataSummary(x.shape[1:], mean, std, classes=dataset.classes)
    y_mean, y_std = (tuple(float(v) for v in stat) for stat in (y.mean(0), y.std(0)))
    return DataSummary(
        x.shape[1:], mean, std, y_mean=y_mean, y_std=y_std, canonical="correlations" in dataset.card
    )


def make_objective(train: Mapping[str, Any], process: Mapping[str, Any]) -> Objective:
    """The objective of a config's `train` and `process` sections."""
    schedule, lam_range = schedule_of(process)
    density = LevelDensity.of(*lam_range, **train["density"])
    return Objective(train["weighting"], density, schedule)


def with_split(network: Mapping[str, Any], process: Mapping[str, Any]) -> dict[str, Any]:
    """A config's `network` section, in which a split of codes at a time `tau` becomes one at a
    log-SNR, `split`.
    """
    if not network.get("autoencoder", {}).get("tau"):
        return dict(network)
    schedule, _ = schedule_of(process)
    split = float(schedule.log_snr(network["autoencoder"]["tau"]))
    return {**network, "autoencoder": {**network["autoencoder"], "split": split}}


def default_chunk(model: Trainable) -> int:
    """Steps per dispatch: enough to hide the dispatch, and few enough that progress is seen (a
    U-Net on a CPU is slow).
    """
    return 10 if model.has_convolutions and jax.default_backend() == "cpu" else 50


def held_out_rows(n: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Rows to train on and rows to watch."""
    rows = np.random.default_rng([seed, 2]).permutation(n)
    return np.sort(rows[round(n * VALIDATION_SHARE) :]), np.sort(
        rows[: round(n * VALIDATION_SHARE)][:_VALIDATION_ROWS]
    )


class Trainer:
    """Trains a model, both of its fields; what it compiles serves every data set of one shape.

    Batches of convolutional networks are spread over all devices that can have equal shares of
    them; the result is the same.

    settings: a config's `train` section. With `validate_every`, a tenth of the training rows is
    held out; the parameters of the smallest loss there are kept, and training stops when `patience`
    looks in a row have not found a smaller one.
    """

    def __init__(self, model: Trainable, objective: Objective, settings: Mapping[str, Any]):
        self.model, self.settings = model, settings
        devices = jax.devices()
        share = math.gcd(settings["batch"], len(devices)) if model.has_convolutions else 1
        mesh = jax.sharding.Mesh(devices[:share], ("batch",))
        self._everywhere, self._spread = (
            NamedSharding(mesh, spec) for spec in (PartitionSpec(), PartitionSpec("batch"))
        )
        self._optimizer = make_optimizer(
            *(settings[name] for name in ("steps", "learning_rate", "warmup", "clip"))
        )

        def loss_of(unravel):
            return make_loss(model, unravel, objective, settings)

        def spread(rows):
            return jax.lax.with_sharding_constraint(rows, self._spread) if share > 1 else rows

        def run(state, x, y, key, unravel, length):
            step = make_step(
                loss_of(unravel), self._optimizer, settings["batch"], settings["ema"], spread
            )
            return jax.lax.scan(lambda carry, _: step(carry, x, y, key), state, None, length=length)

        def validation(flat, x, y, key, unravel):
            """The loss on those rows, always with the same noise."""
            keys = jax.random.split(jax.random.fold_in(key, 2**31 - 1), _VALIDATION_DRAWS)
            return jnp.mean(jax.lax.map(lambda draw: loss_of(unravel)(flat, x, y, draw)[0], keys))

        def run_together(states, x, y, keys, unravel, length):
            return jax.vmap(lambda state, key: run(state, x, y, key, unravel, length))(states, keys)

        self._run, self._run_together = (
            jax.jit(steps, static_argnames=("unravel", "length"), donate_argnums=0)
            for steps in (run, run_together)
        )
        self._validation = jax.jit(validation, static_argnames="unravel")

    def train(self, dataset: Dataset, seed: int, **options: Any) -> Trained:
        """One training of the trainer's model, as `train_together` does several."""
        return self.train_together(dataset, [(self.model, seed)], **options)[0]

    def train_together(
        self,
        dataset: Dataset,
        members: Sequence[tuple[Trainable, int]],
        *,
        resume_file: Path | None = None,
        chunk: int | None = None,
        save_every: float = 20.0,
        report: Callable[[str], None] = lambda line: None,
        report_every: float = 10.0,
        seconds: float = float("inf"),
    ) -> list[Trained]:
        """Models of the trainer's shape, each with its seed; several are one vectorised program,
        which suits GPUs.

        The result depends on the data, the settings and the seed only - not on `chunk`, nor on
        being killed, nor (up to rounding) on company. In company nothing is held out:
        `validate_every` must be 0, or ValueError is raised.

        resume_file: where the state is kept (every `save_every` seconds, and when training
        diverges); an existing one is gone on from. seconds: time after which training stops at the
        next dispatch, wherever it is. Raises TrainingDiverged.
        """
        settings, steps, every = (
            self.settings,
            self.settings["steps"],
            self.settings["validate_every"],
        )
        alone = len(members) == 1
        if every and not alone:
            raise ValueError(
                f"train.validate_every is {every}: models that train together cannot stop early; set it to 0"
            )
        params = [model.init(seed, dataset.card.get("correlations", ())) for model, seed in members]
        _, unravel = ravel_pytree(params[0])
        states = [initial_state(each, self._optimizer) for each in params]
        keys = [jax.random.fold_in(jax.random.key(seed), 1) for _, seed in members]
        if alone:
            (state,), (key,), run = states, keys, self._run
        else:
            state, key, run = (
                jax.tree.map(lambda *each: jnp.stack(each), *states),
                jnp.stack(keys),
                self._run_together,
            )
        rows = np.arange(len(dataset.x_train))
        if every:
            rows, watched = held_out_rows(len(rows), members[0][1])
            x_watched, y_watched = (
                jnp.asarray(dataset.x_train[watched]),
                jnp.asarray(dataset.y_train[watched]),
            )
            validation = partial(
                self._validation, x=x_watched, y=y_watched, key=key, unravel=unravel
            )
        x, y = jax.device_put((dataset.x_train[rows], dataset.y_train[rows]), self._everywhere)
        state = jax.device_put(state, self._everywhere)
        parts = len(self.model.parts)
        history = np.full((*state["step"].shape, steps, parts + 1), np.nan, np.float32)
        risk = np.zeros((*state["step"].shape, 2, RISK_BINS))
        best = {"params": np.asarray(state["params"]), "loss": np.float32(np.inf), "step": 0}
        done = 0
        if every:
            best["loss"] = np.asarray(validation(state["params"]))
        if resume_file is not None and resume_file.exists():
            try:
                saved = load_tree(resume_file)
                state = jax.device_put(
                    serialization.from_state_dict(state, saved["state"]), self._everywhere
                )
                history, risk, best = (
                    np.array(saved["history"]),
                    np.array(saved["risk"]),
                    saved["best"],
                )
                done = int(np.min(saved["state"]["step"]))
                report(f"going on from step {done} of {steps} ({resume_file})")
            except (DataError, KeyError, TypeError, ValueError) as error:
                report(f"starting over, {resume_file} is not a usable state: {error}")
        chunk = chunk or default_chunk(self.model)

        def save() -> None:
            if resume_file is not None:
                kept = {
                    "state": serialization.to_state_dict(state),
                    "history": history,
                    "risk": risk,
                    "best": best,
                }
                save_tree(resume_file, kept)

        began = last_save = last_report = time.monotonic()
        started = None
        first = done
        pending: list[tuple[int, int, dict[str, jax.Array]]] = []

        def collect() -> None:
            while pending:
                low, high, metrics = pending.pop(0)
                history[..., low:high, :parts] = np.stack(
                    [metrics[name] for name in self.model.parts], axis=-1
                )
                if "risk" in metrics:
                    late = np.arange(low, high) >= steps // 2
                    risk[...] += np.asarray(metrics["risk"], float)[..., late, :, :].sum(-3)
                bad = np.flatnonzero(np.reshape(metrics["bad"], (-1, high - low)).any(0))
                if bad.size:
                    save()
                    kept = f"; the state before it is kept in {resume_file}" if resume_file else ""
                    raise TrainingDiverged(
                        f"loss or gradient not finite at step {low + int(bad[0]) + 1} of {steps}{kept}. "
                        "Lower train.learning_rate or train.clip, or check the data's scale."
                    )

        def has_stopped() -> bool:
            return bool(every) and done - int(best["step"]) >= settings["patience"] * every

        def look() -> None:
            nonlocal best
            history[done - 1, -1] = validation(state["ema"])
            if history[done - 1, -1] < best["loss"]:
                best = {
                    "params": np.asarray(state["ema"]),
                    "loss": history[done - 1, -1],
                    "step": done,
                }

        while done < steps and not has_stopped() and time.monotonic() - began < seconds:
            length = min(chunk, steps - done, every - done % every if every else steps)
            state, metrics = run(state, x, y, key, unravel, length)
            if started is None:
                jax.block_until_ready(metrics)
                report(
                    f"compiled in {time.monotonic() - began:.1f} s; {steps - done - length} steps to go"
                )
                # the time left is that of steps, not of compilation
                started, first = time.monotonic(), done + length
            # Read the metrics of the dispatch before, while this one runs.
            collect()
            pending.append((done, done + length, metrics))
            done += length
            if every and (done % every == 0 or done == steps):
                look()
            now = time.monotonic()
            if now - last_report > report_every and done > first:
                last_report = now
                collect()
                meter = tqdm.format_meter(
                    done - first, steps - first, time.monotonic() - started, ncols=70, unit="step"
                )
                recent = history[..., max(0, done - 100) : done, :parts].reshape(-1, parts).mean(0)
                recent = zip(self.model.parts, recent, strict=True)
                report(
                    f"{meter}  {', '.join(f'{name} {value:.4g}' for name, value in recent)} nats"
                )
            if now - last_save > save_every:
                collect()
                save()
                last_save = time.monotonic()
        collect()
        cut_short = done < steps and not has_stopped()
        if not every:
            best = {"params": state["ema"], "step": done}
        elif done < steps:
            if done % every:
                look()
            why = (
                "the time was up"
                if cut_short
                else f"the held-out loss was smallest after {best['step']}"
            )
            report(f"stopped after {done} of {steps} steps: {why}")
        columns, best_step = (*self.model.parts, "held_out"), int(best["step"])
        flat = jnp.asarray(best["params"]).reshape(len(members), -1)
        return [
            Trained(
                jax.tree.map(np.asarray, unravel(each)),
                curve[:done],
                columns,
                seen,
                best_step,
                cut_short,
            )
            for each, curve, seen in zip(
                flat,
                history.reshape(len(members), steps, -1),
                risk.reshape(len(members), 2, -1),
                strict=True,
            )
        ]
