"""What a job takes of a machine, for clusters and for the time that is left, from an experiment's
settings and measured rates.

Standard library only: the workflow asks while it plans.
"""

import math
from collections.abc import Mapping
from typing import Any

_SIDES = {"digits": 8, "mnist": 28, "cifar10": 32, "tiny_imagenet": 64, "folder": 64}
_CLASSES = {"tiny_imagenet": 200, "random_fields": 4}
_TEST_EXAMPLES = {"digits": 450, "gaussian": 5000}  # 1000 of others, unless the config says
# Starting and compiling, in seconds, and on top a share of the training's time where no count of
# evaluations is known.
_START = {"data": 1.5, "train": 4, "classifier": 4, "latents": 9}
_SHARES = {"latents": 0.2, "two_stages": 0.8, "reconstruct": 0.2, "maps": 0.05}
# Of a table or a figure: those tables that are long are theory, the same in every config.
DRAWING = {"any": 3.0, "fig23": 55, "fig24": 14, "fig25": 40, "fig26": 14, "fig28": 14, "fig1": 9}
_SAMPLERS, _SCHEDULES = 3, 4  # of the comparison of few steps


def memory(experiments: Mapping[str, Any], name: str, stage: str) -> int:
    """Megabytes that a cluster should set aside for one job: twice what the largest of any stage
    took (in `results/benchmarks` vectors 0.75 GB, images up to 2.4 GB).
    """
    del stage
    return 5000 if _pixels(experiments, name) else 1500


def minutes(experiments: Mapping[str, Any], name: str, stage: str) -> int:
    """Minutes that a cluster should give a job of the stage at most: three times what it takes on
    one thread, and a quarter of an hour.
    """
    return 15 + math.ceil(3 * seconds(experiments, name, stage) / 60)


def seconds(experiments: Mapping[str, Any], name: str, stage: str) -> float:
    """Seconds that a job of the stage takes on one thread, about.

    Measured: a training step is `_seconds_a_step`; an evaluation of a field is a third of what an
    example of a training step takes.
    """
    experiment, pixels = experiments[name], _pixels(experiments, name)
    part = experiment["classifier"] if stage == "classifier" else experiment
    a_step = _seconds_a_step(pixels, part["network"], part["train"]["batch"])
    training = part["train"]["steps"] * a_step
    if stage in ("train", "classifier"):
        # A classifier is half a U-Net; trainings that are watched end early.
        return _START[stage] + training * (0.4 if stage == "classifier" else 0.9)
    a_field = a_step / (3 * part["train"]["batch"])
    fields = _evaluations(experiments, name, stage) * a_field
    return _START.get(stage, 4) + fields + _SHARES.get(stage, 0) * training


def _evaluations(experiments: Mapping[str, Any], name: str, stage: str) -> int:
    """How often a job of the stage evaluates a field for one example."""
    experiment = experiments[name]
    ((source, options),) = experiment["data"].items()
    classes, few = _CLASSES.get(source, 10), experiment["few_steps"]
    # A field with guidance is two.
    guided = sum(1 + bool(weight) for weight in few["guidance"])
    a_set = _SAMPLERS * sum(few["evaluations"]) * classes * few["per_class"]
    if stage == "estimate":
        settings = experiment["estimate"]
        examples = options.get("n_test") or _TEST_EXAMPLES.get(source, 1000)
        if settings["max_examples"]:
            examples = min(examples, settings["max_examples"])
        fields = 1 + classes if _pixels(experiments, name) and settings["every_label"] else 2
        return examples * (settings["draws"] * fields + 2 * settings["linear_times"])
    if stage == "pilot":
        tried = len(few["saturation"]) * len(few["smoothness"]) + len(few["power"])
        return few["examples"] * few["candidates"] + a_set * (tried + len(few["rho"]))
    if stage == "few_steps":
        return a_set * (_SCHEDULES + bool(few["borrow"])) * guided * few["seeds"]
    if stage == "generate":
        images = options["n_train"] + options["n_test"]
        return images * options["steps"] * (1 + bool(options["guidance_weight"]))
    if stage == "sample":
        settings = experiment["sample"]
        a_path = settings["steps"] * (2 if settings["method"] == "ode" else 1)
        fields = sum(1 + bool(weight) for weight in settings["guidance"])
        return classes * settings["per_class"] * a_path * fields
    return 0


def _pixels(experiments: Mapping[str, Any], name: str) -> int:
    """How many pixels an image of the experiment has, about; 0 for vectors."""
    ((source, options),) = experiments[name]["data"].items()
    if source == "generated":
        return _pixels(experiments, options["of"])
    images = "mlp" not in experiments[name]["network"]
    side = options.get("size") or options.get("side") or _SIDES.get(source, 64 if images else 0)
    return side**2


def _seconds_a_step(pixels: int, network: Mapping[str, Any], batch: int) -> float:
    """Of training on one thread. A U-Net takes 8 ns an image, pixel at its entry and channel
    squared, halved maps counting a quarter; a perceptron 0.34 ns a row, block and width squared.
    """
    if "mlp" in network:
        mlp, fields = network["mlp"], 1 if network["fields"] == "one" else 2
        return fields * (0.0015 + 3.4e-10 * batch * mlp["depth"] * mlp["width"] ** 2)
    network = network.get("autoencoder", network)
    unet = network.get("unet", network)
    channels = unet.get("channels") or network.get("semantic") or []
    entry = pixels / unet.get("patch", 1) ** 2
    work = entry * sum(width**2 / 4**stage for stage, width in enumerate(channels))
    # A decoder without a U-Net is one pass at the end, not two at every level.
    return 0.01 + batch * 8e-9 * work * (1 if "channels" in unet else 0.1)


class TimeLeft:
    """How much of a run is done and how long the rest takes, as its jobs start and finish.

    expected: seconds of every job, by its number. Only their proportions matter: what they come to
    on this machine, and how many run beside each other, shows in the time that the first ones take.
    """

    def __init__(self, expected: Mapping[int, float]):
        self._expected = dict(expected)
        self._total = sum(self._expected.values())
        self._started: dict[int, float] = {}
        self._done = 0.0

    def start(self, job: int, now: float) -> None:
        self._started[job] = now

    def finish(self, job: int) -> None:
        self._started.pop(job, None)
        self._done += self._expected.pop(job, 0.0)

    def share(self, now: float) -> float:
        """Of the whole run's work, 0 to 1; jobs that run count as far as they should be."""
        running = sum(
            min(now - start, 0.9 * self._expected.get(job, 0.0))
            for job, start in self._started.items()
        )
        return (self._done + running) / self._total if self._total else 1.0
