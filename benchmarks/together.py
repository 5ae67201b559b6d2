"""Split autoencoders at several tau as one vectorised program (`config/together.yaml`), against one
after the other.

    python benchmarks/together.py [--members 3] [--steps 60]

Prints milliseconds per step and member for both, compilation left out, and their ratio; each is
timed twice, interleaved. One thread: on CPUs the workflow runs one job per core.
"""

import argparse
import os
import time

os.environ["XLA_FLAGS"] = f"{os.environ.get('XLA_FLAGS', '')} --xla_cpu_multi_thread_eigen=false"

import jax

from diffinfo.config import complete
from diffinfo.data.sources import make_dataset
from diffinfo.nn.build import network_of
from diffinfo.train.loop import Trainer, make_objective, summarize, with_split

SIZES = {
    "latent": 8,
    "semantic": [32, 64],
    "perceptual": [32],
    "unet": {"channels": [16, 32], "embedding": 32},
}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--members", type=int, default=3)
    parser.add_argument("--steps", type=int, default=60)
    args = parser.parse_args()

    digits, process = make_dataset(complete("data", {"digits": {}})), complete("process", {})
    settings = complete("train", {"steps": args.steps, "batch": 64, "weighting": "likelihood"})
    taus = [0.9 * (i + 1) / args.members for i in range(args.members)]
    networks = [complete("network", {"autoencoder": SIZES | {"tau": tau}}) for tau in taus]
    members = [
        (network_of(with_split(network, process), summarize(digits)), 0) for network in networks
    ]
    trainer = Trainer(members[0][0], make_objective(settings, process), settings)

    def seconds(groups) -> float:
        start = time.perf_counter()
        for group in groups:
            trainer.train_together(digits, group, chunk=10)
        return (time.perf_counter() - start) / (args.steps * args.members)

    ways = {"one after the other": [[member] for member in members], "vectorised": [members]}
    for groups in ways.values():
        seconds(groups)  # compiles
    for _ in range(2):
        alone, together = (seconds(groups) for groups in ways.values())
        print(
            f"{args.members} members, per step and member: one after the other {alone * 1e3:.2f} ms, "
            f"vectorised {together * 1e3:.2f} ms: {together / alone:.2f} ({jax.devices()[0].device_kind})"
        )


if __name__ == "__main__":
    main()
