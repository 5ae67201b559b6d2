"""Draw one figure from its tables (never from models): a vector file and a PNG beside it."""

import argparse

EXAMPLE = """examples:
  diffinfo figure fig12 --inputs results/tables/fig12.csv --out fig12.pdf
  diffinfo figure fig16 --inputs results/tables/fig16.csv results/tables/estimates.csv --out fig16.pdf
  diffinfo figure samples --inputs results/runs/digits/seed-0/samples.npz --out samples.pdf"""

FIGURES = [f"fig{number}" for number in range(1, 28)]
FIGURES += ["estimators", "samples", "maps", "twostage", "price", "separation"]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("figure", choices=FIGURES, help="which figure")
    parser.add_argument("--inputs", nargs="+", required=True, help="its tables (or arrays)")
    parser.add_argument(
        "--out", required=True, help="the .pdf (or .svg) to write; .png goes beside it"
    )


def run(args: argparse.Namespace) -> None:
    # By name, so that editing one figure is not a change of the others (the workflow follows static
    # imports).
    from importlib import import_module

    module = import_module(f"diffinfo.figures.{args.figure}")
    module.draw(args.inputs, args.out)
    print(args.out)
