"""Labelled images that a trained model generates, as a data set, with guidance or without; and what
the classifier of real images makes of them.
"""

from diffinfo.stages.contract import Job, Need

NEEDS = {
    "data": Need("data", "card", whose="generator", about="the data set the model was trained on"),
    "model": Need("model", whose="generator", about="a model of labelled images"),
    "classifier": Need("classifier", whose="generator"),
}
WRITES = ("data", "card")
SECTIONS = ("data",)
EXAMPLES = """\
  diffinfo generate --data digits.npz --model model.msgpack --classifier classifier.msgpack \\
      --settings '{"data": {"generated": {"of": "digits", "guidance_weight": 2}}}' --out w2.npz"""


def run(job: Job) -> None:
    from diffinfo.checkpoint import load_model
    from diffinfo.data.dataset import load_dataset, save_dataset
    from diffinfo.errors import ConfigError
    from diffinfo.files import sha256
    from diffinfo.nn.build import NoisyClassifier
    from diffinfo.studies.generate import generate

    if "generated" not in job.settings["data"]:
        raise ConfigError(
            "data: needs the section `generated`; other data are made by the stage data"
        )
    dataset = load_dataset(job.needs["data"])
    trained = load_model(job.needs["model"], dataset=dataset)
    judge = load_model(job.needs["classifier"], NoisyClassifier, dataset)
    made = generate(
        trained.denoiser,
        trained.process,
        judge.log_posterior,
        dataset,
        job.settings["data"]["generated"],
        report=job.meter("image"),
    )
    made.card["model_sha256"] = sha256(job.needs["model"])
    save_dataset(job.writes["data"], made)
    judged = ", ".join(
        f"{name} {value['value']:.4g}" for name, value in made.card["judged"].items()
    )
    print(f"{job.writes['data']}: {len(made.x_train)} + {len(made.x_test)} images; {judged}")
