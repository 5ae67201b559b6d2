"""Mutual information of your own paired arrays, in nats, with a standard error and a word on
whether to trust it.

Rows are examples. A column of few integers, or of strings, is taken for labels (--discrete no: for
numbers). Columns may have any scale, skewness or tails: the answer does not change under monotone
maps of single columns. Without --minutes the same files and --seed give the same number.

Arrays of shape (n, H, W) or (n, H, W, C) are images: half of the rows teach a few features, and the
other half measure them, a lower bound.

Rows must be independent. Where some are not (many rows of a subject, copies), --groups names the
column that says which belong together; of a series, --block says how many neighbouring rows do:
take twenty times as many as it remembers.
"""

from pathlib import Path

from diffinfo.stages.contract import Job, Option

WHERE = (
    ".npy, .npz, .csv (.tsv, .csv.gz) or .parquet; FILE:NAME picks an array of an .npz, "
    "FILE:A,B,C columns"
)
MINUTES = "training time in all (default: a fixed number of steps, about 1.5 minutes on 2 cores)"
NULL = "test independence by so many permutations, such as 199 (default 0: no test)"
PLOT = "draw where in log-SNR the information sits (.pdf or .svg; CSV beside)"
OPTIONS = (
    Option("--x", {"required": True, "metavar": "FILE", "help": WHERE}, reads=True),
    Option(
        "--y",
        {"required": True, "metavar": "FILE", "help": "the same; numbers, or labels"},
        reads=True,
    ),
    Option(
        "--discrete",
        {"choices": ["auto", "yes", "no"], "default": "auto", "help": "are y's values labels?"},
    ),
    Option(
        "--missing",
        {"choices": ["error", "drop"], "default": "error", "help": "rows that lack a value"},
    ),
    Option(
        "--groups",
        {"metavar": "FILE", "help": "one column: rows of the same value are not independent"},
        reads=True,
    ),
    Option(
        "--block",
        {"type": int, "metavar": "ROWS", "help": "of a series: rows that belong together"},
    ),
    Option(
        "--permutations",
        {"type": int, "default": 0, "metavar": "P", "help": NULL},
    ),
    Option("--minutes", {"type": float, "help": MINUTES}),
    Option("--seed", {"type": int, "default": 0, "help": "of folds, networks and noise"}),
    Option("--json", {"action": "store_true", "help": "print all numbers as JSON"}),
    Option("--plot", {"metavar": "FILE", "help": PLOT}, writes=("", ".png", ".csv")),
)
EXAMPLES = """\
  diffinfo mi --x x.npy --y y.npy
  diffinfo mi --x genes.csv:a,b,c --y genes.csv:phenotype --json
  diffinfo mi --x pairs.npz:x --y pairs.npz:y --plot where.pdf --minutes 5"""


def run(job: Job) -> None:
    import json
    import sys
    import warnings

    from diffinfo.data.table_files import read_columns
    from diffinfo.files import write_table
    from diffinfo.studies.mi import estimate_mi

    options = job.options
    if options.plot:
        _check_plot(Path(options.plot))
    with warnings.catch_warnings(record=True) as noticed:
        warnings.simplefilter("always", UserWarning)
        x, y = read_columns(options.x), read_columns(options.y)
        groups = read_columns(options.groups) if options.groups else None
    for text in dict.fromkeys(str(notice.message) for notice in noticed):
        job.report(f"note: {text}")
    measured = estimate_mi(
        x,
        y,
        discrete=options.discrete,
        missing=options.missing,
        groups=groups,
        block=options.block,
        permutations=options.permutations,
        minutes=options.minutes,
        random_state=options.seed,
        report=job.report,
    )
    # The number first: whatever happens to the plot, it is not lost.
    for warning in measured.warnings:
        print(f"warning: {warning}", file=sys.stderr)
    shown = json.dumps(measured.as_dict(), indent=2, sort_keys=True) if options.json else measured
    print(shown, flush=True)
    if options.plot and measured.profile is None:
        job.report("note: what is counted has no levels of noise, and no plot")
    elif options.plot:
        from diffinfo.figures.where import draw

        table = Path(options.plot).with_suffix(".csv")
        write_table(table, measured.profile)
        draw([table], options.plot)


def _check_plot(plot: Path) -> None:
    """Raise DataError for a plot of a kind that cannot be drawn, or over anybody else's files."""
    from diffinfo.errors import DataError

    if plot.suffix.lower() not in (".pdf", ".svg"):
        raise DataError(f"--plot {plot}: needs the suffix .pdf or .svg")
    beside = [plot, plot.with_suffix(".png"), plot.with_suffix(".csv")]
    there = [path for path in beside if path.exists()]
    if there and not (beside[-1].is_file() and _is_profile(beside[-1])):
        raise DataError(
            f"--plot {plot}: would replace {there[0]}, which is not of an earlier plot; "
            "name another file, or move that one"
        )


def _is_profile(path: Path) -> bool:
    """Whether a file begins as the table beside a plot does."""
    with open(path, "rb") as stream:
        return stream.readline().startswith(b"quantity,lam_low,lam_high,")
