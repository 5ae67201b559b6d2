"""A whole run of Snakemake that is killed again and again: it, its jobs, or all of it, at a stage
each time. The same command, given until it is through, makes what an undisturbed run makes.

By hand, `FAULTS=long python -m pytest tests/faults` kills it by every signal at every stage.
"""

import fcntl
import os
import subprocess
import sys
import time

import pytest
import yaml
from tests.faults.children import PAIR, Kill, armed, environment, left
from tests.workflow.test_workflow import copy_of_checkout

pytestmark = pytest.mark.faults

CONFIG = {
    "title": "pair",
    "expected_minutes": 1,
    "results": "results",
    "experiments": {"pair": PAIR},
    "figures": {"fig12": ["pair"]},
}
KILLS = (
    Kill("data", "renaming", "*.json", "SIGKILL", whom="all"),
    Kill("train", "writing", "model.msgpack", "SIGKILL"),
    Kill("train", "renaming", "model.msgpack", "SIGKILL", whom="workflow"),
    Kill("estimate", "renaming", "estimate.json", "SIGTERM", whom="workflow"),
    Kill("table", "writing", "estimates.csv", "SIGTERM"),
    Kill("figure", "renaming", "fig12.png", "SIGINT", whom="all"),
    Kill("manifest", "writing", "manifest.json", "SIGKILL", whom="all"),
)
OTHERS = ("two runs at once", "two configs at once", "one config after another")
CASES = {"a run of Snakemake, killed": KILLS, "two runs in one folder": OTHERS}
_SIGNALS = ("SIGKILL", "SIGTERM", "SIGINT")
# A workflow that is asked to end lets its job finish, which then cannot be killed again.
EVERY = [
    Kill(stage, "renaming", name, number, whom=whom)
    for stage, name, last in (
        ("data", "*.npz", "SIGTERM"),
        ("train", "model.history.csv", "SIGINT"),
        ("estimate", "estimate.profile.csv", "SIGTERM"),
        ("table", "fig12.csv", "SIGINT"),
        ("figure", "fig12.pdf", "SIGTERM"),
        ("manifest", "manifest.json", "SIGINT"),
    )
    for number, whom in (
        *((number, whom) for number in _SIGNALS for whom in ("job", "all")),
        ("SIGKILL", "workflow"),
        (last, "workflow"),
    )
]


def command(*arguments):
    return [sys.executable, "-m", "snakemake", "--cores", "1", *arguments]


def snakemake(folder, killers=None, *arguments):
    """Run it in a session of its own, so that what is left of it can be found and ended."""
    with open(folder / "said", "w") as said:
        process = subprocess.Popen(
            command(*arguments),
            cwd=folder,
            env=environment(killers),
            stdout=said,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        status = process.wait(timeout=300)
    return process.pid, status, (folder / "said").read_text()


def made(folder, results="results"):
    """Results, without logs, times and what is compiled."""
    found = left(folder / results)
    apart = ("logs/", "benchmarks/", ".cache/", ".lock")
    return {name: digest for name, digest in found.items() if not name.startswith(apart)}


def checkout(folder, config=CONFIG):
    """A copy of this checkout that runs this config."""
    folder.mkdir()
    copy_of_checkout(folder)
    (folder / "config" / "config.yaml").write_text(yaml.safe_dump(config))
    return folder


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    """A checkout after a complete run."""
    folder = checkout(tmp_path_factory.mktemp("whole") / "checkout")
    _, status, said = snakemake(folder)
    assert status == 0, said
    return folder


def _wait_until(condition, what):
    deadline = time.monotonic() + 120
    while not condition():
        assert time.monotonic() < deadline, what
        time.sleep(0.05)


def _group(leader):
    """Processes that a command has left behind."""
    found = subprocess.run(["ps", "-o", "pid=", "-g", str(leader)], capture_output=True, text=True)
    return [int(pid) for pid in found.stdout.split()]


def test_the_same_command_until_it_is_through(undisturbed, tmp_path):
    """Law: each kill ends the run, none leaves a part of a file under the name of a result, and
    the last run leaves what an undisturbed one does, to the bit, with nothing beside it.
    """
    folder, whole = checkout(tmp_path / "killed"), made(undisturbed)
    kills, leaders = EVERY if os.environ.get("FAULTS") == "long" else KILLS, []
    for kill in kills:
        killers = armed(tmp_path / "killers", kill)
        leader, status, said = snakemake(folder, killers)
        assert status != 0, f"{kill}: {said}"
        assert not (killers / "kill_point.json").exists(), f"{kill}: was never there: {said}"
        found = {name: each for name, each in made(folder).items() if name in whole}
        assert found == {name: whole[name] for name in found}, kill
        if kill.whom == "workflow":
            leaders.append(leader)  # Its job goes on alone, while the next run begins.
            continue
        _wait_until(lambda leader=leader: not _group(leader), str(kill))
    _, status, said = snakemake(folder, killers)
    assert status == 0, said
    for leader in leaders:  # of jobs that were left alone
        _wait_until(lambda leader=leader: not _group(leader), "a job goes on")
    assert made(folder) == whole


@pytest.mark.parametrize("config", [CONFIG, CONFIG | {"title": "another"}], ids=OTHERS[:2])
def test_a_second_run_in_the_same_folder_is_refused(config, undisturbed, tmp_path):
    """Law: while one run is at work in a folder of results, another, of the same config or not,
    says so and touches nothing; it is not refused when the first one has ended, however it did.
    """
    folder = checkout(tmp_path / "shared", config)
    (folder / "results").mkdir()
    with open(folder / "results" / ".lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # as the first run does
        _, status, said = snakemake(folder, None, "--until", "data")
        assert status == 1
        assert "results: another run is at work there" in said
        assert "Traceback" not in said
        assert made(folder) == {}
    _, status, said = snakemake(folder, None, "--until", "data")
    assert status == 0, said
    found = made(folder)
    assert len(found) == 2
    assert found.items() <= made(undisturbed).items()


def test_a_run_holds_its_folder_as_long_as_it_lives(tmp_path):
    """Law: the lock is taken before the first job, and is gone with the process."""
    folder = checkout(tmp_path / "held")
    kill = Kill("data", "renaming", "*.npz", "SIGSTOP")
    killers = armed(tmp_path / "killers", kill)
    process = subprocess.Popen(
        command("--until", "data"),
        cwd=folder,
        env=environment(killers),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        _wait_until(lambda: not (killers / "kill_point.json").exists(), "no job began")
        with open(folder / "results" / ".lock") as lock, pytest.raises(BlockingIOError):
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    finally:
        os.killpg(process.pid, 9)
        process.wait()
    with open(folder / "results" / ".lock") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)


def test_one_config_after_another_leaves_the_results_of_the_last(undisturbed, tmp_path):
    """Law: a folder that has the results of another config ends up with those of the one that is
    run, as if the other had never been there (data sets are kept, under names of their own).
    """
    folder = checkout(tmp_path / "both")
    other = yaml.safe_load(yaml.safe_dump(CONFIG))
    other["experiments"]["pair"]["data"]["gaussian"]["seed"] = 7
    other["experiments"]["pair"]["train"]["steps"] = 3
    for config in (other, CONFIG):
        (folder / "config" / "config.yaml").write_text(yaml.safe_dump(config))
        _, status, said = snakemake(folder)
        assert status == 0, said
    found = made(folder)
    assert {name: found.get(name) for name in made(undisturbed)} == made(undisturbed)
    assert {name.split("/")[0] for name in found.keys() - made(undisturbed).keys()} == {"data"}
