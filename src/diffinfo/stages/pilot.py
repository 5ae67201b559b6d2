"""The risk curve of an image model, and the loss-adaptive and common schedules whose pilot samples
are nearest to the training images.

The risk curve is in the form that `diffinfo schedule` takes.
"""

from diffinfo.stages.contract import Job, Need

NEEDS = {
    "data": Need("data", "card", about="the data set, images with labels"),
    "model": Need("model"),
    "classifier": Need("classifier"),
}
WRITES = ("pilot", "pilot_risk")
SECTIONS = ("few_steps",)
EXAMPLES = """\
  diffinfo pilot --data digits.npz --model model.msgpack --classifier classifier.msgpack \\
      --out pilot.csv"""


def run(job: Job) -> None:
    from diffinfo.files import write_table
    from diffinfo.studies.few_steps import SCHEDULES, pilot

    tries, curve = pilot(few_steps_of(job), job.settings["few_steps"])
    write_table(job.writes["pilot_risk"], curve)
    write_table(job.writes["pilot"], tries)
    for _, row in tries[tries["chosen"]].iterrows():
        tuned = ", ".join(f"{name} {row[name]:g}" for name in SCHEDULES[row["schedule"]])
        print(f"{row['sampler']}, {row['nfe']} steps, {row['schedule']}: {tuned}")


def few_steps_of(job: Job):
    """The study's subject, from the files that this stage and the comparison need."""
    from diffinfo.checkpoint import load_model
    from diffinfo.data.dataset import load_dataset
    from diffinfo.nn.build import NoisyClassifier
    from diffinfo.studies.few_steps import FewSteps

    dataset = load_dataset(job.needs["data"])
    model = load_model(job.needs["model"], dataset=dataset)
    judge = load_model(job.needs["classifier"], NoisyClassifier, dataset)
    per_class = job.settings["few_steps"]["per_class"]
    return FewSteps(dataset, model.denoiser, judge.log_posterior, model.process, per_class)
