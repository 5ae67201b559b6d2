"""What the documentation says of this suite is what the suite is."""

from pathlib import Path

import pytest
from tests.faults.table import as_markdown

pytestmark = pytest.mark.faults
PAGE = Path(__file__).parents[2] / "docs" / "faults.md"


def test_the_table_of_the_documentation_is_of_these_cases():
    """Law: every kind and every count in docs/faults.md is that of the parametrised cases."""
    assert as_markdown() in PAGE.read_text(encoding="utf-8"), (
        "paste what `python -m tests.faults.table` prints"
    )
