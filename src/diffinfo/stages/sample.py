"""Generate examples of every class, without and with guidance, from a trained image model."""

from diffinfo.stages.contract import Job, Need

NEEDS = {"data": Need("data", "card"), "model": Need("model")}
WRITES = ("samples",)
SECTIONS = ("sample",)
EXAMPLES = """\
  diffinfo sample --data digits.npz --model model.msgpack --out samples.npz
  diffinfo sample --data digits.npz --model model.msgpack --out samples.npz \\
      --settings '{"sample": {"method": "ancestral"}}'"""


def run(job: Job) -> None:
    from diffinfo.checkpoint import load_model
    from diffinfo.data.dataset import load_dataset
    from diffinfo.files import write_arrays
    from diffinfo.studies.samples import samples

    settings, dataset = job.settings["sample"], load_dataset(job.needs["data"])
    trained = load_model(job.needs["model"], dataset=dataset)
    drawn = samples(trained.denoiser, trained.lam_range, dataset, settings)
    write_arrays(job.writes["samples"], drawn.arrays())
    print(
        f"{job.writes['samples']}: {len(drawn.y)} images for each guidance weight in "
        f"{settings['guidance']}, and as many unconditional"
    )
