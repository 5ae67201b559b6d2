"""Collect runs into one CSV, averaged over seeds: the numbers of a figure, or of every estimate."""

import argparse

EXAMPLE = """examples:
  diffinfo table estimates --runs results/runs/digits/seed-0 --out estimates.csv
  diffinfo table profiles --runs results/runs/gaussian-*/seed-* --out profiles.csv

A run is a folder <experiment>/seed-<n> with estimate.json and estimate.levels.csv (of an autoencoder: latents.json);
<experiment> holds data.json."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "table",
        choices=[
            "profiles",
            "estimates",
            "cases",
            "likelihoods",
            "codes",
            "separation",
            "schedules",
        ],
        help="what to collect",
    )
    parser.add_argument(
        "--runs", nargs="+", required=True, help="run folders, <experiment>/seed-<n>"
    )
    parser.add_argument(
        "--beside",
        nargs="+",
        default=[],
        help="run folders of a model of the same images (separation)",
    )
    parser.add_argument(
        "--out", required=True, help="the CSV to write (estimates and separation also write .md)"
    )


def run(args: argparse.Namespace) -> None:
    from pathlib import Path

    from diffinfo import code_tables, schedule_tables, tables
    from diffinfo.errors import DataError
    from diffinfo.files import write_bytes, write_table

    if args.table == "separation" and not args.beside:
        raise DataError(
            "--beside: separation needs run folders of a model of the same images, with its classifier"
        )
    makers = {
        "profiles": tables.profiles,
        "estimates": tables.estimates,
        "cases": tables.cases,
        "likelihoods": tables.likelihoods,
        "codes": code_tables.codes,
        "schedules": schedule_tables.schedules,
        "separation": lambda runs: code_tables.separation(runs, args.beside),
    }
    readable = {"estimates": tables.as_markdown, "separation": code_tables.separation_as_markdown}
    frame = makers[args.table](args.runs)
    if args.table in readable:
        write_bytes(Path(args.out).with_suffix(".md"), readable[args.table](frame).encode())
    write_table(args.out, frame)
    print(f"{args.out}: {len(frame)} rows from {len(args.runs)} runs")
