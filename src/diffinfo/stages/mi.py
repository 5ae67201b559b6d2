"""Mutual information of your own paired arrays, in nats, with a standard error and a word on
whether to trust it.
"""

import argparse
import sys
from pathlib import Path

EXAMPLE = """examples:
  diffinfo mi --x x.npy --y y.npy
  diffinfo mi --x genes.csv:a,b,c --y genes.csv:phenotype --json
  diffinfo mi --x pairs.npz:x --y pairs.npz:y --plot where.pdf --minutes 5

Rows are examples. A column of few integers, or of strings, is taken for labels (--discrete no: for numbers). Columns may have
any scale, skewness or tails: the answer does not change under monotone maps of single columns. Without --minutes the same files
and --seed give the same number."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    where = ".npy, .npz, .csv or .parquet; FILE:NAME picks the array of an .npz, FILE:A,B,C the columns of a table"
    parser.add_argument("--x", required=True, metavar="FILE", help=where)
    parser.add_argument(
        "--y", required=True, metavar="FILE", help="the same; numbers, or one column of labels"
    )
    parser.add_argument(
        "--discrete",
        choices=["auto", "yes", "no"],
        default="auto",
        help="are the values of y labels?",
    )
    parser.add_argument(
        "--minutes",
        type=float,
        help="training time in all (default: a fixed number of steps, about 1.5 minutes on 2 cores)",
    )
    parser.add_argument(
        "--seed", type=int, default=0, help="of folds, networks and noise (default 0)"
    )
    parser.add_argument(
        "--json", action="store_true", help="print everything that was found as JSON"
    )
    parser.add_argument(
        "--plot",
        metavar="FILE",
        help="draw where in log-SNR the information sits (.pdf or .svg; CSV beside)",
    )


def read_columns(text: str):
    """The array, or the columns of the table, that `FILE[:NAMES]` means.

    Raises: DataError naming the file and the name that is not there.
    """
    from functools import partial

    import numpy as np
    import pandas as pd

    from diffinfo.errors import DataError
    from diffinfo.files import read_arrays

    file, _, names = text.partition(":") if not Path(text).exists() else (text, "", "")
    path = Path(file)
    if not path.is_file():
        raise DataError(f"{path}: no such file")
    kind = path.suffix.lower()
    if kind == ".npz":
        arrays = read_arrays(path)
        if not names and len(arrays) != 1:
            raise DataError(
                f"{path}: holds {', '.join(sorted(arrays)) or 'nothing'}; say which as {path}:NAME"
            )
        name = names or next(iter(arrays))
        if name not in arrays:
            raise DataError(f"{path}: has no array {name!r}; it holds {', '.join(sorted(arrays))}")
        return arrays[name]
    if names and kind == ".npy":
        raise DataError(f"{text}: an .npy file has no names; give the file alone")
    readers = {".npy": partial(np.load, allow_pickle=False), ".csv": pd.read_csv}
    readers |= dict.fromkeys((".parquet", ".pq"), pd.read_parquet)
    if kind not in readers:
        raise DataError(
            f"{path}: unknown kind {kind or '(no suffix)'}; use .npy, .npz, .csv or .parquet"
        )
    try:
        table = readers[kind](path)
    except Exception as error:
        raise DataError(
            f"{path}: cannot be read ({error}); the file is truncated or of another format"
        ) from error
    if kind == ".npy":
        return table
    chosen = names.split(",") if names else list(table.columns)
    missing = [name for name in chosen if name not in table.columns]
    if missing:
        raise DataError(
            f"{path}: has no column {missing[0]!r}; it has {', '.join(map(str, table.columns))}"
        )
    return table[chosen].to_numpy()


def run(args: argparse.Namespace) -> None:
    import json

    from diffinfo.files import write_table
    from diffinfo.studies.mi import estimate_mi

    found = estimate_mi(
        read_columns(args.x),
        read_columns(args.y),
        discrete={"auto": "auto", "yes": True, "no": False}[args.discrete],
        minutes=args.minutes,
        random_state=args.seed,
        report=lambda line: print(line, file=sys.stderr, flush=True),
    )
    if args.plot:
        from diffinfo.figures.where import draw

        table = Path(args.plot).with_suffix(".csv")
        write_table(table, found.profile)
        draw([table], args.plot)
    for warning in found.warnings:
        print(f"warning: {warning}", file=sys.stderr)
    if args.json:
        print(json.dumps(found.as_dict(), indent=2, sort_keys=True))
        return
    bound = "" if found.upper_bound is None else f", at most H(Y) = {found.upper_bound:.4f}"
    low, high = found.lam_range
    print(
        f"I(X;Y) = {found.mi:.4f} +- {found.standard_error:.4f} nats = {found.bits:.4f} bits{bound}"
    )
    print(
        f"{found.estimator}, {'converged' if found.converged else 'NOT converged'}, {found.seconds:.0f} s"
    )
    print(
        f"{found.n} rows of {found.dim_x} + {found.dim_y} columns, log-SNR {low:.1f} to {high:.1f}"
    )
