"""What the README shows is what the code does."""

import re
from pathlib import Path

from diffinfo.figures.registry import as_markdown

README = (Path(__file__).parents[1] / "README.md").read_text()


def test_the_list_of_figures_is_the_registry():
    shown = re.search(r"<!-- figures: .*? -->\n(.*?)<!-- end of figures -->", README, re.DOTALL)[1]
    assert shown == as_markdown(), "paste the output of the command that stands above the table"
