"""Held-out images through an autoencoder and back, and how sharp they come out."""

from diffinfo.stages.contract import Job, Need

NEEDS = {
    "data": Need("data", "card"),
    "model": Need("model", about="an autoencoder of the train stage (network.autoencoder)"),
}
WRITES = ("reconstructions",)
EXAMPLES = """\
  diffinfo reconstruct --data digits.npz --model autoencoder.msgpack --out reconstructions.npz"""


def run(job: Job) -> None:
    from diffinfo.checkpoint import load_model
    from diffinfo.data.dataset import load_dataset
    from diffinfo.files import write_arrays
    from diffinfo.nn.build import Autoencoder
    from diffinfo.studies.reconstruct import reconstruct

    dataset = load_dataset(job.needs["data"])
    trained = load_model(job.needs["model"], Autoencoder, dataset)
    made = reconstruct(
        trained.model, trained.params, dataset, trained.lam_range, trained.about["seed"]
    )
    write_arrays(job.writes["reconstructions"], made.arrays())
    print(
        f"{job.writes['reconstructions']}: {len(made.squared_error)} images; power above half the "
        f"Nyquist frequency {made.sharpness:.3f} of the originals'"
    )
