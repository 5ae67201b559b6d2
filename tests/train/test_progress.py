"""The lines of progress, by a clock that the test moves."""

import time

import pytest

from diffinfo.train.progress import Progress


@pytest.fixture
def clock(monkeypatch):
    now = [0.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    return now


def test_the_time_left_is_that_of_steps_not_of_compilation(clock):
    lines = []
    progress = Progress(lines.append, 10.0, 100)
    clock[0] = 60.0
    progress.dispatched({}, 20)
    assert lines == ["compiled in 60.0 s; 80 steps to go"]
    assert not progress.is_due(20)
    clock[0] = 80.0
    progress.dispatched({}, 60)
    assert progress.is_due(60)
    progress.show(60, {"conditional": 1.23456})
    assert "00:20<00:20" in lines[1]
    assert lines[1].endswith("conditional 1.235 nats")
    assert not progress.is_due(60)
