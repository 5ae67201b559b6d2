"""What a stage states about itself, once and as data; command line, help and workflow rules are
derived from it.

A stage is a module of this folder with

    NEEDS      option -> Need: the files it reads, by their names in `diffinfo.runs.FILES`
    WRITES     names of the files it makes; `--out` names the first, the others lie beside it
    SECTIONS   sections of an experiment that it takes (config.schema.yaml)
    OPTIONS    further options of its command line
    EXAMPLES   command lines for its help text; a test runs them
    run(job)   loads, calls a study, writes

and a docstring whose first line says what it does. All but `run`, `EXAMPLES` and the docstring may
be left out. Heavy imports belong inside `run`: printing help, or planning a workflow, must not wait
for JAX.
"""

import math
import sys
import time
from argparse import ArgumentTypeError, Namespace
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

from diffinfo.data.inputs import file_and_names
from diffinfo.runs import FILES


def whole(low: int, high: int | None = None) -> Callable[[str], int]:
    """The argparse type of whole numbers from `low` to `high`."""

    def parse(text: str) -> int:
        try:
            number = int(text)
        except ValueError:
            number = None
        if number is None or number < low or (high is not None and number > high):
            limits = f"of {low} or more" if high is None else f"from {low} to {high}"
            raise ArgumentTypeError(f"{text}: must be a whole number {limits}")
        return number

    return parse


def real(low: float) -> Callable[[str], float]:
    """The argparse type of finite numbers of at least `low`."""

    def parse(text: str) -> float:
        try:
            number = float(text)
        except ValueError:
            number = math.nan
        if not low <= number < math.inf:
            raise ArgumentTypeError(f"{text}: must be a finite number of {low:g} or more")
        return number

    return parse


class Need:
    """A file that a stage reads, and those that it finds beside it.

    optional: it is there only if the experiment has a section of that file's name. whose: the
    experiment that it belongs to, if not this one: the one that this one is compared with
    ("beside"), the one whose model makes its data ("generator"), or, if there is one, the one whose
    schedules it borrows ("lender"). about: for the help text, where `FILES` does not say it all.
    """

    def __init__(self, *files: str, optional: bool = False, whose: str = "", about: str = ""):
        self.files, self.optional, self.whose = files, optional, whose
        self.about = about or FILES[files[0]].about


@dataclass(frozen=True)
class Option:
    """An option of the command line. keywords: of argparse; workflow: its value in the workflow,
    such as "{seed}". reads: whether its values name files that are read; writes: the suffixes of
    the files that it makes, that of its own value ("") among them.
    """

    flag: str
    keywords: Mapping[str, Any]
    workflow: str | None = None
    reads: bool = False
    writes: tuple[str, ...] = ()

    @property
    def dest(self) -> str:
        """The name of its value."""
        return self.keywords.get("dest", self.flag.lstrip("-").replace("-", "_"))


SEEDS = whole(0, 2**32 - 1)  # JAX keeps 32 bits of a seed
SEED = Option(
    "--seed",
    {"type": SEEDS, "default": 0, "help": "of initialisation, batches and noise (default 0)"},
    workflow="{seed}",
)


@dataclass(frozen=True)
class Job:
    """One call of a stage. needs: a path per option (None for one that is not given); writes: a
    path per file.

    settings: complete sections by name; options: the other options of the command line.
    """

    needs: dict[str, Path | None]
    writes: dict[str, Path]
    settings: dict[str, dict[str, Any]]
    options: Namespace = field(default_factory=Namespace)

    def report(self, line: str) -> None:
        """Progress, for people: apart from what the command prints."""
        print(line, file=sys.stderr, flush=True)

    def meter(self, unit: str) -> Callable[[int, int], None]:
        """Reports how many of all are done, with the time left."""
        from tqdm import tqdm

        began = time.monotonic()

        def report(done: int, total: int) -> None:
            seconds = time.monotonic() - began
            self.report(tqdm.format_meter(done, total, seconds, ncols=70, unit=unit))

        return report


def _together(names: Sequence[str], first: Path) -> dict[str, Path]:
    """The files of these names, the first of which is `first`: the others lie beside it."""
    stem = Path(FILES[names[0]].path).stem
    suffixes = {name: Path(FILES[name].path).name.removeprefix(stem) for name in names[1:]}
    beside = {name: first.with_name(first.stem + suffix) for name, suffix in suffixes.items()}
    return {names[0]: first} | beside


@dataclass(frozen=True)
class Stage:
    """The statement of one stage's module, with what is left out filled in."""

    name: str

    @property
    def module(self) -> ModuleType:
        return import_module(f"diffinfo.stages.{self.name}")

    def _stated(self, what: str, default: Any) -> Any:
        return getattr(self.module, what, default)

    @property
    def needs(self) -> dict[str, Need]:
        return self._stated("NEEDS", {})

    @property
    def writes(self) -> tuple[str, ...]:
        return self._stated("WRITES", ())

    @property
    def sections(self) -> tuple[str, ...]:
        return self._stated("SECTIONS", ())

    @property
    def options(self) -> tuple[Option, ...]:
        return self._stated("OPTIONS", ())

    def written(self, out: str | Path) -> dict[str, Path]:
        """All files that the stage makes when its first one is `out`: `m.msgpack` has
        `m.history.csv` beside it.
        """
        return _together(self.writes, Path(out))

    def read(self, job: Job) -> list[Path]:
        """All files that a call reads, as far as its command line names them."""
        files = [
            path
            for option, need in self.needs.items()
            if job.needs[option]
            for path in _together(need.files, job.needs[option]).values()
        ]
        for option in self.options:
            if option.reads:
                given = getattr(job.options, option.dest) or []
                texts = [given] if isinstance(given, str) else given
                files += [file_and_names(text)[0] for text in texts]
        return files

    def made(self, job: Job) -> list[Path]:
        """All files that a call makes."""
        files = list(job.writes.values())
        for option in self.options:
            given = getattr(job.options, option.dest) if option.writes else None
            if given:
                files += [Path(given).with_suffix(s) if s else Path(given) for s in option.writes]
        return files


# Made for every run (data: for every experiment) by the workflow, in the order in which they depend
# on each other.
RUN_STAGES = tuple(
    map(
        Stage,
        (
            "data",
            "train",
            "classifier",
            "generate",
            "estimate",
            "class_spectra",
            "sample",
            "maps",
            "pilot",
            "few_steps",
            "latents",
            "tsne",
            "reconstruct",
            "two_stages",
        ),
    )
)
# Made of all runs together, and what only people call.
OTHER_STAGES = tuple(
    map(
        Stage,
        (
            "table",
            "figure",
            "manifest",
            "verify",
            "crate",
            "summary",
            "replication",
            "schedule",
            "measure",
            "mi",
        ),
    )
)
STAGES = {stage.name: stage for stage in (*RUN_STAGES, *OTHER_STAGES)}
