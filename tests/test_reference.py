"""What is published under results/reference/ is what its manifest says came out."""

from pathlib import Path

import pytest

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
