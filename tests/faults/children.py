"""What the modules of this folder share: child processes, what they left, and the table of all
cases.
"""

import hashlib
import json
import os
import shutil
import subprocess
import sys
from dataclasses import asdict, dataclass
from pathlib import Path

HERE = Path(__file__).parent
PAIR = {
    "data": {"gaussian": {"dim_x": 3, "dim_y": 2, "sigma_eps": 0.5, "n_train": 200, "n_test": 60}},
    "network": {"mlp": {"width": 8, "depth": 1}},
    "train": {"steps": 30, "batch": 16},
    "estimate": {"draws": 4},
}
# Every stage of a small run, as one would give them by hand; all paths are below one folder.
RUN = "runs/pair/seed-0"
SETTINGS = ("--settings", json.dumps(PAIR))
COMMANDS = {
    "data": ("data", *SETTINGS, "--out", "data.npz"),
    "train": (
        *("train", *SETTINGS, "--data", "data.npz", "--out", f"{RUN}/model.msgpack"),
        *("--threads", "1", "--save-every", "0", "--steps-per-dispatch", "5"),
    ),
    "estimate": (
        *("estimate", *SETTINGS, "--data", "data.npz", "--model", f"{RUN}/model.msgpack"),
        *("--threads", "1", "--out", f"{RUN}/estimate.json"),
    ),
    "table": ("table", "runs.estimates", "--runs", RUN, "--out", "estimates.csv"),
    "profiles": ("table", "runs.profiles", "--runs", RUN, "--out", "fig12.csv"),
    "figure": ("figure", "fig12", "--inputs", "fig12.csv", "--out", "fig12.pdf"),
    "manifest": ("manifest", "--files", "fig12.pdf", "estimates.csv", "--out", "manifest.json"),
}
MADE = {
    "data": ("data.npz", "data.json"),
    "train": tuple(
        f"{RUN}/model.{name}" for name in ("msgpack", "history.csv", "risk.csv", "cost.json")
    ),
    "estimate": (f"{RUN}/estimate.json", f"{RUN}/estimate.profile.csv"),
    "table": ("estimates.csv", "estimates.md"),
    "profiles": ("fig12.csv",),
    "figure": ("fig12.pdf", "fig12.png"),
    "manifest": ("manifest.json",),
}


@dataclass(frozen=True)
class Kill:
    """One point of `killer.py`."""

    stage: str
    moment: str
    name: str
    signal: str
    nth: int = 1
    whom: str = "job"

    def __str__(self):
        return "-".join((self.stage, self.moment, self.name, self.signal, str(self.nth), self.whom))


def environment(killers: Path | None = None, **more: str | None) -> dict[str, str]:
    """That of a child; None takes a variable away. killers: a folder that `armed` made."""
    paths = [str(killers) if killers else "", os.environ.get("PYTHONPATH", "")]
    changed = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, paths))} | more
    return {name: value for name, value in changed.items() if value is not None}


def armed(folder: Path, kill: Kill) -> Path:
    """A folder for a child's path from which it is killed, once."""
    folder.mkdir(exist_ok=True)
    shutil.copy(HERE / "killer.py", folder / "sitecustomize.py")
    (folder / "kill_point.json").write_text(json.dumps(asdict(kill)))
    return folder


def diffinfo(
    words, cwd: Path, env: dict[str, str] | None = None, **options
) -> subprocess.CompletedProcess:
    """`diffinfo` as a child that runs in `cwd`."""
    command = [sys.executable, "-m", "diffinfo", *words]
    options = {"capture_output": True, "text": True, "timeout": 300} | options
    return subprocess.run(command, cwd=cwd, env=env or environment(), **options)


def left(folder: Path) -> dict[str, str]:
    """The SHA-256 of every file below a folder. How long a training took is no result."""
    found = {}
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            content = path.read_bytes()
            if path.name.endswith(".cost.json"):
                cost = json.loads(content)
                content = json.dumps({key: cost[key] for key in cost if key != "seconds"}).encode()
            found[path.relative_to(folder).as_posix()] = hashlib.sha256(content).hexdigest()
    return found


def is_one_sentence(text: str) -> bool:
    """Whether a refusal is a line for people: no traceback."""
    return "Traceback" not in text and len(text.strip().splitlines()) == 1
