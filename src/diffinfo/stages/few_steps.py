"""The loss-adaptive schedule against common grids on an image model, in few steps, scored by a
classifier.
"""

from diffinfo.stages.contract import Job, Need
from diffinfo.stages.pilot import NEEDS as PILOT_NEEDS
from diffinfo.stages.pilot import few_steps_of

NEEDS = {**PILOT_NEEDS, "pilot": Need("pilot", "pilot_risk")}
WRITES = ("few_steps",)
SECTIONS = ("few_steps",)
EXAMPLES = """\
  diffinfo few_steps --data digits.npz --model model.msgpack --classifier classifier.msgpack \\
      --pilot pilot.csv --out few_steps.csv"""


def run(job: Job) -> None:
    from diffinfo.files import read_table, write_table
    from diffinfo.studies.few_steps import compare

    tries = read_table(job.needs["pilot"])
    curve = read_table(job.needs["pilot"].with_suffix(".risk.csv"))
    few, settings = few_steps_of(job), job.settings["few_steps"]
    scores = compare(few, settings, tries, curve, report=job.report)
    write_table(job.writes["few_steps"], scores)
    print(f"{job.writes['few_steps']}: {len(scores)} sets of images scored")
