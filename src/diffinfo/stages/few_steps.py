"""The loss-adaptive schedule against common grids on an image model, in few steps, scored by a
classifier.
"""

from diffinfo.stages.contract import Job, Need
from diffinfo.stages.pilot import NEEDS as PILOT_NEEDS
from diffinfo.stages.pilot import few_steps_of

NEEDS = {
    **PILOT_NEEDS,
    "pilot": Need("pilot", "pilot_risk"),
    "borrowed": Need(
        "pilot",
        "pilot_risk",
        optional=True,
        whose="lender",
        about="the pilot of other images, whose loss-adaptive schedules are tried as well",
    ),
}
WRITES = ("few_steps",)
SECTIONS = ("few_steps",)
EXAMPLES = """\
  diffinfo few_steps --data digits.npz --model model.msgpack --classifier classifier.msgpack \\
      --pilot pilot.csv --out few_steps.csv"""


def run(job: Job) -> None:
    from diffinfo.files import read_table, write_table
    from diffinfo.studies.few_steps import compare

    def piloted(path):
        return path and (read_table(path), read_table(path.with_suffix(".risk.csv")))

    few, settings = few_steps_of(job), job.settings["few_steps"]
    pilots = piloted(job.needs["pilot"]), piloted(job.needs["borrowed"])
    scores = compare(few, settings, *pilots, report=job.report)
    write_table(job.writes["few_steps"], scores)
    print(f"{job.writes['few_steps']}: {len(scores)} sets of images scored")
