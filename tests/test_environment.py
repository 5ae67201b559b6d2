"""The lock, the conda environment and the package's metadata say the same."""

import json
import re
import tomllib
from pathlib import Path

import pytest
import yaml

import diffinfo

ROOT = Path(__file__).parents[1]


def _locked():
    """Name -> version; one version for every Python."""
    pairs = re.findall(
        r"^([a-z0-9._-]+)==(\S+)", (ROOT / "requirements.txt").read_text(), re.MULTILINE
    )
    assert len(dict(pairs)) == len(pairs), "a package is locked twice"
    return dict(pairs)


def _names(requirements):
    return {re.match(r"[A-Za-z0-9._-]+", requirement)[0].lower() for requirement in requirements}


def test_conda_environment_is_in_step_with_the_lock():
    environment = yaml.safe_load((ROOT / "envs" / "diffinfo.yaml").read_text())
    pinned = dict(
        line.split(" ;")[0].split("==") for line in environment["dependencies"][-1]["pip"]
    )
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert set(pinned) == _names(project["dependencies"])
    locked = _locked()
    assert pinned == {name: locked[name] for name in pinned}


def test_every_requirement_is_locked():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    wanted = _names(project["dependencies"])
    extras = project["optional-dependencies"]
    for extra in extras:
        wanted |= _names(extras[extra]) - {"diffinfo"}
    assert wanted <= set(_locked())


def test_nothing_needs_tensorflow():
    assert "tensorflow" not in _locked()


@pytest.mark.parametrize("name", ["requirements.txt", "envs/uv.txt", "envs/cffconvert.txt"])
def test_locks_name_versions_and_hashes_only(name):
    text = (ROOT / name).read_text()
    assert "://" not in text
    assert "--index" not in text
    assert all("--hash=sha256:" in entry for entry in re.split(r"\n(?=\S)", text.strip()))


def test_what_is_cited_has_the_version_of_the_package():
    cited = yaml.safe_load((ROOT / "CITATION.cff").read_text())
    assert cited["version"] == diffinfo.__version__
    for name in ("codemeta.json", ".zenodo.json"):
        assert json.loads((ROOT / name).read_text())["version"] == diffinfo.__version__
