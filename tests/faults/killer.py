"""Kills a child at a chosen point; `children.py` puts it on the child's path as `sitecustomize`.

The point is in `kill_point.json` beside this file and is used once, so that the same command given
again, in the same environment, is not killed:

stage    of `python -m diffinfo <stage>`; no other process is killed
moment   "writing" (half of the nth write to a temporary file is on the disk), "renaming" (it is
         whole, and has not its name yet), "renamed" (it has), or "calling" (a function begins)
name     of the file, or "module:function"
nth      1 for the first such moment
signal   by name
whom     "job" (this process), "workflow" (the Snakemake that started it) or "all" (its group, as
         Ctrl-C at a terminal does)
"""

import builtins
import fnmatch
import io
import json
import os
import signal
import sys
import time
from pathlib import Path

POINT = Path(__file__).with_name("kill_point.json")


def workflow() -> int:
    """The uppermost Snakemake among the processes above this one."""
    found, pid = 0, os.getpid()
    while pid > 1:
        if b"-m\0snakemake" in Path(f"/proc/{pid}/cmdline").read_bytes():
            found = pid
        pid = int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    return found


def arm(stage: str, moment: str, name: str, nth: int, signal_name: str, whom: str) -> None:
    """Patch what writes, renames or calls, so that the process is killed there."""
    met = 0

    def meet(what: str) -> bool:
        nonlocal met
        met += (here := fnmatch.fnmatch(what, name))
        return here and met == nth

    def kill() -> None:
        POINT.unlink()
        number = signal.Signals[signal_name]
        if whom == "all":
            os.killpg(0, number)
        else:
            os.kill(os.getpid() if whom == "job" else workflow(), number)
        while whom != "workflow":  # another thread may be told first
            time.sleep(0.01)

    class Dying(io.BufferedWriter):
        def write(self, content):
            if meet(final):
                content = memoryview(content).cast("B")
                half = super().write(content[: len(content) // 2])
                self.flush()
                kill()
                return half + super().write(content[half:])
            return super().write(content)

    final = ""  # what the temporary file is going to be called
    whole_open, whole_replace = open, os.replace

    def opened(file, mode="r", *args, **options):
        nonlocal final
        stream = whole_open(file, mode, *args, **options)
        if mode == "wb" and str(file).endswith(".tmp"):
            final = Path(file).name[1:].rsplit(".", 2)[0]
            return Dying(stream.detach())
        return stream

    def replace(source, target):
        here = meet(Path(target).name)
        if here and moment == "renaming":
            kill()
        whole_replace(source, target)
        if here and moment == "renamed":
            kill()

    def called(frame, event, argument):
        module = frame.f_globals.get("__name__")
        if event == "call" and meet(f"{module}:{frame.f_code.co_name}"):
            sys.setprofile(None)
            kill()

    if moment == "writing":
        builtins.open = opened
    elif moment == "calling":
        sys.setprofile(called)
    else:
        os.replace = replace


if POINT.exists():
    point = json.loads(POINT.read_text())
    if sys.orig_argv[1:4] == ["-m", "diffinfo", point["stage"]]:
        arm(*(point[key] for key in ("stage", "moment", "name", "nth", "signal", "whom")))
