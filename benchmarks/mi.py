"""`estimate_mi` on every pair of known information (`diffinfo/exact/pairs.py`).

    python benchmarks/mi.py [--rows 10000] [--only student rolled] [--pictures | --labels]
                            [--seed 0] > mi.csv

--pictures takes pairs of 16 x 16 images instead, --labels pairs of MNIST's training images whose
labels alone are related (TFDS_DATA_DIR).

Writes one CSV line per pair: the truth, the estimate and its standard error, whether it is within
5 % or 0.05 nats, the linear-Gaussian part, the other estimators, and seconds. The whole suite takes
about 40 minutes on 2 cores.
"""

import argparse
import csv
import sys
from collections.abc import Callable

import numpy as np

from diffinfo import estimate_mi
from diffinfo.config import complete
from diffinfo.data.sources import make_dataset
from diffinfo.exact.pairs import KnownPair, labelled_pictures, pictures, suite


def arguments(description: str) -> argparse.ArgumentParser:
    """A parser of which pairs are asked for."""
    parser = argparse.ArgumentParser(
        description=description, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rows", type=int, default=10_000)
    parser.add_argument(
        "--only", nargs="*", default=[], help="pairs whose name holds one of these words"
    )
    parser.add_argument("--seed", type=int, default=0)
    return parser


def write_rows(pairs: list[KnownPair], args: argparse.Namespace, row_of: Callable) -> None:
    """Print a CSV line, `row_of(pair, x, y, args)`, for each of the pairs that are asked for."""
    writer = None
    for number, pair in enumerate(pairs):
        if args.only and not any(word in pair.name for word in args.only):
            continue
        x, y = pair.sample(args.rows, np.random.default_rng([args.seed, number]))
        row = row_of(pair, x, y, args)
        if writer is None:
            writer = csv.DictWriter(sys.stdout, row)
            writer.writeheader()
        writer.writerow(row)
        sys.stdout.flush()


def _row(pair: KnownPair, x: np.ndarray, y: np.ndarray, args: argparse.Namespace) -> dict:
    estimate = estimate_mi(x, y, random_state=args.seed)
    error = estimate.mi - pair.truth
    return {
        "pair": pair.name,
        "truth": f"{pair.truth:.4f}",
        "mi": f"{estimate.mi:.4f}",
        "standard_error": f"{estimate.standard_error:.4f}",
        "error": f"{error:+.4f}",
        "within": abs(error) <= max(0.05, 0.05 * pair.truth),
        "converged": estimate.converged,
        "linear_gaussian": f"{estimate.linear_gaussian:.4f}",
        "neighbours": "",  # of few columns only
        **{name: f"{value.value:.4f}" for name, value in estimate.estimates.items()},
        "seconds": f"{estimate.seconds:.0f}",
    }


def main() -> None:
    parser = arguments(__doc__)
    parser.add_argument("--pictures", action="store_true", help="pairs of images instead")
    parser.add_argument("--labels", action="store_true", help="pairs of MNIST's images instead")
    args = parser.parse_args()
    pairs = pictures() if args.pictures else suite()
    if args.labels:
        mnist = make_dataset(complete("data", {"mnist": {}}))
        pairs = labelled_pictures(mnist.x_train[..., 0], mnist.y_train)
    write_rows(pairs, args, _row)


if __name__ == "__main__":
    main()
