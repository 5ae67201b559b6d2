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
    Option(
        "--about",
        {"default": "", "help": "what it shows, for its metadata: experiments, hash of the config"},
    ),
)
EXAMPLES = """\
  diffinfo figure fig12 --inputs results/tables/fig12.csv --out fig12.pdf
  diffinfo figure fig16 --inputs results/tables/fig16.csv results/tables/estimates.csv --out f.pdf
  diffinfo figure samples --inputs results/runs/digits/seed-0/samples.npz --out samples.pdf"""


def run(job: Job) -> None:
    from importlib import import_module

    from diffinfo.figures.style import described
    from diffinfo.files import damaged
    from diffinfo.source import package_hash

    # By name, so that editing one figure is not a change of the others (the workflow follows
    # imports).
    module = import_module(f"diffinfo.figures.{job.options.figure}")
    name, source = job.options.figure, f"source sha256 {package_hash()}"
    with (
        damaged(", ".join(job.options.inputs)),
        described(Title=f"diffinfo {name}", Subject=job.options.about, Keywords=source),
    ):
        module.draw(job.options.inputs, job.options.out)
    print(job.options.out)
