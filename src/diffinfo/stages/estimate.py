"""Measure a trained model on held-out examples: neural entropy and mutual information, with
standard errors, in nats.
"""

import argparse
import sys
import time
from pathlib import Path

EXAMPLE = """examples:
  diffinfo estimate --data digits.npz --model model.msgpack --out estimate.json
  diffinfo estimate --data mine.npz --model m.msgpack --settings '{"estimate": {"draws": 128}}' --out estimate.json"""

SECTIONS = ("estimate",)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--data", required=True, help="the .npz of the data stage; its test split is used"
    )
    parser.add_argument("--model", required=True, help="the model file of the train stage")
    parser.add_argument(
        "--classifier",
        help="a classifier of noised images (the train stage's, of network.classifier)",
    )
    parser.add_argument(
        "--out",
        required=True,
        help="the .json of estimates; profiles over log-SNR go beside it as .levels.csv",
    )


def levels_path(out: str | Path) -> Path:
    """`estimate.json` -> `estimate.levels.csv`."""
    return Path(out).with_suffix(".levels.csv")


def run(args: argparse.Namespace) -> None:
    import jax
    import numpy as np
    from tqdm import tqdm

    from diffinfo.checkpoint import load_model
    from diffinfo.config import read_settings
    from diffinfo.data.dataset import load_dataset
    from diffinfo.estimate.entropy import entropy_bound, neural_entropy
    from diffinfo.estimate.integrand import Strata, evaluate_terms
    from diffinfo.estimate.likelihood import bits_per_dimension, likelihood
    from diffinfo.estimate.mutual_information import (
        class_log_posterior,
        classification_accuracy,
        classifier_information,
        label_entropy,
        mutual_information,
    )
    from diffinfo.estimate.profiles import profiles
    from diffinfo.files import sha256, write_json, write_table
    from diffinfo.nn.build import NoisyClassifier
    from diffinfo.process.density import LevelDensity
    from diffinfo.process.forward import decoded
    from diffinfo.process.schedule import schedule_of

    settings = read_settings(args.settings, args.experiment, SECTIONS)["estimate"]
    dataset = load_dataset(args.data)
    model, params, provenance = load_model(args.model, dataset=dataset)
    log_posterior = None
    if args.classifier:
        classifier, classifier_params, _ = load_model(args.classifier, NoisyClassifier, dataset)
        log_posterior = classifier.posterior(classifier_params)
    process = provenance["settings"]["process"]
    schedule, (lam_min, lam_max) = schedule_of(process)
    n = settings["max_examples"] or len(dataset.x_test)
    x = decoded(dataset.x_test[:n])
    y, classes = dataset.y_test[:n], dataset.classes
    started = time.monotonic()

    def report(done: int, total: int) -> None:
        print(
            tqdm.format_meter(done, total, time.monotonic() - started, ncols=70, unit="example"),
            file=sys.stderr,
            flush=True,
        )

    def terms_at(levels: Strata, classes: int | None):
        key = jax.random.key(settings["seed"])
        block = 256 if model.has_convolutions else 2048
        return evaluate_terms(
            model.denoiser(params),
            x,
            y,
            levels,
            key,
            classes=classes,
            log_posterior=log_posterior,
            block=block,
            report=report,
        )

    levels = Strata.between(
        LevelDensity.of(lam_min, lam_max, **settings["levels"]).quantiles(settings["draws"])
    )
    terms = terms_at(levels, classes)
    log_q = class_log_posterior(terms, y) if classes else None
    groups = {
        "entropy": neural_entropy(terms) | entropy_bound(terms),
        "mutual_information": mutual_information(terms, y, log_q),
    }
    if classes:
        groups["accuracy"] = {"classification_accuracy": classification_accuracy(log_q, y)}
    if dataset.is_image:
        key = jax.random.fold_in(jax.random.key(settings["seed"]), 2**31 - 1)
        found = likelihood(terms, levels, dataset.x_train, dataset.x_test[:n], key)
        groups["likelihood"] = found
        dimension = int(np.prod(x.shape[1:]))
        groups["bits_per_dimension"] = {
            "bits_per_dimension": bits_per_dimension(found["nll"], dimension),
            "bits_per_dimension_independent": bits_per_dimension(
                found["nll_independent"], dimension
            ),
        }
    if settings["linear_times"]:
        grid = terms_at(
            Strata.linear_grid(schedule, process["s_min"], settings["linear_times"]), None
        )
        groups["linear_grid"] = neural_entropy(grid) | mutual_information(grid, y)
    result = {
        "estimates": {
            group: {name: vars(e) for name, e in members.items()}
            for group, members in groups.items()
        },
        "draws": settings["draws"],
        "linear_times": settings["linear_times"],
        "examples": len(x),
        "split": "held out",
        "seed": provenance["seed"],
        "settings": provenance["settings"],
        "s_min": process["s_min"],
        "lam_min": lam_min,
        "lam_max": lam_max,
        "label_entropy": label_entropy(y, classes) if classes else None,
        "model_sha256": sha256(args.model),
        "classifier_sha256": sha256(args.classifier) if args.classifier else None,
        "data_sha256": dataset.card["sha256"],
    }
    information = classifier_information(terms, y, classes) if log_posterior else None
    write_table(levels_path(args.out), profiles(terms, levels, schedule, information))
    write_json(args.out, result)
    for name, estimate in (groups["entropy"] | groups["mutual_information"]).items():
        print(f"{name:24s} {estimate.value:10.4f} +- {estimate.standard_error:.4f} nats")
