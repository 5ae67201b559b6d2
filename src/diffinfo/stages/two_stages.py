"""Label -> code -> image beside classifier-free guidance: samples at the same weights, and what a
classifier makes of them.
"""

from diffinfo.stages.contract import Job, Need

NEEDS = {
    "data": Need("data", "card"),
    "autoencoder": Need("model", about="a diffusion autoencoder without split (tau 0)"),
    "codes": Need("code_model"),
    "model": Need("model", whose="beside", about="a model of the images themselves, to be guided"),
    "classifier": Need("classifier", whose="beside"),
}
WRITES = ("two_stages",)
SECTIONS = ("sample",)
EXAMPLES = """\
  diffinfo two_stages --data digits.npz --autoencoder autoencoder.msgpack \\
      --codes latents.semantic.msgpack --model model.msgpack --classifier classifier.msgpack \\
      --out two_stages.npz"""


def run(job: Job) -> None:
    import numpy as np

    from diffinfo.checkpoint import load_model
    from diffinfo.data.dataset import load_dataset
    from diffinfo.errors import DataError
    from diffinfo.files import write_arrays
    from diffinfo.nn.build import Autoencoder, NoisyClassifier
    from diffinfo.studies.two_stages import Field, two_stages

    settings, dataset = job.settings["sample"], load_dataset(job.needs["data"])
    decoder = load_model(job.needs["autoencoder"], Autoencoder, dataset)
    if len(decoder.model.latents) > 1 or not decoder.model.is_diffusion:
        raise DataError(
            f"{job.needs['autoencoder']}: two stages need one code (tau 0) and a diffusion decoder"
        )
    codes = load_model(job.needs["codes"], dataset=dataset)
    images = load_model(job.needs["model"], dataset=dataset)
    judge = load_model(job.needs["classifier"], NoisyClassifier, dataset)
    made = two_stages(
        dataset,
        *(Field(trained.denoiser, trained.lam_range) for trained in (codes, decoder, images)),
        judge.log_posterior,
        np.asarray(codes.about["scale"], np.float32),
        settings,
    )
    write_arrays(job.writes["two_stages"], made.arrays())
    for name, scores in made.scores.items():
        right = ", ".join(f"{share:.2f}" for share in scores.right.mean(1))
        print(f"{name}: right label {right} at guidance weights {settings['guidance']}")
