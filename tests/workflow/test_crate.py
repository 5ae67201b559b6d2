"""What is packed to be cited: a valid Workflow Run RO-Crate whose checksums see a change, and which
runs its own config again.
"""

import gzip
import io
import json
import re
import shutil
import zipfile
from datetime import datetime
from pathlib import Path

import pytest
import requests
import yaml
from PIL import Image
from requests.adapters import BaseAdapter
from requests_cache import CachedSession
from rocrate_validator import models, services
from tests.workflow.test_workflow import copy_of_checkout, planned, snakemake
from urllib3 import HTTPResponse

from diffinfo.cli import main

# The JSON-LD context of RO-Crate 1.1 (CC0), which the validator would download.
CONTEXT_URL = "https://w3id.org/ro/crate/1.1/context"
CONTEXT = gzip.decompress((Path(__file__).parent / "ro-crate-1.1-context.json.gz").read_bytes())
ROOT = Path(__file__).parents[2]
SMALL = {
    "title": "small",
    "expected_minutes": 1,
    "results": "results/small",
    "experiments": {
        "pair": {
            "data": {"gaussian": {"dim_x": 2, "dim_y": 1, "n_train": 100, "n_test": 40}},
            "network": {"mlp": {"width": 8, "depth": 1}},
            "train": {"steps": 2, "batch": 16},
            "estimate": {"draws": 4},
        }
    },
    "figures": {"fig12": ["pair"]},
}


class Bundled(BaseAdapter):
    """Answers every request with the context."""

    def send(self, request, **_):
        response = requests.Response()
        response.status_code, response.request, response.url = 200, request, request.url
        response.headers["Content-Type"] = "application/ld+json"
        response.raw = HTTPResponse(
            io.BytesIO(CONTEXT), headers=response.headers, status=200, preload_content=False
        )
        return response

    def close(self):
        pass


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A checkout after `snakemake crate`."""
    folder = copy_of_checkout(tmp_path_factory.mktemp("packed"))
    for name in ("Makefile", "pyproject.toml", "requirements.txt", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, folder)
    shutil.copy(ROOT / "CITATION.cff", folder)
    (folder / "config" / "config.yaml").write_text(yaml.safe_dump(SMALL))
    snakemake(folder, "crate")
    return folder


def metadata(crate):
    graph = json.loads((crate / "ro-crate-metadata.json").read_text())["@graph"]
    return {entity["@id"]: entity for entity in graph}


@pytest.mark.parametrize("name", ["crate", "crate.zip"])
def test_it_is_a_valid_workflow_run_crate(run, name, tmp_path):
    cache = tmp_path / "cache"
    session = CachedSession(str(cache))
    session.mount("https://", Bundled())
    session.get(CONTEXT_URL)
    checked = services.validate(
        services.ValidationSettings(
            rocrate_uri=str(run / "results" / "small" / name),
            profile_identifier="workflow-run-crate-0.5",
            requirement_severity=models.Severity.REQUIRED,
            offline=True,
            cache_path=cache,
        )
    )
    assert not [issue.message for issue in checked.get_issues()]
    assert checked.executed_checks


def test_it_says_what_was_run_on_what_by_whom_and_when(run):
    entities = metadata(run / "results" / "small" / "crate")
    action = entities["#run"]
    began, ended = (datetime.fromisoformat(action[key]) for key in ("startTime", "endTime"))
    assert began < ended
    assert entities[action["agent"]["@id"]]["name"]
    assert action["instrument"]["@id"] == "workflow/Snakefile"
    made = {each["@id"] for each in action["result"]}
    assert {"results/small/figures/fig12.pdf", "results/small/tables/estimates.md"} <= made
    assert entities["results/small/figures/fig12.pdf"]["description"].startswith("Fig. 12")
    given = {each["@id"] for each in action["object"]}
    assert "config/config.yaml" in given
    (card,) = given - {"config/config.yaml"}
    assert card.startswith("results/small/data/")


def test_figures_say_what_they_show(run):
    figure = run / "results" / "small" / "figures" / "fig12.png"
    with Image.open(figure) as image:
        told = image.text
    assert told["Title"] == "diffinfo fig12"
    assert re.fullmatch("experiments: pair; config sha256 [0-9a-f]{64}", told["Subject"])
    manifest = json.loads((run / "results" / "small" / "manifest.json").read_text())
    assert told["Keywords"] == f"source sha256 {manifest['source_sha256']}"
    assert told["Subject"].encode() in figure.with_suffix(".pdf").read_bytes()


def test_a_changed_file_is_named(run, tmp_path, capsys):
    crate = run / "results" / "small" / "crate.zip"
    assert main(["verify", str(crate)]) == 0
    folder = tmp_path / "unpacked"
    with zipfile.ZipFile(crate) as archive:
        archive.extractall(folder)
    assert main(["verify", str(folder)]) == 0
    figure = folder / "results" / "small" / "figures" / "fig12.png"
    figure.write_bytes(figure.read_bytes()[:-1])
    (folder / "LICENSE").unlink()
    again = shutil.make_archive(str(tmp_path / "again"), "zip", folder)
    for changed in (folder, again):
        capsys.readouterr()
        assert main(["verify", str(changed)]) == 1
        told = capsys.readouterr().err
        assert "2 of " in told
        assert "LICENSE, results/small/figures/fig12.png" in told


@pytest.mark.parametrize("damage", ["cut", "other", "none"])
def test_what_is_no_crate_is_named(run, damage, tmp_path, capsys):
    crate = tmp_path / "crate.zip"
    if damage == "cut":
        crate.write_bytes((run / "results" / "small" / "crate.zip").read_bytes()[:-100])
    elif damage == "other":
        with zipfile.ZipFile(crate, "w") as archive:
            archive.writestr("a.txt", "a")
    assert main(["verify", str(crate)]) == 1
    assert str(crate) in capsys.readouterr().err


def test_results_that_have_changed_are_not_packed(run, tmp_path, capsys):
    results = shutil.copytree(run / "results" / "small", tmp_path / "small")
    (results / "tables" / "estimates.md").write_text("other")
    out = tmp_path / "mine.zip"
    assert main(["crate", str(results / "manifest.json"), "--out", str(out)]) == 1
    assert "tables/estimates.md" in capsys.readouterr().err
    assert not out.exists()


def test_a_folder_of_other_things_is_left_alone(run, tmp_path, capsys):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.tex").write_text("years of work")
    manifest = run / "results" / "small" / "manifest.json"
    assert main(["crate", str(manifest), "--out", str(tmp_path / "mine.zip")]) == 1
    assert "is not a crate" in capsys.readouterr().err
    assert (tmp_path / "mine" / "thesis.tex").exists()


def test_unpacked_it_plans_the_same_run_again_and_makes_the_same_numbers(run, tmp_path):
    with zipfile.ZipFile(run / "results" / "small" / "crate.zip") as archive:
        archive.extractall(tmp_path)
    shutil.rmtree(tmp_path / "results")
    assert {"data", "train", "estimate", "fig12", "manifest"} <= planned(tmp_path)
    snakemake(tmp_path)
    first, again = (
        json.loads((folder / "results" / "small" / "manifest.json").read_text())["files"]
        for folder in (run, tmp_path)
    )
    assert first == again
