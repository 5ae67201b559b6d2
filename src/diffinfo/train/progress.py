"""Lines that say how far training is: how long it took to compile, then a meter with the time
left.
"""

import time
from collections.abc import Callable, Mapping
from typing import Any

import jax
from tqdm import tqdm


class Progress:
    """Reports a line at most every `every` seconds.

    The time left is extrapolated from steps alone: the meter starts after the first dispatch, which
    waits for compilation.
    """

    def __init__(self, report: Callable[[str], None], every: float, steps: int):
        self._report, self._every, self._steps = report, every, steps
        self._began = self._last = time.monotonic()
        self._first: int | None = None  # steps done when the meter started

    def dispatched(self, metrics: Any, done: int) -> None:
        """Say after the first dispatch, with which `done` steps will be done, how long it took."""
        if self._first is not None:
            return
        jax.block_until_ready(metrics)
        now = time.monotonic()
        self._report(f"compiled in {now - self._began:.1f} s; {self._steps - done} steps to go")
        self._first, self._began = done, now

    def is_due(self, done: int) -> bool:
        """Whether a line is due after `done` steps."""
        return done > self._first and time.monotonic() - self._last > self._every

    def show(self, done: int, losses: Mapping[str, float]) -> None:
        """Report the meter and the recent losses in nats."""
        self._last = time.monotonic()
        meter = tqdm.format_meter(
            done - self._first,
            self._steps - self._first,
            self._last - self._began,
            ncols=70,
            unit="step",
        )
        recent = ", ".join(f"{name} {value:.4g}" for name, value in losses.items())
        self._report(f"{meter}  {recent} nats")
