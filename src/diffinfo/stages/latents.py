"""What the codes of an autoencoder hold, on held-out images: their KL, whether the decoder uses
them, and I(Z;Y) in nats.
"""

import argparse
import sys
from pathlib import Path

EXAMPLE = """examples:
  diffinfo train --settings config/default.yaml --experiment split-0.1 --data digits.npz --out autoencoder.msgpack
  diffinfo latents --data digits.npz --model autoencoder.msgpack --out latents.json"""

SECTIONS = ("latents",)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--data", required=True, help="the .npz of the data stage, images with labels"
    )
    parser.add_argument(
        "--model", required=True, help="an autoencoder of the train stage (network.autoencoder)"
    )
    parser.add_argument(
        "--out",
        required=True,
        help="the .json of estimates to write; codes (.npz) and diffusion models of them (.<latent>.msgpack) go beside it",
    )


def codes_path(out: str | Path) -> Path:
    """`latents.json` -> `latents.npz`."""
    return Path(out).with_suffix(".npz")


def run(args: argparse.Namespace) -> None:
    import jax
    import numpy as np

    from diffinfo.checkpoint import load_model, save_model
    from diffinfo.config import complete, read_settings
    from diffinfo.data.dataset import Dataset, load_dataset
    from diffinfo.errors import DataError
    from diffinfo.estimate.codes import (
        classifier_bound,
        code_divergence,
        code_use,
        neighbour_accuracy,
    )
    from diffinfo.estimate.integrand import Strata, evaluate_terms
    from diffinfo.estimate.mutual_information import (
        class_log_posterior,
        label_entropy,
        mutual_information,
    )
    from diffinfo.files import sha256, write_arrays, write_json
    from diffinfo.loss import gaussian_nll
    from diffinfo.nn.build import Autoencoder, network_of
    from diffinfo.process.density import LevelDensity
    from diffinfo.process.forward import decoded
    from diffinfo.process.schedule import schedule_of
    from diffinfo.train.loop import Trainer, make_objective, summarize

    settings = read_settings(args.settings, args.experiment, SECTIONS)["latents"]
    dataset = load_dataset(args.data)
    if not dataset.classes:
        raise DataError(f"{args.data}: I(Z;Y) needs labels, and y is numbers")
    model, params, provenance = load_model(args.model, Autoencoder, dataset)
    process, key = complete("process", {}), jax.random.key(provenance["seed"])
    lam_range = schedule_of(process)[1]
    levels = Strata.between(
        LevelDensity.of(*lam_range, **settings["levels"]).quantiles(settings["draws"])
    )
    means, codes = {}, {}
    for number, (split, x) in enumerate((("train", dataset.x_train), ("test", dataset.x_test))):
        posteriors = model.encoded(params, decoded(x))
        for name, (mean, log_variance) in posteriors.items():
            noise = jax.random.normal(jax.random.fold_in(key, number), mean.shape)
            means[name, split], codes[name, split] = (
                mean,
                mean + np.exp(0.5 * log_variance) * np.asarray(noise),
            )
        if split == "test":
            divergence = code_divergence(posteriors)
    own = np.concatenate([codes[name, "test"] for name in model.latents], axis=1)
    x_test, trained_range = (
        decoded(dataset.x_test),
        schedule_of(provenance["settings"]["process"])[1],
    )
    # whether codes are used at all takes fewer
    strata = Strata.stratified(*trained_range, -(-settings["draws"] // 4))

    def cost(codes):
        if not model.is_diffusion:
            return np.asarray(gaussian_nll(x_test, *model.gaussian(params, codes)), float)
        return evaluate_terms(
            model.denoiser(params), x_test, codes, strata, key, block=256
        ).loss_c.sum(1)

    use = code_use(cost, own, model.latents)
    trainer, found = None, {}
    for name in model.latents:
        scale = codes[name, "train"].std(0)
        z_train, z_test = (
            (codes[name, split] / scale).astype(np.float32) for split in ("train", "test")
        )
        pairs = Dataset(
            z_train, dataset.y_train, z_test, dataset.y_test, {"classes": dataset.classes}
        )
        if trainer is None:  # both latents have one shape: one compilation
            field = network_of({"fields": "one", "mlp": settings["mlp"]}, summarize(pairs))
            trainer = Trainer(field, make_objective(settings["train"], process), settings["train"])
        trained = trainer.train(
            pairs,
            provenance["seed"],
            report=lambda line, name=name: print(f"{name}: {line}", file=sys.stderr, flush=True),
        )
        about = {
            "settings": {"process": process},
            "scale": scale.tolist(),
            "data_sha256": dataset.card["sha256"],
        }
        save_model(Path(args.out).with_suffix(f".{name}.msgpack"), field, trained.params, about)
        terms = evaluate_terms(
            field.denoiser(trained.params),
            z_test,
            dataset.y_test,
            levels,
            key,
            classes=dataset.classes,
        )
        estimates = mutual_information(
            terms, dataset.y_test, class_log_posterior(terms, dataset.y_test)
        )
        estimates["plain_classifier"] = classifier_bound(
            z_train, dataset.y_train, z_test, dataset.y_test, provenance["seed"]
        )
        found[name] = {
            "kl": vars(divergence[name]),
            "use": vars(use[name]),
            # I(Z;Y) <= I(Z;X) <= KL: so small a divergence leaves nothing to find; and what the
            # decoder ignores is no finding.
            "collapsed": bool(
                divergence[name].value < 0.1 or use[name].value < 2 * use[name].standard_error
            ),
            "neighbour_accuracy": vars(
                neighbour_accuracy(z_train, dataset.y_train, z_test, dataset.y_test)
            ),
            "mutual_information": {
                quantity: vars(estimate) for quantity, estimate in estimates.items()
            },
        }
        state = (
            " (collapsed: the decoder does without these codes)" if found[name]["collapsed"] else ""
        )
        bound = estimates["classification_bound"]
        print(
            f"{name:10s} KL {divergence[name].value:7.3f}, I(Z;Y) {bound.value:.3f} +- {bound.standard_error:.3f} nats{state}"
        )
    arrays = {f"{name}_{split}": array for (name, split), array in codes.items()}
    arrays |= {f"{name}_{split}_mean": array for (name, split), array in means.items()}
    write_arrays(
        codes_path(args.out), arrays | {"y_train": dataset.y_train, "y_test": dataset.y_test}
    )
    result = {
        "latents": found,
        "tau": model.network["autoencoder"]["tau"],
        "examples": len(dataset.x_test),
        "draws": settings["draws"],
        "split": "held out",
        "seed": provenance["seed"],
        "settings": provenance["settings"] | {"latents": settings},
        "lam_min": lam_range[0],
        "lam_max": lam_range[1],
        "label_entropy": label_entropy(dataset.y_test, dataset.classes),
        "model_sha256": sha256(args.model),
        "data_sha256": dataset.card["sha256"],
    }
    write_json(args.out, result)
