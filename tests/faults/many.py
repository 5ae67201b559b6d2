"""Run many commands in one process that may take little memory; `test_damaged.py` starts it.

Standard input: a list of command lines, as JSON; the first makes the limit, being the largest that
is usual. Standard output: for each its status (None where an exception came through), what it said,
the files that it made, and the largest memory of the process so far in MiB.
"""

import contextlib
import io
import json
import resource
import sys
import traceback
from pathlib import Path

from diffinfo.cli import main

ROOM = 3 << 30  # bytes of address space beside what is in use; bombs take more
assert __name__ == "__main__"


def files() -> set[str]:
    return {str(path) for path in Path().rglob("*") if path.is_file()}


def limit() -> None:
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    most = pages * resource.getpagesize() + ROOM
    resource.setrlimit(resource.RLIMIT_AS, (most, most))


told = []
for number, words in enumerate(json.load(sys.stdin)):
    before, said, printed = files(), io.StringIO(), io.StringIO()
    with contextlib.redirect_stderr(said), contextlib.redirect_stdout(printed):
        try:
            status = main(words)
        except BaseException:
            status = None
            traceback.print_exc()
    if number == 0:
        limit()
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    told.append([status, said.getvalue(), sorted(files() - before), memory])
json.dump(told, sys.stdout)
