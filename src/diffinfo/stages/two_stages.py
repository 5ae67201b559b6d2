"""Label -> code -> image beside classifier-free guidance: samples at the same weights, and what a
classifier makes of them.
"""

import argparse

EXAMPLE = """examples:
  diffinfo twostage --data digits.npz --autoencoder autoencoder.msgpack --codes latents.semantic.msgpack \\
      --model model.msgpack --classifier classifier.msgpack --out twostage.npz"""

SECTIONS = ("sample",)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--data", required=True, help="the .npz of the data stage")
    parser.add_argument(
        "--autoencoder", required=True, help="a diffusion autoencoder without split"
    )
    parser.add_argument(
        "--codes", required=True, help="the diffusion model of its codes, of the latents stage"
    )
    parser.add_argument(
        "--model", required=True, help="a model of the images themselves, guided by labels"
    )
    parser.add_argument(
        "--classifier", required=True, help="a classifier of noised images, which scores both"
    )
    parser.add_argument("--out", required=True, help="the .npz of samples and scores to write")


def run(args: argparse.Namespace) -> None:
    import jax
    import jax.numpy as jnp
    import numpy as np

    from diffinfo.checkpoint import load_model
    from diffinfo.config import read_settings
    from diffinfo.data.dataset import load_dataset
    from diffinfo.errors import DataError
    from diffinfo.files import write_arrays
    from diffinfo.nn.build import Autoencoder, NoisyClassifier
    from diffinfo.process.forward import decoded
    from diffinfo.process.schedule import schedule_of
    from diffinfo.sample.guidance import guided
    from diffinfo.sample.ode import sample_ode

    settings = read_settings(args.settings, args.experiment, SECTIONS)["sample"]
    dataset = load_dataset(args.data)
    autoencoder, decoder_params, about = load_model(args.autoencoder, Autoencoder, dataset)
    if len(autoencoder.latents) > 1 or not autoencoder.is_diffusion:
        raise DataError(
            f"{args.autoencoder}: two stages need one code (tau 0) and a diffusion decoder"
        )
    code_model, code_params, code_about = load_model(args.codes, dataset=dataset)
    model, params, model_about = load_model(args.model, dataset=dataset)
    classifier, classifier_params, _ = load_model(args.classifier, NoisyClassifier, dataset)
    posterior = jax.jit(classifier.posterior(classifier_params))
    scale, key = np.asarray(code_about["scale"], np.float32), jax.random.key(settings["seed"])
    y = jnp.repeat(jnp.arange(dataset.classes), settings["per_class"])

    def grid(about):
        return np.linspace(*schedule_of(about["settings"]["process"])[1], settings["steps"] + 1)

    def two_stages(weight):
        code_key, image_key = jax.random.split(key)
        codes = sample_ode(
            guided(code_model.denoiser(code_params), weight),
            y,
            (len(y), len(scale)),
            grid(code_about),
            code_key,
        )
        decoder, shape = autoencoder.denoiser(decoder_params), (len(y), *dataset.x_train.shape[1:])
        return sample_ode(decoder, codes * scale, shape, grid(about), image_key)

    def one_stage(weight):
        shape = (len(y), *dataset.x_train.shape[1:])
        return sample_ode(guided(model.denoiser(params), weight), y, shape, grid(model_about), key)

    def scores(x, labels):
        """Of each image: does the classifier see its label, and log q(y|x) in nats; the spread of
        each class, `(classes,)`.
        """
        log_q = np.asarray(posterior(jnp.asarray(x), jnp.full(len(x), grid(model_about)[-1])))
        spread = [np.asarray(x)[labels == k].var(0).sum() for k in range(dataset.classes)]
        return log_q.argmax(1) == labels, log_q[np.arange(len(labels)), labels], np.array(spread)

    arrays = {"guidance": np.asarray(settings["guidance"], float), "y": np.asarray(y)}
    made = {"two_stages": two_stages, "guided": one_stage}
    for name, sampler in made.items():
        pictures = [jnp.clip(sampler(weight), 0, 1) for weight in settings["guidance"]]
        found = [scores(x, np.asarray(y)) for x in pictures]
        arrays[name] = np.stack([np.asarray(jnp.round(x * 255), np.uint8) for x in pictures])
        for score, values in zip(
            ("right", "log_q", "spread"), zip(*found, strict=True), strict=True
        ):
            arrays[f"{name}_{score}"] = np.stack(values)
    n = max(2, min(len(dataset.x_test), 10 * len(y)))
    found = scores(decoded(dataset.x_test[:n]), dataset.y_test[:n])
    arrays |= dict(zip(("real_right", "real_log_q", "real_spread"), found, strict=True))
    write_arrays(args.out, arrays)
    for name in made:
        print(
            f"{name}: right label {[f'{share:.2f}' for share in arrays[f'{name}_right'].mean(1)]} at {settings['guidance']}"
        )
