"""A stage that is killed, wherever it is, leaves whole files or none, and the same command given
again makes what an undisturbed one makes, to the bit.

By hand, `FAULTS=long python -m pytest tests/faults` also kills at every write and every rename of
every stage, with each signal.
"""

import os
import shutil
import signal

import pytest
from tests.faults.children import COMMANDS, MADE, Kill, armed, diffinfo, environment, left

pytestmark = pytest.mark.faults

KILLS = {
    "data": (
        Kill("data", "writing", "data.npz", "SIGKILL", nth=3),
        Kill("data", "renaming", "data.npz", "SIGTERM"),
        Kill("data", "renamed", "data.npz", "SIGKILL"),
        Kill("data", "writing", "data.json", "SIGINT"),
    ),
    "train": (
        Kill("train", "calling", "diffinfo.train.record:collect", "SIGKILL", nth=4),
        Kill("train", "writing", "model-*.msgpack", "SIGKILL", nth=3),
        Kill("train", "renaming", "model-*.msgpack", "SIGTERM", nth=2),
        Kill("train", "renamed", "model-*.msgpack", "SIGINT", nth=2),
        Kill("train", "renaming", "model.risk.csv", "SIGINT"),
        Kill("train", "writing", "model.msgpack", "SIGKILL"),
        Kill("train", "renaming", "model.msgpack", "SIGTERM"),
        Kill("train", "renamed", "model.msgpack", "SIGKILL"),
    ),
    "estimate": (
        Kill("estimate", "calling", "diffinfo.studies.measure:measure", "SIGINT"),
        Kill("estimate", "writing", "estimate.profile.csv", "SIGTERM"),
        Kill("estimate", "renaming", "estimate.json", "SIGKILL"),
    ),
    "table": (
        Kill("table", "writing", "estimates.md", "SIGKILL"),
        Kill("table", "renaming", "estimates.csv", "SIGTERM"),
    ),
    "figure": (
        Kill("figure", "writing", "fig12.pdf", "SIGKILL", nth=5),
        Kill("figure", "renaming", "fig12.png", "SIGINT"),
    ),
    "manifest": (
        Kill("manifest", "writing", "manifest.json", "SIGTERM"),
        Kill("manifest", "renaming", "manifest.json", "SIGKILL"),
    ),
}
CASES = {f"killed in the stage {stage}": kills for stage, kills in KILLS.items()}
MORE = [
    Kill(COMMANDS[stage][0], moment, name.rpartition("/")[2], number)
    for stage, names in MADE.items()
    for name in names
    for moment in ("writing", "renaming", "renamed")
    for number in ("SIGKILL", "SIGTERM", "SIGINT")
    if stage != "profiles"
]


def _kills():
    more = MORE if os.environ.get("FAULTS") == "long" else []
    return dict.fromkeys([kill for kills in KILLS.values() for kill in kills] + more)


@pytest.mark.parametrize("kill", _kills(), ids=str)
def test_the_same_command_again_makes_the_same_bits(kill, undisturbed, tmp_path):
    """Law: what an interrupted command leaves under the names of its results is whole, and after
    the same command nothing in the folder differs from, or is more than, an undisturbed one's.
    """
    words, number = COMMANDS[kill.stage], signal.Signals[kill.signal]
    whole = left(undisturbed)
    folder = shutil.copytree(undisturbed, tmp_path / "killed")
    for name in MADE[kill.stage]:
        (folder / name).unlink()
    killers = armed(tmp_path / "killers", kill)
    killed = diffinfo(words, folder, environment(killers))
    assert not (killers / "kill_point.json").exists(), f"was never there: {killed.stderr}"
    if number == signal.SIGINT:
        assert killed.returncode == 128 + number
        assert "Traceback" not in killed.stderr
        assert killed.stderr.splitlines()[-1] == (
            f"diffinfo {kill.stage}: interrupted; the same command finishes it"
        )
    else:
        assert killed.returncode == -number
    found = left(folder)
    named = [name for name in MADE[kill.stage] if name in found]
    assert {name: found[name] for name in named} == {name: whole[name] for name in named}
    again = diffinfo(words, folder, environment(killers))
    assert again.returncode == 0, again.stderr
    assert left(folder) == whole
