"""Held-out images through an autoencoder and back, and how sharp they come out."""

import argparse

EXAMPLE = """examples:
  diffinfo reconstruct --data digits.npz --model autoencoder.msgpack --out reconstructions.npz"""

IMAGES = 256  # of which sharpness is an average; the first of each class are shown
STEPS = 60


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--data", required=True, help="the .npz of the data stage")
    parser.add_argument(
        "--model", required=True, help="an autoencoder of the train stage (network.autoencoder)"
    )
    parser.add_argument(
        "--out", required=True, help="the .npz of images and reconstructions to write"
    )


def run(args: argparse.Namespace) -> None:
    import jax
    import jax.numpy as jnp
    import numpy as np

    from diffinfo.checkpoint import load_model
    from diffinfo.data.dataset import load_dataset
    from diffinfo.estimate.codes import code_divergence, high_frequency_power
    from diffinfo.files import write_arrays
    from diffinfo.nn.build import Autoencoder
    from diffinfo.process.forward import decoded
    from diffinfo.process.schedule import schedule_of
    from diffinfo.sample.ode import sample_ode

    dataset = load_dataset(args.data)
    model, params, provenance = load_model(args.model, Autoencoder, dataset)
    first = [np.flatnonzero(dataset.y_test == label)[:1] for label in range(dataset.classes or 0)]
    shown = np.concatenate(first) if first else np.arange(10)
    rows = np.concatenate(
        [shown, np.setdiff1d(np.arange(len(dataset.x_test)), shown)[: IMAGES - len(shown)]]
    )
    x = decoded(dataset.x_test[rows])
    posteriors = model.encoded(params, x)
    codes = jnp.concatenate([mean for mean, _ in posteriors.values()], axis=1)
    if model.is_diffusion:
        lams = np.linspace(*schedule_of(provenance["settings"]["process"])[1], STEPS + 1)
        decoder, key = model.denoiser(params), jax.random.key(provenance["seed"])
        found = sample_ode(decoder, codes, x.shape, lams, key)
    else:
        found, _ = model.gaussian(params, codes)
    found = np.clip(np.asarray(found), 0, 1)
    sharpness = {"images": high_frequency_power(x), "reconstructions": high_frequency_power(found)}
    arrays = {"images": dataset.x_test[rows[: len(shown)]], "y": dataset.y_test[rows[: len(shown)]]}
    arrays["reconstructions"] = np.asarray(np.round(found[: len(shown)] * 255), np.uint8)
    arrays["squared_error"] = np.mean(np.square(found - x), axis=(1, 2, 3))
    arrays["kl"] = np.asarray(sum(each.value for each in code_divergence(posteriors).values()))
    arrays["is_diffusion"] = np.asarray(model.is_diffusion)
    write_arrays(args.out, arrays | {f"{name}_power": power for name, power in sharpness.items()})
    ratio = sharpness["reconstructions"].mean() / sharpness["images"].mean()
    print(
        f"{args.out}: {len(rows)} images; power above half the Nyquist frequency {ratio:.3f} of the originals'"
    )
