"""What a config asks for: runs, the files of each, the commands that make them, and what its
figures show.

The workflow's rules and the tests read it from here; nothing in it knows of Snakemake, and nothing
loads JAX.
"""

import ast
import json
from collections.abc import Iterable, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

from diffinfo.config import expand
from diffinfo.data.inputs import source_files
from diffinfo.errors import ConfigError
from diffinfo.figures.registry import FIGURES, TABLES
from diffinfo.files import sha256_of
from diffinfo.runs import FILES, Run, by_experiment
from diffinfo.source import ROOT
from diffinfo.stages.contract import RUN_STAGES, Need, Stage

ESTIMATES = "estimates"  # the table of everything that was measured


def _docstring(path: Path, function: str = "") -> str:
    """Of a module, or of a function in it, without importing anything."""
    node = ast.parse(path.read_text(encoding="utf-8"))
    if function:
        node = next(n for n in node.body if isinstance(n, ast.FunctionDef) and n.name == function)
    return ast.get_docstring(node) or ""


def _data_name(data: dict[str, Any]) -> str:
    """Return `<source>-<checksum>` of a complete section `data`."""
    return f"{next(iter(data))}-{sha256_of(data)[:8]}"


class Plan:
    """Everything that follows from a config. Raises ConfigError for one whose figures or
    experiments do not fit together.

    experiments: complete settings of every case; groups: the cases that each name of the config
    stands for; data: the name of each case's data set, the same for all that describe the same one.
    """

    def __init__(self, config: dict[str, Any]):
        self.config, self.results = config, Path(config["results"])
        self.experiments, self.groups = expand(config["experiments"])
        self.data = {case: _data_name(each["data"]) for case, each in self.experiments.items()}
        for name in config["figures"]:
            self._check_figure(name)

    # Runs.

    def runs(self, names: Iterable[str]) -> list[Run]:
        """All seeds of these experiments and sweeps."""
        cases = [case for name in names for case in self.groups.get(name, [name])]
        root = self.results / "runs"
        return [Run(case, seed, root) for case in cases for seed in self.experiments[case]["seeds"]]

    @cached_property
    def all_runs(self) -> list[Run]:
        return self.runs(self.groups)

    def users_of(self, data: str) -> list[Run]:
        """The runs that use the data set of this name."""
        return [run for run in self.all_runs if self.data[run.experiment] == data]

    def path(self, name: str, run: Run) -> Path:
        """Return where a run's file of that name in `FILES` lies, its data set's among them."""
        if name in ("data", "card"):
            data = self.data[run.experiment]
            return self.results / "data" / FILES[name].path.format(data=data)
        return run.file(name)

    def has_codes(self, experiment: str) -> bool:
        """Whether it is an autoencoder, which has codes and no fields to estimate."""
        return "autoencoder" in self.experiments[experiment]["network"]

    def compared_with(self, experiment: str) -> str:
        """The experiment that an autoencoder is compared with. Raises ConfigError unless it has a
        classifier.
        """
        name = self.experiments[experiment]["beside"]
        if "classifier" not in self.experiments.get(name, {}):
            raise ConfigError(
                f"experiments.{experiment}.beside: {name or 'missing'}; needs the name of an "
                "experiment with a classifier"
            )
        return name

    def generator(self, experiment: str) -> Run:
        """The run whose model generates the data of an experiment. Raises ConfigError unless it has
        a classifier and data that are not generated themselves.
        """
        name = self.experiments[experiment]["data"]["generated"]["of"]
        other = self.experiments.get(name, {"data": {}})
        if "classifier" not in other or "generated" in other["data"]:
            raise ConfigError(
                f"experiments.{experiment}.data.generated.of: {name}; needs the name of an "
                "experiment with a classifier, whose data are not generated"
            )
        return Run(name, other["seeds"][0], self.results / "runs")

    def lender(self, experiment: str) -> Run:
        """The run whose schedules of few steps an experiment borrows. Raises ConfigError unless it
        has a classifier, and schedules of as many steps.
        """
        few = self.experiments[experiment]["few_steps"]
        name = few["borrow"]
        other = self.experiments.get(name, {})
        if name == experiment or "classifier" not in other:
            raise ConfigError(
                f"experiments.{experiment}.few_steps.borrow: {name}; needs the name of another "
                "experiment with a classifier"
            )
        missing = set(few["evaluations"]) - set(other["few_steps"]["evaluations"])
        if missing:
            raise ConfigError(
                f"experiments.{experiment}.few_steps.borrow: {name} has no schedules of "
                f"{', '.join(map(str, sorted(missing)))} steps; add them to its evaluations"
            )
        return Run(name, other["seeds"][0], self.results / "runs")

    # Stages of one run.

    def made_by(self, data: str) -> str:
        """The name of the stage that makes the data set of this name."""
        return "generate" if data.startswith("generated-") else "data"

    def needs(self, stage: Stage, run: Run) -> dict[str, list[str]]:
        """The files that the stage reads, by option; options whose files the experiment does not
        have are left out.
        """
        settings = self.experiments[run.experiment]

        def owner(need: Need) -> Run:
            if need.whose == "beside":
                return Run(self.compared_with(run.experiment), run.seed, run.root)
            if need.whose == "lender":
                return self.lender(run.experiment)
            return self.generator(run.experiment) if need.whose == "generator" else run

        def is_there(need: Need) -> bool:
            if need.whose == "lender":
                return bool(settings["few_steps"]["borrow"])
            return not need.optional or need.files[0] in settings

        needs = {
            option: [str(self.path(name, owner(need))) for name in need.files]
            for option, need in stage.needs.items()
            if is_there(need)
        }
        if stage.name == "data":
            needs["sources"] = [str(path) for path in source_files(settings["data"])]
        return needs

    def writes(self, stage: Stage) -> dict[str, str]:
        """The files that the stage makes, with {experiment} and {seed}, or {data}, in them."""
        folder = self.results / ("data" if "data" in stage.writes else "runs")
        return {name: str(folder / FILES[name].path) for name in stage.writes}

    def priority(self, stage: Stage, run: Run) -> float:
        """How soon the stage's job comes up: data first, and results as soon as they can be had.

        Trainings come last, of which those with the most steps are first, so that a long one does
        not end long after all others.
        """
        if stage.name not in ("train", "classifier"):
            return 30 if stage.name == "data" else 25
        most = max(each["train"]["steps"] for each in self.experiments.values())
        own = self.experiments[run.experiment]
        settings = own if stage.name == "train" else own["classifier"]
        return 20 + 4 * min(1.0, settings["train"]["steps"] / most)

    def command(self, stage: Stage, run: Run) -> list[str]:
        """The words of the stage's command line, `diffinfo` itself left out."""
        words = [stage.name]
        for option, files in self.needs(stage, run).items():
            words += [f"--{option}", files[0]] if option in stage.needs else []
        for option in stage.options:
            if option.workflow is not None:
                words += [option.flag, option.workflow.format(seed=run.seed)]
        if stage.sections:
            settings = {name: self.experiments[run.experiment][name] for name in stage.sections}
            words += ["--strict", "--settings", json.dumps(settings, sort_keys=True)]
        return [*words, "--out", str(self.path(stage.writes[0], run))]

    # Figures and their tables.

    def _check_figure(self, name: str) -> None:
        figure = FIGURES.get(name)
        if figure is None:
            raise ConfigError(
                f"figures.{name}: there is no such figure; known: {', '.join(FIGURES)}"
            )
        shown = self.config["figures"][name]
        if bool(shown) != bool(figure.of):
            which = (
                "name the experiments that it shows" if figure.of else "it shows no experiment: []"
            )
            raise ConfigError(f"figures.{name}: {which}")
        for case in shown:
            if case not in self.groups and case not in self.experiments:
                raise ConfigError(
                    f"figures.{name}: {case} is not one of the experiments "
                    f"{', '.join(self.groups)} "
                    f"(nor one case of a sweep, such as {next(iter(self.experiments))})"
                )
        for table in figure.borrows:
            if table != ESTIMATES and table not in self.config["figures"]:
                raise ConfigError(f"figures.{name}: also shows the table of {table}; add {table}")
        for run in self.figure_runs(name):
            if self.has_codes(run.experiment) != (figure.of == "codes"):
                unlike = "not an autoencoder" if figure.of == "codes" else "an autoencoder"
                raise ConfigError(f"figures.{name}: {run.experiment} is {unlike}")
            if figure.classifier and "classifier" not in self.experiments[run.experiment]:
                raise ConfigError(
                    f"figures.{name}: the experiment {run.experiment} needs a section `classifier`"
                )
            if figure.beside:
                self.compared_with(run.experiment)

    def figure_runs(self, name: str) -> list[Run]:
        """The runs that a figure shows."""
        return self.runs(self.config["figures"][name])

    def figure_inputs(self, name: str) -> list[str]:
        """Its own table, those that it borrows, and its pictures: what `draw` takes, in order."""
        figure = FIGURES[name]
        tables = [*([name] if figure.table else []), *figure.borrows]
        first = [runs[0] for runs in by_experiment(self.figure_runs(name)).values()]
        pictures = [str(run.file(figure.picture)) for run in first] if figure.picture else []
        return [str(self.results / "tables" / f"{table}.csv") for table in tables] + pictures

    @cached_property
    def tables(self) -> dict[str, str]:
        """Name -> the function of `diffinfo.tables` that makes it: of every figure that has one,
        and of all estimates.
        """
        tables = {name: FIGURES[name].table for name in self.config["figures"]}
        if any(not self.has_codes(run.experiment) for run in self.all_runs):
            tables[ESTIMATES] = "runs.estimates"
        return {name: table for name, table in tables.items() if table}

    @property
    def compared(self) -> list[str]:
        """The tables that numbers of the papers are compared with, if there are estimates."""
        return [
            name
            for name in (ESTIMATES, "fig23")
            if ESTIMATES in self.tables and name in self.tables
        ]

    def readable(self, name: str) -> bool:
        """Whether a table has a Markdown version beside it."""
        return TABLES[self.tables[name]].readable

    def _table_runs(self, name: str) -> tuple[list[Run], list[Run]]:
        """The runs of a table, and those that they are compared with in it."""
        if name == ESTIMATES:
            return [run for run in self.all_runs if not self.has_codes(run.experiment)], []
        runs = self.figure_runs(name)
        others = (
            {self.compared_with(run.experiment): None for run in runs}
            if FIGURES[name].beside
            else {}
        )
        return runs, self.runs(others)

    def _results_of(self, run: Run) -> tuple[str, ...]:
        """What is measured of every run: codes of autoencoders, fields of all others."""
        return ("latents",) if self.has_codes(run.experiment) else ("estimate", "profile")

    def table_inputs(self, name: str) -> list[str]:
        """The files that a table is made from; of a run's measurements, those that there are."""
        runs, others = self._table_runs(name)
        measured = {"latents", "estimate", "profile"}
        return list(
            dict.fromkeys(
                str(run.file(file))
                for run in (*runs, *others)
                for file in TABLES[self.tables[name]].reads
                if file not in measured or file in self._results_of(run)
            )
        )

    def table_command(self, name: str) -> list[str]:
        """The words of the table stage's command line."""
        words = ["table", self.tables[name]]
        for flag, runs in zip(("--runs", "--beside"), self._table_runs(name), strict=True):
            words += [flag, *(str(run.folder) for run in runs)] if runs else []
        return [*words, "--out", str(self.results / "tables" / f"{name}.csv")]

    @cached_property
    def run_files(self) -> list[str]:
        """What is made of every run, whatever is drawn: card of its data, model, measurements."""
        files = {
            str(self.path(name, run)): None
            for run in self.all_runs
            for name in ("card", "model", *self._results_of(run))
        }
        return list(files)

    # What rules say of themselves.

    def caption(self, name: str, *, table: bool = False) -> str:
        """Of a figure (its module's docstring), or of a table (its function's)."""
        if not table:
            return _docstring(ROOT / "figures" / f"{name}.py")
        module, function = self.tables[name].split(".")
        return _docstring(ROOT / "tables" / f"{module}.py", function)

    def about(self, figure: str) -> str:
        """The experiments that a figure shows, and a hash of their settings, for its metadata."""
        cases = by_experiment(self.figure_runs(figure))
        settings = {name: self.experiments[name] for name in cases}
        shown = ", ".join(self.config["figures"][figure]) or "exact fields"
        return f"experiments: {shown}; config sha256 {sha256_of(settings)}"

    def afterwards(self) -> str:
        """Where to look when a run has ended."""
        return (
            f"\nFigures: {self.results}/figures/ (.png). Every number with its error: "
            f"{self.results}/tables/estimates.md; beside the papers': replication.md. One page of "
            "all of it: the same command with --report report.html\n"
        )

    def in_words(self) -> str:
        """What a run is about to do."""
        lines = [f"\n{self.config['title']}"]
        for name, cases in self.groups.items():
            first = self.experiments[cases[0]]
            (source,) = first["data"]
            (network,) = (
                kind for kind in first["network"] if kind in ("mlp", "unet", "autoencoder")
            )
            steps = sorted({self.experiments[case]["train"]["steps"] for case in cases})
            spread = f"{steps[0]}" if len(steps) == 1 else f"{steps[0]} to {steps[-1]}"
            lines.append(
                f"  {name}: {source}, {network}, {len(cases)} case(s), {spread} steps of "
                f"{first['train']['batch']}, {len(first['seeds'])} seed(s)"
            )
        lines.append(f"  figures: {', '.join(self.config['figures'])} -> {self.results}/figures/")
        lines.append(
            f"About {self.config['expected_minutes']:g} minutes on 2 CPU cores from nothing; what "
            f"is made already is kept. Progress of long jobs: {self.results}/logs/\n"
        )
        return "\n".join(lines)

    def _runs_of(self, stage: Stage) -> list[Run]:
        """The runs that a stage may be called for: of those that share a data set, one makes it."""
        if "data" not in stage.writes:
            return self.all_runs
        names = dict.fromkeys(self.data.values())
        return [self.users_of(name)[0] for name in names if self.made_by(name) == stage.name]

    def jobs(self) -> Sequence[tuple[Stage, Run]]:
        """Every stage and run that the figures and files of this config need, in an order in which
        they can be made.
        """
        makers = {
            str(self.path(name, run)): (stage, run)
            for stage in RUN_STAGES
            for run in self._runs_of(stage)
            for name in stage.writes
        }
        jobs: dict[tuple[Stage, Run], None] = {}

        def make(files: Iterable[str]) -> None:
            for job in (makers[file] for file in files if file in makers):
                if job not in jobs:
                    for needed in self.needs(*job).values():
                        make(needed)
                    jobs[job] = None

        make(self.run_files)
        for name in self.tables:
            make(self.table_inputs(name))
        for name in self.config["figures"]:
            make(self.figure_inputs(name))
        return list(jobs)
