"""Collect runs into one CSV, averaged over seeds, or compute a table that needs none, from exact
fields.

A run is a folder <experiment>/seed-<n> with estimate.json and estimate.profile.csv (of an
autoencoder: latents.json).
"""

from diffinfo.figures.registry import TABLES
from diffinfo.stages.contract import Job, Option

OPTIONS = (
    Option("table", {"choices": list(TABLES), "metavar": "table", "help": ", ".join(TABLES)}),
    Option("--runs", {"nargs": "+", "default": [], "help": "folders <experiment>/seed-<n>"}),
    Option("--beside", {"nargs": "+", "default": [], "help": "runs to compare with (separation)"}),
    Option(
        "--out",
        {"required": True, "help": "the CSV to write; some tables also write .md"},
        writes=("", ".md"),
    ),
)
EXAMPLES = """\
  diffinfo table runs.estimates --runs results/runs/digits/seed-0 --out estimates.csv
  diffinfo table runs.profiles --runs results/runs/digits/seed-* --out profiles.csv
  diffinfo table illustrations.fig6 --out fig6.csv"""


def run(job: Job) -> None:
    from importlib import import_module
    from pathlib import Path

    from diffinfo.errors import DataError
    from diffinfo.files import damaged, write_bytes, write_table
    from diffinfo.runs import Run

    about = TABLES[job.options.table]
    asked = job.options.runs, job.options.beside
    runs, beside = ([Run.at(folder) for folder in folders] for folders in asked)
    if about.reads and not runs:
        raise DataError(f"--runs: {job.options.table} is made from runs; name their folders")
    # By name, so that editing one table is not a change of the others (the workflow follows
    # imports).
    module, function = job.options.table.split(".")
    tables = import_module(f"diffinfo.tables.{module}")
    with damaged(", ".join(job.options.runs + job.options.beside) or "exact fields"):
        frame = getattr(tables, function)(*(folders for folders in (runs, beside) if folders))
    if about.readable:
        text = getattr(tables, f"{function}_as_markdown")(frame)
        write_bytes(Path(job.options.out).with_suffix(".md"), text.encode())
    write_table(job.options.out, frame)
    print(f"{job.options.out}: {len(frame)} rows from {len(runs)} runs")
