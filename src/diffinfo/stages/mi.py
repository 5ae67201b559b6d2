"""Mutual information of your own paired arrays, in nats, with a standard error and a word on
whether to trust it.

Rows are examples. A column of few integers, or of strings, is taken for labels (--discrete no: for
numbers). Columns may have any scale, skewness or tails: the answer does not change under monotone
maps of single columns. Without --minutes the same files and --seed give the same number.
"""

from diffinfo.stages.contract import Job, Option

WHERE = ".npy, .npz, .csv or .parquet; FILE:NAME picks an array of an .npz, FILE:A,B,C columns"
MINUTES = "training time in all (default: a fixed number of steps, about 1.5 minutes on 2 cores)"
PLOT = "draw where in log-SNR the information sits (.pdf or .svg; CSV beside)"
OPTIONS = (
    Option("--x", {"required": True, "metavar": "FILE", "help": WHERE}),
    Option("--y", {"required": True, "metavar": "FILE", "help": "the same; numbers, or labels"}),
    Option(
        "--discrete",
        {"choices": ["auto", "yes", "no"], "default": "auto", "help": "are y's values labels?"},
    ),
    Option("--minutes", {"type": float, "help": MINUTES}),
    Option("--seed", {"type": int, "default": 0, "help": "of folds, networks and noise"}),
    Option("--json", {"action": "store_true", "help": "print all numbers as JSON"}),
    Option("--plot", {"metavar": "FILE", "help": PLOT}),
)
EXAMPLES = """\
  diffinfo mi --x x.npy --y y.npy
  diffinfo mi --x genes.csv:a,b,c --y genes.csv:phenotype --json
  diffinfo mi --x pairs.npz:x --y pairs.npz:y --plot where.pdf --minutes 5"""


def run(job: Job) -> None:
    import json
    import sys
    from pathlib import Path

    from diffinfo.data.columns import read_columns
    from diffinfo.files import write_table
    from diffinfo.studies.mi import estimate_mi

    options = job.options
    measured = estimate_mi(
        read_columns(options.x),
        read_columns(options.y),
        discrete={"auto": "auto", "yes": True, "no": False}[options.discrete],
        minutes=options.minutes,
        random_state=options.seed,
        report=job.report,
    )
    if options.plot:
        from diffinfo.figures.where import draw

        table = Path(options.plot).with_suffix(".csv")
        write_table(table, measured.profile)
        draw([table], options.plot)
    for warning in measured.warnings:
        print(f"warning: {warning}", file=sys.stderr)
    print(json.dumps(measured.as_dict(), indent=2, sort_keys=True) if options.json else measured)
