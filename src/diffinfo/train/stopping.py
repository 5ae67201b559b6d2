"""Held-out rows: which they are, the best parameters by their loss, and when to stop looking."""

from collections.abc import Callable
from typing import Any

import jax
import numpy as np

SHARE = 0.1  # of the training rows
_MOST_ROWS = 4096


def by_groups(groups: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """The numbers of rows `(n,)` with those of a group side by side, groups in an order of chance.

    groups: the number of each row's group, `(n,)`. A cut through this order splits one group.
    """
    _, number = np.unique(groups, return_inverse=True)
    return np.argsort(rng.permutation(number.max() + 1)[number], kind="stable")


def held_out_rows(
    n: int, seed: int, groups: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Of `n` rows, those to train on and those to hold out, a tenth (4,096 at most) by chance.

    groups: numbers `(n,)` of groups of rows that are held out together.
    """
    rng = np.random.default_rng([seed, 2])
    rows = rng.permutation(n) if groups is None else by_groups(groups, rng)
    share = round(n * SHARE)
    return np.sort(rows[share:]), np.sort(rows[:share][:_MOST_ROWS])


class EarlyStopping:
    """Looks at the held-out loss after every `every` steps and after the last of `steps`.

    Training has stopped when `patience` looks in a row brought no smaller loss. With `every` 0
    there are no looks, and it never stops early.

    loss: of a parameter vector on the held-out rows. best: the `params` of the smallest loss so
    far, that `loss`, and the `step` after which they were current.
    """

    def __init__(
        self,
        loss: Callable[[jax.Array], jax.Array],
        params: jax.Array,
        steps: int,
        every: int,
        patience: int,
    ):
        self._loss, self._every, self._patience, self._steps = loss, every, patience, steps
        first = np.asarray(loss(params)) if every else np.float32(np.inf)
        self.best: dict[str, Any] = {"params": np.asarray(params), "loss": first, "step": 0}

    def steps_to_look(self, done: int) -> int:
        """How many steps may be taken after `done` before the next look."""
        return self._every - done % self._every if self._every else self._steps

    def is_due(self, done: int) -> bool:
        """Whether there is a look after `done` steps."""
        return self._every > 0 and (done % self._every == 0 or done == self._steps)

    def look(self, done: int, params: jax.Array) -> np.ndarray:
        """The held-out loss of the parameters after `done` steps, which may be the best so far."""
        loss = np.asarray(self._loss(params))
        if loss < self.best["loss"]:
            self.best = {"params": np.asarray(params), "loss": loss, "step": done}
        return loss

    def has_stopped(self, done: int) -> bool:
        """Whether the looks up to `done` steps have exhausted the patience."""
        return self._every > 0 and done - int(self.best["step"]) >= self._patience * self._every
