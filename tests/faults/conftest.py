"""What the modules of this folder begin with."""

import pytest
from tests.faults.children import COMMANDS, diffinfo


@pytest.fixture(scope="session")
def undisturbed(tmp_path_factory):
    """A folder after all stages."""
    folder = tmp_path_factory.mktemp("undisturbed")
    for words in COMMANDS.values():
        done = diffinfo(words, folder)
        assert done.returncode == 0, done.stderr
    return folder
