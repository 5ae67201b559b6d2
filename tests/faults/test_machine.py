"""Machines that are full, read-only, shared or set up otherwise: a sentence that names the file, or
the same numbers.
"""

import ctypes
import json
import os
import pwd
import resource
import shutil
import subprocess
import sys
from functools import partial

import numpy as np
import pytest
from tests.faults.children import (
    COMMANDS,
    MADE,
    RUN,
    SETTINGS,
    diffinfo,
    environment,
    is_one_sentence,
    left,
)

from diffinfo.checkpoint import load_model
from diffinfo.cli import main

pytestmark = pytest.mark.faults

FULL = ("data", "train", "estimate", "table", "figure", "manifest")
SETUPS = {
    "no HOME": ("train", {"HOME": None}),
    "no HOME, drawing": ("figure", {"HOME": None}),
    "LANG=C": ("table", {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}),
    "LANG=C, drawing": ("figure", {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}),
    "JAX_ENABLE_X64=1": ("train", {"JAX_ENABLE_X64": "1"}),
    "JAX_ENABLE_X64=1, estimating": ("estimate", {"JAX_ENABLE_X64": "1"}),
    "another random generator": ("train", {"JAX_DEFAULT_PRNG_IMPL": "rbg"}),
}
DEVICES = ("cuda", "nonsense")
CASES = {
    "full disk": FULL,
    "full standard output": ("schedule",),
    "read-only folder": ("train", "figure"),
    "two trainings at once into one file": ("train",),
    "another number of threads": ("a perceptron", "images"),
    "another setup": (*SETUPS, "LANG=C, planning"),
    "a device that is not there": DEVICES,
    "a user without name or home": ("crate", "data"),
}


@pytest.fixture
def before(undisturbed, tmp_path):
    """A copy of that folder before a stage."""

    def without(stage):
        folder = shutil.copytree(undisturbed, tmp_path / "again")
        for name in MADE[stage]:
            (folder / name).unlink()
        return folder

    return without


