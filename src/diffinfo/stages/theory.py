"""Compute the table of a figure about schedules and steps on exact mixtures: no data, no network."""

import argparse

EXAMPLE = """examples:
  diffinfo theory fig23 --out fig23.csv
  diffinfo figure fig23 --inputs fig23.csv --out fig23.pdf"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("figure", choices=["fig23", "fig24", "fig25", "fig26"], help="which figure")
    parser.add_argument("--out", required=True, help="the CSV to write")


def run(args: argparse.Namespace) -> None:
    from diffinfo.files import write_table
    from diffinfo.tables.theory import EXPERIMENTS

    table = EXPERIMENTS[args.figure]()
    write_table(args.out, table)
    print(f"{args.out}: {len(table)} rows")
