"""Train a classifier of noised images; a killed run goes on from its last saved state."""

from diffinfo.stages.contract import Job, Need
from diffinfo.stages.train import OPTIONS as TRAIN_OPTIONS
from diffinfo.stages.train import train

NEEDS = {"data": Need("data", "card", about="the data set, labelled images")}
WRITES = ("classifier", "classifier_history", "classifier_cost")
SECTIONS = ("case", "process", "classifier")
OPTIONS = TRAIN_OPTIONS
EXAMPLES = """\
  diffinfo classifier --data digits.npz --out classifier.msgpack
  diffinfo classifier --settings '{"classifier": {"train": {"steps": 500}}}' \\
      --data digits.npz --out classifier.msgpack"""


def run(job: Job) -> None:
    section = job.settings["classifier"]
    network = {"classifier": section["network"]}
    train(job, job.settings | {"network": network, "train": section["train"]})
