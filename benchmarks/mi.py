"""`estimate_mi` on every pair of known information (`diffinfo/exact/pairs.py`).

    python benchmarks/mi.py [--rows 10000] [--only student rolled] [--pictures] [--seed 0] > mi.csv

--pictures takes pairs of 16 x 16 images instead.

Writes one CSV line per pair: the truth, the estimate and its standard error, whether it is within
5 % or 0.05 nats, the linear-Gaussian part, the other estimators, and seconds. The whole suite takes
about 40 minutes on 2 cores.
"""

import argparse
import csv
import sys

import numpy as np

from diffinfo import estimate_mi
from diffinfo.exact.pairs import pictures, suite


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rows", type=int, default=10_000)
    parser.add_argument(
        "--only", nargs="*", default=[], help="pairs whose name holds one of these words"
    )
    parser.add_argument("--pictures", action="store_true", help="pairs of images instead")
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    writer = None
    for number, pair in enumerate(pictures() if args.pictures else suite()):
        if args.only and not any(word in pair.name for word in args.only):
            continue
        estimate = estimate_mi(
            *pair.sample(args.rows, np.random.default_rng([args.seed, number])),
            random_state=args.seed,
        )
        error = estimate.mi - pair.truth
        row = {
            "pair": pair.name,
            "truth": f"{pair.truth:.4f}",
            "mi": f"{estimate.mi:.4f}",
            "standard_error": f"{estimate.standard_error:.4f}",
            "error": f"{error:+.4f}",
            "within": abs(error) <= max(0.05, 0.05 * pair.truth),
            "converged": estimate.converged,
            "linear_gaussian": f"{estimate.linear_gaussian:.4f}",
            **{name: f"{value.value:.4f}" for name, value in estimate.estimates.items()},
            "seconds": f"{estimate.seconds:.0f}",
        }
        if writer is None:
            writer = csv.DictWriter(sys.stdout, row)
            writer.writeheader()
        writer.writerow(row)
        sys.stdout.flush()


if __name__ == "__main__":
    main()
