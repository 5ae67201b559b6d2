"""What training leaves behind besides parameters: the loss of every step, and the risk curve."""

from collections.abc import Mapping

import jax
import numpy as np

from diffinfo.loss import RISK_BINS


class TrainingDiverged(FloatingPointError):
    """A loss or a gradient stopped being finite.

    The message names the step, and the file with the state before it where one is kept.
    """


class Record:
    """The metrics of all steps, read from the device one dispatch late so that it never waits.

    history: `(steps, len(parts) + 1)`, the parts of the loss in nats, then the held-out loss, NaN
    where there is none. risk: the sums and counts of `loss.risk_bins`, `(2, RISK_BINS)`, over the
    later half of the steps.
    """

    def __init__(self, parts: tuple[str, ...], steps: int):
        self.parts = parts
        self.history = np.full((steps, len(parts) + 1), np.nan, np.float32)
        self.risk = np.zeros((2, RISK_BINS))
        self._pending: tuple[int, Mapping[str, jax.Array]] | None = None

    def add(self, first: int, metrics: Mapping[str, jax.Array]) -> None:
        """Note the metrics of a dispatch that starts at step `first`, and collect those before."""
        self.collect()
        self._pending = first, metrics

    def collect(self) -> None:
        """Wait for what was added last. Raises TrainingDiverged at the first bad step."""
        if self._pending is None:
            return
        (first, metrics), self._pending = self._pending, None
        bad = np.asarray(metrics["bad"])
        done = np.arange(first, first + len(bad))
        losses = [metrics[part] for part in self.parts]
        self.history[done, : len(losses)] = np.stack(losses, axis=-1)
        if "risk" in metrics:
            late = done >= len(self.history) // 2
            self.risk += np.asarray(metrics["risk"], float)[late].sum(0)
        if bad.any():
            raise TrainingDiverged(
                f"loss or gradient not finite at step {first + int(bad.argmax()) + 1} of "
                f"{len(self.history)}"
            )

    def recent(self, done: int) -> dict[str, float]:
        """The mean of each part over the last hundred of the `done` steps."""
        means = self.history[max(0, done - 100) : done, : len(self.parts)].mean(0)
        return dict(zip(self.parts, means, strict=True))
