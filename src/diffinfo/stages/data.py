"""Bring a data set into the common form: one .npz with a fixed train/test split, and a JSON card
with counts and checksums.
"""

import argparse

EXAMPLE = """examples:
  diffinfo data --settings '{"data": {"digits": {}}}' --out digits.npz
  diffinfo data --settings '{"data": {"folder": {"path": "photos", "size": 32}}}' --out photos.npz
  diffinfo data --settings '{"data": {"npz": {"path": "pairs.npz"}}}' --out mine.npz       (arrays x and y)
  diffinfo data --settings config/default.yaml --experiment gaussian-0.6 --out g.npz"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--out", required=True, help="the .npz to write; its card goes beside it as .json"
    )


def run(args: argparse.Namespace) -> None:
    from diffinfo.config import read_settings
    from diffinfo.data.dataset import save_dataset
    from diffinfo.data.sources import make_dataset

    settings = read_settings(args.settings, args.experiment, ("data",))
    dataset = make_dataset(settings["data"])
    save_dataset(args.out, dataset)
    print(
        f"{args.out}: {len(dataset.x_train)} train and {len(dataset.x_test)} test examples of {dataset.x_train.shape[1:]}"
    )