def _at_most(size):
    """No file of this process grows beyond `size` bytes, as on a disk that is full."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))


@pytest.mark.parametrize("stage", FULL)
def test_a_full_disk_is_named_and_leaves_what_was_there(stage, undisturbed, before):
    """Law: where the largest result does not fit, the message names it; no part of it is left, nor
    is any temporary file, and with room the same command finishes.
    """
    folder, whole = before(stage), left(undisturbed)
    largest = max(MADE[stage], key=lambda name: (undisturbed / name).stat().st_size)
    room = (undisturbed / largest).stat().st_size - 1
    # Compiled programs are files, too.
    cold = environment(JAX_COMPILATION_CACHE_DIR=None)
    done = diffinfo(COMMANDS[stage], folder, cold, preexec_fn=partial(_at_most, room))
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    told = done.stderr.splitlines()[-1]
    assert told.startswith(f"diffinfo {COMMANDS[stage][0]}: ")
    assert "File too large" in told
    # A training's state is as large as its model, and is written before it.
    assert largest in told or ".resume/" in told
    found = left(folder)
    assert {name: whole.get(name) for name in found if ".resume/" not in name} == {
        name: digest for name, digest in found.items() if ".resume/" not in name
    }
    assert largest not in found
    assert not [name for name in found if name.endswith(".tmp")]
    assert diffinfo(COMMANDS[stage], folder).returncode == 0
    assert left(folder) == whole


def test_what_cannot_be_printed_is_no_success(undisturbed):
    """Law: a table that standard output has no room for ends in a sentence, not in status 0."""
    words = ("schedule", "--risk", f"{RUN}/model.risk.csv", "--steps", "3")
    with open("/dev/full", "w") as full:
        done = diffinfo(words, undisturbed, capture_output=False, stdout=full, stderr=-1)
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    told = done.stderr.splitlines()[-1]  # after a note on its levels
    assert told.startswith("diffinfo schedule: ")
    assert "No space left on device" in told


def _as_anybody():
    """Drop what lets root write where nobody may (CAP_DAC_OVERRIDE), for this process."""
    ctypes.CDLL(None).prctl(24, 1, 0, 0, 0)


@pytest.mark.parametrize("stage", CASES["read-only folder"])
def test_a_read_only_folder_is_named_before_any_work(stage, before):
    """Law: a result that could not be written is refused at once, and nothing is changed."""
    folder = before(stage)
    last = folder / os.path.dirname(MADE[stage][0])
    known = left(folder)
    last.chmod(0o555)
    try:
        done = diffinfo(COMMANDS[stage], folder, preexec_fn=_as_anybody)
    finally:
        last.chmod(0o755)
    assert done.returncode == 1
    assert is_one_sentence(done.stderr)
    assert "is not a folder that you can write to" in done.stderr
    assert left(folder) == known


def test_two_trainings_at_once_make_one_result(undisturbed, before):
    """Law: both succeed, and what they leave is what one of them alone does."""
    folder = before("train")
    command = [sys.executable, "-m", "diffinfo", *COMMANDS["train"]]
    options = {"cwd": folder, "env": environment(), "stderr": subprocess.PIPE, "text": True}
    with subprocess.Popen(command, **options) as one, subprocess.Popen(command, **options) as two:
        said = [each.communicate()[1] for each in (one, two)]
    assert (one.returncode, two.returncode) == (0, 0), said
    assert left(folder) == left(undisturbed)


IMAGES = {
    "data": {"digits": {}},
    "network": {"unet": {"channels": [8], "embedding": 8}},
    "train": {"steps": 3, "batch": 8},
}


@pytest.mark.parametrize("kind", CASES["another number of threads"])
def test_threads_change_rounding_only(kind, undisturbed, tmp_path):
    """Law: with two threads the parameters are those with one, up to the rounding of float32."""
    data, settings = undisturbed / "data.npz", SETTINGS
    if kind == "images":
        data, settings = tmp_path / "digits.npz", ("--settings", json.dumps(IMAGES))
        assert diffinfo(("data", *settings, "--out", data), tmp_path).returncode == 0
    found = []
    for threads in ("1", "2"):
        out = tmp_path / threads / "model.msgpack"
        words = ("train", *settings, "--data", data, "--out", out, "--threads", threads)
        done = diffinfo(words, tmp_path)
        assert done.returncode == 0, done.stderr
        found.append(load_model(out).params)
    leaves = [dict(_leaves(params)) for params in found]
    assert leaves[0].keys() == leaves[1].keys()
    for name, one in leaves[0].items():
        scale = max(1.0, float(np.abs(one).max()))
        np.testing.assert_allclose(leaves[1][name], one, atol=1e-5 * scale, err_msg=name)


def _leaves(tree, name=""):
    if isinstance(tree, dict):
        for key, below in tree.items():
            yield from _leaves(below, f"{name}/{key}")
    else:
        yield name, tree


@pytest.mark.parametrize("name", SETUPS)
def test_other_setups_give_the_same_bits(name, undisturbed, before):
    """Law: what the environment says for other programs changes no result."""
    stage, variables = SETUPS[name]
    folder = before(stage)
    done = diffinfo(COMMANDS[stage], folder, environment(**variables))
    assert done.returncode == 0, done.stderr
    assert left(folder) == left(undisturbed)


def test_the_package_is_read_whatever_the_locale():
    """Law: the workflow finds the files that a job rests on, and captions, in any locale."""
    asked = (
        "from diffinfo.source import ROOT, closure\n"
        "from diffinfo.plan import _docstring\n"
        "closure(*(f'diffinfo.tables.{path.stem}' for path in ROOT.glob('tables/[a-z]*.py')))\n"
        "assert all(map(_docstring, ROOT.glob('figures/fig*.py')))"
    )
    done = subprocess.run(
        [sys.executable, "-c", asked],
        env=environment(**SETUPS["LANG=C"][1]),
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("device", DEVICES)
def test_a_device_that_is_not_there_is_named(device, before):
    """Law: asked for a device that JAX does not have, a stage says so in one sentence."""
    if device == "cuda" and shutil.which("nvidia-smi"):
        pytest.skip("there is one")
    folder = before("train")
    done = diffinfo(COMMANDS["train"], folder, environment(JAX_PLATFORMS=device))
    assert done.returncode == 1
    assert is_one_sentence(done.stderr)
    assert f"JAX_PLATFORMS={device}; set it to cpu" in done.stderr
    assert not (folder / MADE["train"][0]).exists()


@pytest.mark.parametrize("stage", CASES["a user without name or home"])
def test_a_user_without_name_or_home_is_told_what_to_give(stage, monkeypatch, tmp_path, capsys):
    """Law: where a name or a home folder is needed and there is none (containers with a user of
    their own), the option that gives it is named.
    """

    def unknown(uid):
        raise KeyError(f"getpwuid(): uid not found: {uid}")

    monkeypatch.setattr(pwd, "getpwuid", unknown)
    for name in ("HOME", "LOGNAME", "USER", "LNAME", "USERNAME", "TFDS_DATA_DIR"):
        monkeypatch.delenv(name, raising=False)
    words = {
        "crate": ("crate", "manifest.json", "--out", str(tmp_path / "crate.zip")),
        "data": (
            *("data", "--settings", '{"data": {"mnist": {}}}'),
            *("--out", str(tmp_path / "mnist.npz")),
        ),
    }[stage]
    assert main(words) == 1
    said = capsys.readouterr().err
    assert is_one_sentence(said)
    assert {"crate": "--agent: ", "data": "data.mnist.data_dir: "}[stage] in said
    assert not list(tmp_path.iterdir())
