"""What is published under results/reference/ is what its manifest says came out."""

from pathlib import Path

import pytest

from diffinfo.cli import main
from diffinfo.files import read_json, sha256

REFERENCE = Path(__file__).parents[1] / "results" / "reference"
RUNS = sorted(path.parent for path in REFERENCE.glob("*/manifest.json"))


def test_something_is_published():
    assert RUNS


@pytest.mark.parametrize("run", RUNS, ids=lambda path: path.name)
def test_published_files_match_their_manifest(run):
    listed = read_json(run / "manifest.json")["files"]
    published = [path for folder in ("figures", "tables") for path in (run / folder).iterdir()]
    assert published
    for path in published:
        assert listed[str(path.relative_to(run))] == sha256(path), path


@pytest.mark.parametrize(
    ("stage", "folders"),
    [
        ("replication", ["cutoff-cpu", "default", "mnist-cpu", "cifar10-cpu", "tiny-imagenet-cpu"]),
        (
            "summary",
            ["default", "mnist-cpu", "mnist-codes-cpu", "cifar10-cpu", "tiny-imagenet-cpu"],
        ),
    ],
)
def test_tables_over_all_runs_are_those_of_the_published_runs(stage, folders, tmp_path, capsys):
    folders = [str(REFERENCE / name) for name in folders]
    assert main([stage, *folders, "--out", str(tmp_path / "table.csv")]) == 0
    for suffix in (".csv", ".md"):
        made = (tmp_path / "table").with_suffix(suffix).read_text()
        assert made == (REFERENCE / stage).with_suffix(suffix).read_text(), (
            f"diffinfo {stage} {' '.join(folders)} --out results/reference/{stage}.csv"
        )
