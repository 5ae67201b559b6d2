"""Generate examples of every class, without and with guidance, from a trained image model."""

import argparse

EXAMPLE = """examples:
  diffinfo sample --data digits.npz --model model.msgpack --out samples.npz
  diffinfo sample --data digits.npz --model model.msgpack --out s.npz --settings '{"sample": {"method": "ancestral"}}'"""

SECTIONS = ("sample",)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--data",
        required=True,
        help="the .npz of the data stage (for real examples to stand beside)",
    )
    parser.add_argument("--model", required=True, help="the model file of the train stage")
    parser.add_argument("--out", required=True, help="the .npz of samples to write")


def run(args: argparse.Namespace) -> None:
    import jax
    import jax.numpy as jnp
    import numpy as np

    from diffinfo.checkpoint import load_model
    from diffinfo.config import read_settings
    from diffinfo.data.dataset import load_dataset
    from diffinfo.errors import DataError
    from diffinfo.files import write_arrays
    from diffinfo.process.schedule import schedule_of
    from diffinfo.sample.ancestral import sample_ancestral
    from diffinfo.sample.guidance import guided
    from diffinfo.sample.ode import sample_ode

    settings = read_settings(args.settings, args.experiment, SECTIONS)["sample"]
    dataset = load_dataset(args.data)
    if not (dataset.is_image and dataset.classes):
        raise DataError(f"{args.data}: sampling draws labelled images, and these are not")
    model, params, provenance = load_model(args.model, dataset=dataset)
    denoiser = model.denoiser(params)
    _, lam_range = schedule_of(provenance["settings"]["process"])
    lams = np.linspace(*lam_range, settings["steps"] + 1)
    sampler = {"ode": sample_ode, "ancestral": sample_ancestral}[settings["method"]]
    per_class = settings["per_class"]
    y = jnp.repeat(jnp.arange(dataset.classes), per_class)
    shape = (len(y), *dataset.x_train.shape[1:])
    key = jax.random.key(settings["seed"])

    def pixels(x: jax.Array) -> np.ndarray:
        return np.asarray(jnp.round(jnp.clip(x, 0, 1) * 255), np.uint8)

    real = [np.flatnonzero(dataset.y_test == label)[:per_class] for label in range(dataset.classes)]
    rows = np.concatenate([np.resize(r, per_class) for r in real])
    arrays = {
        "y": np.asarray(y),
        "real": dataset.x_test[rows],
        "unconditional": pixels(sampler(denoiser, None, shape, lams, key)),
        "guidance": np.asarray(settings["guidance"], float),
        "conditional": np.stack(
            [
                pixels(sampler(guided(denoiser, w), y, shape, lams, key))
                for w in settings["guidance"]
            ]
        ),
    }
    write_arrays(args.out, arrays)
    print(
        f"{args.out}: {len(y)} images for each guidance weight in {settings['guidance']}, and as many unconditional"
    )
