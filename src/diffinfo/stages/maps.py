"""Where in a few test images, and at which noise level, the information about their labels sits:
maps of the integrand.
"""

import argparse

EXAMPLE = """examples:
  diffinfo train --settings '{"network": {"classifier": {}}}' --data digits.npz --out classifier.msgpack
  diffinfo maps --data digits.npz --model model.msgpack --classifier classifier.msgpack --out maps.npz"""

SECTIONS = ("maps",)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--data",
        required=True,
        help="the .npz of the data stage; the first test image of each class is used",
    )
    parser.add_argument("--model", required=True, help="the model file of the train stage")
    parser.add_argument(
        "--classifier", required=True, help="a classifier of noised images, of the train stage"
    )
    parser.add_argument("--out", required=True, help="the .npz of maps to write")


def run(args: argparse.Namespace) -> None:
    import jax
    import numpy as np

    from diffinfo.checkpoint import load_model
    from diffinfo.config import read_settings
    from diffinfo.data.dataset import load_dataset
    from diffinfo.estimate.maps import information_maps
    from diffinfo.files import write_arrays
    from diffinfo.nn.build import NoisyClassifier
    from diffinfo.process.forward import decoded
    from diffinfo.process.schedule import schedule_of

    settings = read_settings(args.settings, args.experiment, SECTIONS)["maps"]
    dataset = load_dataset(args.data)
    model, params, provenance = load_model(args.model, dataset=dataset)
    classifier, classifier_params, _ = load_model(args.classifier, NoisyClassifier, dataset)
    _, (lam_min, lam_max) = schedule_of(provenance["settings"]["process"])
    inner = [edge for edge in settings["edges"] if lam_min < edge < lam_max]
    edges = np.array([lam_min, *inner, lam_max])
    first = [np.flatnonzero(dataset.y_test == label)[:1] for label in range(dataset.classes)]
    rows = np.concatenate(first)[: settings["images"]]
    maps = information_maps(
        model.denoiser(params),
        classifier.posterior(classifier_params),
        decoded(dataset.x_test[rows]),
        dataset.y_test[rows],
        edges,
        jax.random.key(settings["seed"]),
        classes=dataset.classes,
        draws=settings["draws"],
    )
    write_arrays(
        args.out,
        {"images": dataset.x_test[rows], "y": dataset.y_test[rows], "edges": edges, "maps": maps},
    )
    print(
        f"{args.out}: {len(rows)} images, {len(edges) - 1} ranges of log-SNR; {maps.sum((1, 2, 3)).mean():.3g} nats an image"
    )
