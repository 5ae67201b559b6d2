"""Where in a few test images, and at which noise level, the information about their labels sits."""

from diffinfo.stages.contract import Job, Need

NEEDS = {
    "data": Need("data", "card"),
    "model": Need("model"),
    "classifier": Need("classifier"),
}
WRITES = ("maps",)
SECTIONS = ("maps",)
EXAMPLES = """\
  diffinfo maps --data digits.npz --model model.msgpack --classifier classifier.msgpack \\
      --out maps.npz"""


def run(job: Job) -> None:
    from diffinfo.checkpoint import load_model
    from diffinfo.data.dataset import load_dataset
    from diffinfo.files import write_arrays
    from diffinfo.nn.build import NoisyClassifier
    from diffinfo.studies.label_maps import label_maps

    settings, dataset = job.settings["maps"], load_dataset(job.needs["data"])
    trained = load_model(job.needs["model"], dataset=dataset)
    judge = load_model(job.needs["classifier"], NoisyClassifier, dataset)
    mapped = label_maps(trained.denoiser, judge.log_posterior, dataset, trained.lam_range, settings)
    write_arrays(job.writes["maps"], mapped.arrays())
    print(
        f"{job.writes['maps']}: {len(mapped.y)} images, {len(mapped.edges) - 1} ranges of log-SNR; "
        f"{mapped.maps.sum((1, 2, 3)).mean():.3g} nats an image"
    )
