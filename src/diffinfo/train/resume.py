"""The state of a training on disk, from which it goes on after it was killed."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jax
import numpy as np
from flax import serialization

from diffinfo.checkpoint import load_tree, save_tree
from diffinfo.errors import DataError


class ResumeFile:
    """Where the state is kept, and every how many seconds; without a path it is not kept."""

    def __init__(self, path: Path | None, every: float):
        self.path, self._every = path, every
        self._last = time.monotonic()

    def load(self, fresh: Any, report: Callable[[str], None]) -> Any:
        """The state that was saved, or `fresh` where there is none that has its structure."""
        if self.path is None or not self.path.exists():
            return fresh
        try:
            saved = serialization.from_state_dict(fresh, load_tree(self.path))
            if jax.tree.map(np.shape, saved) != jax.tree.map(np.shape, fresh):
                raise DataError("it is of another network, or of another number of steps")
        except (DataError, AttributeError, KeyError, TypeError, ValueError) as error:
            report(f"starting over, {self.path} is not a usable state: {error}")
            return fresh
        return saved

    def is_due(self) -> bool:
        """Whether the state should be saved again."""
        return self.path is not None and time.monotonic() - self._last > self._every

    def save(self, state: Any) -> None:
        """Write a tree of arrays and numbers."""
        if self.path is not None:
            save_tree(self.path, state)
            self._last = time.monotonic()
