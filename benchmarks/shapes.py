"""Shapes of U-Nets at equal minutes: bits per dimension and the classification bound they reach.

    python benchmarks/shapes.py cifar10 --minutes 8

Each is timed for a few steps, and then trained for as many as fit into the minutes, so that its
learning rate ends where it should. Held-out images are the same for all. Needs the data set in
TFDS_DATA_DIR. Run it with nothing beside it.
"""

import argparse
import time

import jax
from jax.flatten_util import ravel_pytree

from diffinfo.config import complete
from diffinfo.data.sources import make_dataset
from diffinfo.nn.build import network_of
from diffinfo.process.density import LevelDensity
from diffinfo.process.schedule import schedule_of
from diffinfo.studies.measure import measure
from diffinfo.train.loop import Trainer, default_chunk, make_objective, summarize

SHAPES = {
    "cifar10": {
        "patch 2, 48-96-128, attention 8": {
            "patch": 2,
            "channels": [48, 96, 128],
            "attention": [8],
        },
        "patch 2, 32-64-128, 2 blocks": {"patch": 2, "channels": [32, 64, 128], "blocks": 2},
        "patch 4, 96-192, attention 8": {"patch": 4, "channels": [96, 192], "attention": [8]},
        "patch 1, 16-48-96-128, attention 8": {
            "channels": [16, 48, 96, 128],
            "attention": [8],
        },
    },
    "tiny_imagenet": {
        "patch 4, 64-96-128, attention 8": {
            "patch": 4,
            "channels": [64, 96, 128],
            "attention": [8],
        },
        "patch 4, 96-192, attention 8": {"patch": 4, "channels": [96, 192], "attention": [8]},
        "patch 2, 32-64-128-192, attention 8": {
            "patch": 2,
            "channels": [32, 64, 128, 192],
            "attention": [8],
        },
    },
}


def _seconds_per_step(model, settings, process, dataset) -> float:
    """How long a step takes once all is compiled."""
    few = settings | {"steps": 4 * default_chunk(model)}
    trainer = Trainer(model, make_objective(few, process), few)
    trainer.train(dataset, 0)
    began = time.monotonic()
    trainer.train(dataset, 0)
    return (time.monotonic() - began) / few["steps"]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("data", choices=SHAPES)
    parser.add_argument("--minutes", type=float, default=8)
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--examples", type=int, default=200)
    args = parser.parse_args()
    process = complete("process", {})
    schedule, lam_range = schedule_of(process)
    dataset = make_dataset(complete("data", {args.data: {}}))
    x, y = dataset.x_test[: args.examples], dataset.y_test[: args.examples]
    even = LevelDensity.from_settings(complete("density", {"uniform": 1}), schedule, lam_range)
    print("| network | parameters | ms/step | steps | bits/dim | classification bound | accuracy |")
    print("|---|---|---|---|---|---|---|")
    for name, unet in SHAPES[args.data].items():
        network = complete("network", {"fields": "one", "unet": unet})
        settings = complete(
            "train",
            {
                "batch": args.batch,
                "learning_rate": 0.003,
                "null_probability": 0.2,
                "density": {"center": -1, "scale": 2, "uniform": 0.4},
            },
        )
        model = network_of(network, summarize(dataset))
        each = _seconds_per_step(model, settings, process, dataset)
        settings |= {"steps": int(60 * args.minutes / each)}
        trainer = Trainer(model, make_objective(settings, process), settings)
        trained = trainer.train(dataset, 0, seconds=60 * args.minutes * 1.1)
        few = dataset.classes <= 20
        found = measure(
            model.denoiser(trained.params),
            x,
            y,
            classes=dataset.classes,
            every_label=few,
            draws=32,
            density=even,
            schedule=schedule,
            pixels_train=dataset.x_train,
            risk_levels=0,
            block=100,
        ).as_dict()["estimates"]
        cells = [name, f"{ravel_pytree(trained.params)[0].size:,}", f"{1e3 * each:.0f}"]
        cells.append(f"{len(trained.history)}")
        for group, quantity in (
            ("bits_per_dimension", "bits_per_dimension"),
            ("mutual_information", "classification_bound"),
            ("accuracy", "classification_accuracy"),
        ):
            value = found.get(group, {}).get(quantity)
            shown = f"{value['value']:.3f} ± {value['standard_error']:.3f}" if value else ""
            cells.append(shown)
        print(f"| {' | '.join(cells)} |", flush=True)
        jax.clear_caches()


if __name__ == "__main__":
    main()
