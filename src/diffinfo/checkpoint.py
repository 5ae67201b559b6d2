"""Plain pytrees in one msgpack file each: byte-stable, whole or absent, read with a clear error."""

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import jax
import numpy as np
from flax import serialization

from diffinfo.data.dataset import Dataset
from diffinfo.errors import DataError
from diffinfo.files import write_bytes
from diffinfo.nn.build import Model, Trainable, from_description
from diffinfo.process.denoise import Denoiser
from diffinfo.process.schedule import VPSchedule, schedule_of


def _write(path: str | Path, value: Any) -> None:
    """The SHA-256 of the msgpack of `value`, then that: a flipped bit is a damaged file."""
    content = serialization.msgpack_serialize(value)
    write_bytes(path, hashlib.sha256(content).digest() + content)


def save_tree(path: str | Path, tree: Any) -> None:
    """Write nested dictionaries of arrays, numbers and strings."""
    _write(path, jax.tree.map(np.asarray, serialization.to_state_dict(tree)))


def load_tree(path: str | Path) -> Any:
    """Read what `save_tree` wrote, as nested dictionaries of NumPy arrays.

    Raises DataError when the file is missing or damaged.
    """
    try:
        content = memoryview(Path(path).read_bytes())
        if hashlib.sha256(content[32:]).digest() != content[:32]:
            raise ValueError("its checksum is not that of its content")
        return serialization.msgpack_restore(content[32:])
    except FileNotFoundError as error:
        raise DataError(f"{path}: no such file") from error
    except Exception as error:
        raise DataError(
            f"{path}: not a readable checkpoint ({error}); it is truncated or of another kind - "
            "train again"
        ) from error


def save_model(path: str | Path, model: Trainable, params: Any, provenance: dict[str, Any]) -> None:
    """Write a model's description, parameters and provenance, from which `load_model` makes it."""
    about = json.dumps({"description": model.description, "provenance": provenance}, sort_keys=True)
    content = {"format": 1, "about": about, "params": jax.tree.map(np.asarray, params)}
    _write(path, content)


class Checkpoint(NamedTuple):
    """A trained model, its (EMA) parameters, and what `save_model` was told about it."""

    model: Any
    params: Any
    about: dict[str, Any]

    @property
    def process(self) -> dict[str, float]:
        """The config's `process` section that it was trained with."""
        return self.about["settings"]["process"]

    @property
    def schedule(self) -> VPSchedule:
        """The schedule of that process."""
        return schedule_of(self.process)[0]

    @property
    def lam_range(self) -> tuple[float, float]:
        """The log-SNRs between which it was trained."""
        return schedule_of(self.process)[1]

    @property
    def denoiser(self) -> Denoiser:
        """The fields of a `Model`, or the diffusion decoder of an `Autoencoder`."""
        return self.model.denoiser(self.params)

    @property
    def log_posterior(self) -> Callable[[jax.Array, jax.Array], jax.Array]:
        """`(z, lam) -> log q(y | z)` of a `NoisyClassifier`, `(N, classes)`."""
        return self.model.posterior(self.params)


def load_model(path: str | Path, kind: type = Model, dataset: Dataset | None = None) -> Checkpoint:
    """What `save_model` wrote, trained on `dataset` where that is given.

    Raises DataError when the file is missing, truncated, of another format or kind, or trained on
    other data.
    """
    content = load_tree(path)
    if not isinstance(content, dict) or content.get("format") != 1:
        raise DataError(f"{path}: not a diffinfo model (format 1)")
    try:
        about = json.loads(content["about"])
        model, params = from_description(about["description"]), content["params"]
        misfit = model.misfit(params)
    except (LookupError, TypeError, ValueError, RecursionError) as error:
        raise DataError(f"{path}: not a model of this version ({error!r}); train again") from error
    if misfit:
        raise DataError(f"{path}: {misfit}; train again")
    if not isinstance(model, kind):
        raise DataError(f"{path}: holds a {type(model).__name__}, and a {kind.__name__} is needed")
    if dataset is not None and about["provenance"]["data_sha256"] != dataset.card["sha256"]:
        raise DataError(
            f"{path}: was trained on other data than those named; train again or name its own data"
        )
    return Checkpoint(model, params, about["provenance"])
