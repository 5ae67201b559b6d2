"""Compute an illustration's table (points, curves, arrows) from exact fields: no data, no network."""

import argparse

EXAMPLE = """examples:
  diffinfo illustrate fig1 --out fig1.csv
  diffinfo figure fig1 --inputs fig1.csv --out fig1.pdf"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "figure", choices=["fig1", "fig6", "fig7", "fig8", "fig19"], help="which illustration"
    )
    parser.add_argument("--out", required=True, help="the CSV to write")


def run(args: argparse.Namespace) -> None:
    from diffinfo.files import write_table
    from diffinfo.tables.illustrations import ILLUSTRATIONS

    table = ILLUSTRATIONS[args.figure]()
    write_table(args.out, table)
    print(f"{args.out}: {len(table)} rows")
