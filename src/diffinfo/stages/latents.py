"""What the codes of an autoencoder hold, on held-out images: their KL, whether the decoder uses
them, and I(Z;Y) in nats.
"""

from diffinfo.stages.contract import Job, Need

NEEDS = {
    "data": Need("data", "card", about="the data set, images with labels"),
    "model": Need("model", about="an autoencoder of the train stage (network.autoencoder)"),
}
WRITES = ("latents", "codes", "code_model")
SECTIONS = ("latents",)
EXAMPLES = """\
  diffinfo train --settings config/config.yaml --experiment dae --data digits.npz \\
      --out autoencoder.msgpack
  diffinfo latents --data digits.npz --model autoencoder.msgpack --out latents.json"""


def run(job: Job) -> None:
    from diffinfo.checkpoint import load_model, save_model
    from diffinfo.data.dataset import load_dataset
    from diffinfo.files import sha256, write_arrays, write_json
    from diffinfo.nn.build import Autoencoder
    from diffinfo.studies.latents import latents

    settings, dataset = job.settings["latents"], load_dataset(job.needs["data"])
    trained = load_model(job.needs["model"], Autoencoder, dataset)
    measured = latents(
        trained.model,
        trained.params,
        dataset,
        settings,
        trained.process,
        trained.about["seed"],
        report=job.report,
    )
    codes = measured.latents["semantic"]
    about = {"settings": {"process": trained.process}, "scale": codes.scale.tolist()}
    about["data_sha256"] = dataset.card["sha256"]
    save_model(job.writes["code_model"], codes.field, codes.params, about)
    write_arrays(job.writes["codes"], measured.arrays())
    result = measured.as_dict() | {"data": dataset.card, "model_sha256": sha256(job.needs["model"])}
    result["settings"] = trained.about["settings"] | {"latents": settings}
    write_json(job.writes["latents"], result)
