"""What the README and the list of figures show is what the code does."""

import re
from pathlib import Path

from diffinfo.figures.registry import as_markdown

REFERENCE = Path(__file__).parents[1] / "results" / "reference"
README = (Path(__file__).parents[1] / "README.md").read_text()
LIST = (Path(__file__).parents[1] / "docs" / "figures.md").read_text()


def test_the_list_of_figures_is_the_registry():
    shown = re.search(r"<!-- figures: .*? -->\n(.*?)<!-- end of figures -->", LIST, re.DOTALL)[1]
    assert shown == as_markdown(), "paste the output of the command that stands above the table"


def test_its_numbers_beside_the_papers_are_the_published_ones():
    shown = re.search(r"<!-- replication -->\n(.*?)<!-- end of replication", README, re.DOTALL)[1]
    rows = shown.splitlines()[2:]
    assert len(rows) > 5
    published = (REFERENCE / "replication.md").read_text().splitlines()
    for row in rows:
        number, printed, ours, verdict = row.strip("| ").split(" | ")
        start = f"| {number} | {printed} ("
        assert any(
            each.startswith(start) and f" | {ours} | {verdict} | " in each for each in published
        ), row
