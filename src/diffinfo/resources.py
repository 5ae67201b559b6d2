"""What a job takes of a machine, for clusters, from an experiment's settings and measured rates.

Standard library only: the workflow asks while it plans.
"""

import math
from collections.abc import Mapping
from typing import Any

_SIDES = {"digits": 8, "mnist": 28, "cifar10": 32, "tiny_imagenet": 64, "folder": 64}


def memory(experiments: Mapping[str, Any], name: str) -> int:
    """Megabytes that a cluster should set aside for one job: twice what jobs of that kind took (in
    `results/benchmarks` vectors 0.75 GB, images up to 2.4 GB).
    """
    return 5000 if _pixels(experiments, name) else 1500


def minutes(experiments: Mapping[str, Any], name: str) -> int:
    """Minutes that a cluster should give one job at most: three times what the training takes on
    one thread, and a quarter of an hour. No other job of a run takes longer.

    Measured: a U-Net 8 ns an image, step, pixel at its entry and channel squared, halved maps
    counting a quarter; a perceptron 10 ms a step.
    """
    experiment, pixels = experiments[name], _pixels(experiments, name)
    seconds = sum(
        part["train"]["steps"] * _seconds_a_step(pixels, part["network"], part["train"]["batch"])
        for part in (experiment, experiment.get("classifier"))
        if part
    )
    return 15 + math.ceil(3 * seconds / 60)


def _pixels(experiments: Mapping[str, Any], name: str) -> int:
    """How many pixels an image of the experiment has, about; 0 for vectors."""
    ((source, options),) = experiments[name]["data"].items()
    if source == "generated":
        return _pixels(experiments, options["of"])
    images = "mlp" not in experiments[name]["network"]
    side = options.get("size") or _SIDES.get(source, 64 if images else 0)
    return side**2


def _seconds_a_step(pixels: int, network: Mapping[str, Any], batch: int) -> float:
    network = network.get("autoencoder", network)
    unet = network.get("unet", network)
    channels = unet.get("channels") or network.get("semantic") or []
    if not channels:
        return 0.01
    entry = pixels / unet.get("patch", 1) ** 2
    work = entry * sum(width**2 / 4**stage for stage, width in enumerate(channels))
    return 0.01 + batch * 8e-9 * work
