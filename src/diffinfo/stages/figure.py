"""Draw one figure from its tables (never from models): a vector file and a PNG beside it."""

from diffinfo.figures.registry import FIGURES
from diffinfo.stages.contract import Job, Option

OPTIONS = (
    Option("figure", {"choices": list(FIGURES), "metavar": "figure", "help": ", ".join(FIGURES)}),
    Option(
        "--inputs",
        {"nargs": "+", "required": True, "help": "its tables, then its pictures"},
        reads=True,
    ),
    Option(
        "--out",
        {"required": True, "help": "the .pdf (or .svg) to write; .png goes beside it"},
        writes=("", ".png"),
    ),
)
EXAMPLES = """\
  diffinfo figure fig12 --inputs results/tables/fig12.csv --out fig12.pdf
  diffinfo figure fig16 --inputs results/tables/fig16.csv results/tables/estimates.csv --out f.pdf
  diffinfo figure samples --inputs results/runs/digits/seed-0/samples.npz --out samples.pdf"""


def run(job: Job) -> None:
    from importlib import import_module

    # By name, so that editing one figure is not a change of the others (the workflow follows
    # imports).
    module = import_module(f"diffinfo.figures.{job.options.figure}")
    module.draw(job.options.inputs, job.options.out)
    print(job.options.out)
