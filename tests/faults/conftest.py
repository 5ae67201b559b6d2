"""What the modules of this folder begin with."""

import signal

import pytest
from tests.faults.children import COMMANDS, diffinfo

# A shell that starts the tests in the background has them ignore Ctrl-C, and all that they start.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def undisturbed(tmp_path_factory):
    """A folder after all stages."""
    folder = tmp_path_factory.mktemp("undisturbed")
    for words in COMMANDS.values():
        done = diffinfo(words, folder)
        assert done.returncode == 0, done.stderr
    return folder
