"""Collect runs into one CSV, averaged over seeds: the numbers of a figure, or of every estimate."""

import argparse

EXAMPLE = """examples:
  diffinfo table estimates --runs results/runs/digits/seed-0 --out estimates.csv
  diffinfo table profiles --runs results/runs/gaussian-*/seed-* --out profiles.csv

A run is a folder <experiment>/seed-<n> with estimate.json and estimate.levels.csv; <experiment> holds data.json."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("table", choices=["profiles", "estimates", "cases", "likelihoods", "codes"], help="what to collect")
    parser.add_argument("--runs", nargs="+", required=True, help="run folders, <experiment>/seed-<n>")
    parser.add_argument("--out", required=True, help="the CSV to write (estimates also writes .md)")


def run(args: argparse.Namespace) -> None:
    from pathlib import Path

    from diffinfo import tables
    from diffinfo.files import write_bytes, write_table

    makers = {
        "profiles": tables.profiles,
        "estimates": tables.estimates,
        "cases": tables.cases,
        "likelihoods": tables.likelihoods,
        "codes": tables.codes,
    }
    frame = makers[args.table](args.runs)
    if args.table == "estimates":
        write_bytes(Path(args.out).with_suffix(".md"), tables.as_markdown(frame).encode())
    write_table(args.out, frame)
    print(f"{args.out}: {len(frame)} rows from {len(args.runs)} runs")
