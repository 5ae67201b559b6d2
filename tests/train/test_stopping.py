"""Held-out rows, and early stopping on a loss that is given."""

import numpy as np

from diffinfo.train.stopping import EarlyStopping, held_out_rows


def test_rows_are_trained_on_or_held_out():
    training, held_out = held_out_rows(300, 1)
    assert len(held_out) == 30
    np.testing.assert_array_equal(np.sort([*training, *held_out]), np.arange(300))
    assert len(held_out_rows(100_000, 1)[1]) == 4096


def test_the_smallest_loss_is_kept_until_the_patience_is_exhausted():
    stopping = EarlyStopping(lambda loss: loss, np.float32(9), 100, every=10, patience=2)
    assert [done for done in range(1, 101) if stopping.is_due(done)] == list(range(10, 101, 10))
    assert (stopping.steps_to_look(0), stopping.steps_to_look(7)) == (10, 3)
    for done, loss, stopped in [(10, 5, False), (20, 4, False), (30, 6, False), (40, 4, True)]:
        assert stopping.look(done, np.float32(loss)) == loss
        assert stopping.has_stopped(done) == stopped
    assert stopping.best == {"params": 4, "loss": 4, "step": 20}


def test_without_looks_nothing_stops():
    stopping = EarlyStopping(lambda loss: loss, np.float32(9), 100, every=0, patience=2)
    assert stopping.steps_to_look(7) == 100
    assert not stopping.is_due(100)
    assert not stopping.has_stopped(100)
