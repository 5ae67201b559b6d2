"""Mutual information of your own paired arrays, in nats, with a standard error and a word on
whether to trust it.

Rows are examples. A column of few integers, or of strings, is taken for labels (--discrete no: for
numbers). Columns may have any scale, skewness or tails: the answer does not change under monotone
maps of single columns. Without --minutes the same files and --seed give the same number.

Arrays of shape (n, H, W) or (n, H, W, C) are images: half of the rows teach a few features, and the
other half measure what these tell.

Rows must be independent. Where some are not (many rows of a subject, copies), --groups names the
column that says which belong together; of a series, --block says how many neighbouring rows do:
take twenty times as many as it remembers.

--each ranks features: it measures every column of x with y by itself, by small networks side by
side.
"""

import sys
from pathlib import Path

from diffinfo.stages.contract import Job, Option

WHERE = (
    ".npy, .npz, .csv (.tsv, .csv.gz) or .parquet; FILE:NAME picks an array of an .npz, "
    "FILE:A,B,C columns"
)
MINUTES = "training time in all (default: a fixed number of steps, about 1.5 minutes on 2 cores)"
NULL = "test independence by so many permutations, such as 199 (default 0: no test)"
EACH = "every column of x by itself, the most telling first"
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
    Option("--each", {"action": "store_true", "help": EACH}),
    Option("--minutes", {"type": float, "help": MINUTES}),
    Option("--seed", {"type": int, "default": 0, "help": "of folds, networks and noise"}),
    Option("--json", {"action": "store_true", "help": "print all numbers as JSON"}),
    Option("--plot", {"metavar": "FILE", "help": PLOT}, writes=("", ".png", ".csv")),
)
EXAMPLES = """\
  diffinfo mi --x x.npy --y y.npy
  diffinfo mi --x genes.csv:a,b,c --y genes.csv:phenotype --json
  diffinfo mi --x genes.csv:a,b,c --y genes.csv:phenotype --each
  diffinfo mi --x pairs.npz:x --y pairs.npz:y --plot where.pdf --minutes 5"""


def run(job: Job) -> None:
    import json
    import warnings

    from diffinfo.data.table_files import read_columns
    from diffinfo.files import write_table
    from diffinfo.studies.mi import estimate_mi
    from diffinfo.studies.ranking import mutual_info

    options = job.options
    if options.plot:
        _check_plot(Path(options.plot))
    if options.each:
        _check_each(options)
    with warnings.catch_warnings(record=True) as noticed:
        warnings.simplefilter("always", UserWarning)
        x, y = read_columns(options.x), read_columns(options.y)
        groups = read_columns(options.groups) if options.groups else None
    for text in dict.fromkeys(str(notice.message) for notice in noticed):
        job.report(f"note: {text}")
    of_both = {"discrete": options.discrete, "missing": options.missing, "groups": groups}
    of_both |= {"block": options.block, "random_state": options.seed, "report": job.report}
    if options.each:
        ranking = mutual_info(x, y, **of_both)
        _warn(ranking.warnings)
        table = ranking.ranked()
        print(table.to_json(orient="records") if options.json else table.to_string(), flush=True)
        return
    measured = estimate_mi(
        x, y, permutations=options.permutations, minutes=options.minutes, **of_both
    )
    # The number first: whatever happens to the plot, it is not lost.
    _warn(measured.warnings)
    shown = json.dumps(measured.as_dict(), indent=2, sort_keys=True) if options.json else measured
    print(shown, flush=True)
    if options.plot and measured.profile is None:
        job.report("note: what is counted has no levels of noise, and no plot")
    elif options.plot:
        from diffinfo.figures.where import draw

        table = Path(options.plot).with_suffix(".csv")
        write_table(table, measured.profile)
        draw([table], options.plot)


def _warn(warnings) -> None:
    for warning in warnings:
        print(f"warning: {warning}", file=sys.stderr)


def _check_each(options) -> None:
    """Raise DataError for options that --each does not have."""
    from diffinfo.errors import DataError

    for name in ("permutations", "minutes", "plot"):
        if getattr(options, name):
            raise DataError(f"--each measures columns only: leave out --{name}")


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
