"""Training: chunked dispatch, progress with the time left, a state that survives being killed, and a NaN guard."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from flax import serialization
from jax.flatten_util import ravel_pytree
from tqdm import tqdm

from diffinfo.checkpoint import load_tree, save_tree
from diffinfo.data.dataset import Dataset
from diffinfo.files import DataError
from diffinfo.loss import Objective
from diffinfo.nn.build import DataSummary, Model
from diffinfo.process.levels import LevelDensity
from diffinfo.process.schedule import VPSchedule
from diffinfo.train.step import initial_state, make_optimizer, make_step


class TrainingDiverged(FloatingPointError):
    """A loss or gradient stopped being finite; the message names the step and where the last good state lies."""


@dataclass(frozen=True)
class Trained:
    """params: the averaged (EMA) parameters; history: `(steps, 2)` losses in nats, unconditional and conditional."""

    params: Any
    history: np.ndarray


def summarize(dataset: Dataset) -> DataSummary:
    """What the network must know of the training split, on the scale that the process sees."""
    x, y = dataset.x_train, dataset.y_train
    unit = 255.0 if dataset.is_image else 1.0
    # One mean and one scale for all entries; zero and one where the data are already about standard (vectors).
    mean, std = (float(x.mean()) / unit, float(x.std()) / unit) if dataset.is_image else (0.0, 1.0)
    if dataset.classes:
        return DataSummary(x.shape[1:], mean, std, classes=dataset.classes)
    y_mean, y_std = (tuple(float(v) for v in stat) for stat in (y.mean(0), y.std(0)))
    return DataSummary(x.shape[1:], mean, std, y_mean=y_mean, y_std=y_std)


def make_objective(train: Mapping[str, Any], process: Mapping[str, Any]) -> Objective:
    """The objective of a config's `train` and `process` sections."""
    schedule = VPSchedule(process["beta_min"], process["beta_max"])
    levels = LevelDensity.of(*schedule.log_snr_range(process["s_min"]), **train["levels"])
    return Objective(train["weighting"], levels, schedule)


def default_chunk(model: Model) -> int:
    """Steps per dispatch: a convolution's gradient inside `scan` is ten times slower on a CPU; perceptrons scan freely."""
    return 1 if "unet" in model.network and jax.default_backend() == "cpu" else 50


def train_model(
    model: Model,
    dataset: Dataset,
    objective: Objective,
    settings: Mapping[str, Any],
    seed: int,
    *,
    resume_file: Path | None = None,
    chunk: int | None = None,
    save_every: float = 20.0,
    report: Callable[[str], None] = lambda line: None,
    report_every: float = 10.0,
) -> Trained:
    """Train both fields. The result depends on the data, the settings and the seed only - not on `chunk`, nor on being killed.

    settings: a config's `train` section. resume_file: where the state is kept (every `save_every` seconds, and when
    training diverges); an existing one is gone on from. Raises TrainingDiverged.
    """
    steps = settings["steps"]
    optimizer = make_optimizer(steps, settings["learning_rate"], settings["warmup"], settings["clip"])
    params = model.init(seed)
    _, unravel = ravel_pytree(params)
    step = make_step(model, unravel, optimizer, objective, settings["batch"], settings["ema"], settings["null_probability"])
    x, y = jnp.asarray(dataset.x_train), jnp.asarray(dataset.y_train)
    key = jax.random.fold_in(jax.random.key(seed), 1)
    state = initial_state(params, optimizer)
    history = np.full((steps, 2), np.nan, np.float32)
    done = 0
    if resume_file is not None and resume_file.exists():
        try:
            saved = load_tree(resume_file)
            state = jax.tree.map(jnp.asarray, serialization.from_state_dict(state, saved["state"]))
            history, done = np.array(saved["history"]), int(saved["state"]["step"])
            report(f"going on from step {done} of {steps} ({resume_file})")
        except (DataError, KeyError, TypeError, ValueError) as error:
            report(f"starting over, {resume_file} is not a usable state: {error}")

    def run(state, x, y, length):
        return jax.lax.scan(lambda carry, _: step(carry, x, y, key), state, None, length=length)

    dispatch = jax.jit(run, static_argnums=3, donate_argnums=0)
    single = jax.jit(lambda state, x, y: step(state, x, y, key), donate_argnums=0)
    chunk = chunk or default_chunk(model)

    def save() -> None:
        if resume_file is not None:
            save_tree(resume_file, {"state": serialization.to_state_dict(state), "history": history})

    began = last_save = last_report = time.monotonic()
    started = None
    first = done
    pending: list[tuple[int, int, dict[str, jax.Array]]] = []

    def collect() -> None:
        while pending:
            low, high, metrics = pending.pop(0)
            parts = [np.atleast_1d(metrics[name]) for name in ("unconditional", "conditional")]
            history[low:high] = np.stack(parts, axis=-1)
            bad = np.flatnonzero(np.atleast_1d(metrics["bad"]))
            if bad.size:
                save()
                kept = f"; the state before it is kept in {resume_file}" if resume_file else ""
                raise TrainingDiverged(
                    f"loss or gradient not finite at step {low + int(bad[0]) + 1} of {steps}{kept}. "
                    "Lower train.learning_rate or train.clip, or check the data's scale."
                )

    while done < steps:
        length = min(chunk, steps - done)
        state, metrics = dispatch(state, x, y, length) if chunk > 1 else single(state, x, y)
        if started is None:
            jax.block_until_ready(metrics)
            report(f"compiled in {time.monotonic() - began:.1f} s; {steps - done - length} steps to go")
            started, first = time.monotonic(), done + length  # the time left is that of steps, not of compilation
        # Read the metrics of the dispatch before, while this one runs.
        collect()
        pending.append((done, done + length, metrics))
        done += length
        now = time.monotonic()
        if now - last_report > report_every and done > first:
            last_report = now
            collect()
            meter = tqdm.format_meter(done - first, steps - first, time.monotonic() - started, ncols=70, unit="step")
            unconditional, conditional = history[max(0, done - 100) : done].mean(0)
            report(f"{meter}  loss {unconditional:.4g} | {conditional:.4g} nats (unconditional | given y)")
        if now - last_save > save_every:
            collect()
            save()
            last_save = time.monotonic()
    collect()
    return Trained(jax.tree.map(np.asarray, unravel(state["ema"])), history)
