"""Measure a trained model on held-out examples: neural entropy and mutual information, in nats."""

from diffinfo.stages.contract import Job, Need

NEEDS = {
    "data": Need("data", "card"),
    "model": Need("model"),
    "classifier": Need("classifier", optional=True),
}
WRITES = ("estimate", "profile")
SECTIONS = ("estimate",)
EXAMPLES = """\
  diffinfo estimate --data digits.npz --model model.msgpack --out estimate.json
  diffinfo estimate --data mine.npz --model m.msgpack --out estimate.json \\
      --settings '{"estimate": {"draws": 128}}'"""


def run(job: Job) -> None:
    import numpy as np

    from diffinfo.checkpoint import load_model
    from diffinfo.data.dataset import load_dataset
    from diffinfo.files import sha256, write_json, write_table
    from diffinfo.nn.build import NoisyClassifier
    from diffinfo.process.density import LevelDensity
    from diffinfo.studies.measure import measure

    settings, dataset = job.settings["estimate"], load_dataset(job.needs["data"])
    trained, classifier = load_model(job.needs["model"], dataset=dataset), job.needs["classifier"]
    judge = load_model(classifier, NoisyClassifier, dataset) if classifier else None
    frequencies = None
    if dataset.classes:
        counts = np.bincount(dataset.y_train, minlength=dataset.classes)
        frequencies = counts / counts.sum()
    n = settings["max_examples"] or len(dataset.x_test)
    measured = measure(
        trained.denoiser,
        dataset.x_test[:n],
        dataset.y_test[:n],
        classes=dataset.classes,
        label_frequencies=frequencies,
        every_label=settings["every_label"],
        draws=settings["draws"],
        density=LevelDensity.from_settings(
            settings["density"], trained.schedule, trained.lam_range
        ),
        schedule=trained.schedule,
        s_min=trained.process["s_min"],
        log_posterior=judge.log_posterior if judge else None,
        pixels_train=dataset.x_train if dataset.has_pixels else None,
        linear_times=settings["linear_times"],
        risk_levels=0,
        seed=settings["seed"],
        block=256 if trained.model.has_convolutions else 2048,
        report=job.meter("example"),
    )
    write_table(job.writes["profile"], measured.profile)
    about = {key: trained.about[key] for key in ("seed", "settings")} | {"data": dataset.card}
    about |= {"split": "held out", "linear_times": settings["linear_times"]}
    about["model_sha256"] = sha256(job.needs["model"])
    about["classifier_sha256"] = sha256(classifier) if classifier else None
    write_json(job.writes["estimate"], measured.as_dict() | about)
    print(measured.summary())
