"""Estimators of other packages on the pairs of `benchmarks/race.py --arrays pairs.npz`.

    python -m venv others && others/bin/pip install benchmark-mi==0.1.3 jax==0.4.30 jaxlib==0.4.30
    others/bin/python benchmarks/others.py pairs.npz [--truth 20.041] > others.csv

The truth is 20.041 nats. It needs an environment of its own, since `benchmark-mi` (Czyz et al.,
2023) wants an older jax than ours. The estimators are KSG and three neural ones, InfoNCE, MINE and
NWJ, with that package's network [16, 8], a learning rate of 0.001 and at most 5,000 steps, until
their own held-out test stops them. (A network [256, 256] on 256 x 256 pairs at a time did not
finish in a quarter of an hour.)
"""

import argparse
import csv
import sys
import time

import bmi.estimators
import numpy as np

NEURAL = {"batch_size": 256, "max_n_steps": 5000, "learning_rate": 1e-3, "verbose": False}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("arrays")
    parser.add_argument("--truth", type=float, default=20.041)
    args = parser.parse_args()
    with np.load(args.arrays) as arrays:
        x, y = arrays["x"], arrays["y"]
    methods = {
        "KSG, 5 neighbours": bmi.estimators.KSGEnsembleFirstEstimator(neighborhoods=(5,)),
        "InfoNCE": bmi.estimators.InfoNCEEstimator(**NEURAL),
        "MINE": bmi.estimators.MINEEstimator(**NEURAL),
        "NWJ": bmi.estimators.NWJEstimator(**NEURAL),
    }
    writer = csv.writer(sys.stdout)
    writer.writerow(["method", "rows", "seconds", "mi", "error_percent"])
    for name, method in methods.items():
        began = time.perf_counter()
        estimate = float(method.estimate(x, y))
        seconds = time.perf_counter() - began
        writer.writerow(
            [
                name,
                len(x),
                f"{seconds:.1f}",
                f"{estimate:.3f}",
                f"{100 * (estimate / args.truth - 1):.1f}",
            ]
        )
        sys.stdout.flush()


if __name__ == "__main__":
    main()
