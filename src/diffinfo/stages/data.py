"""Bring a data set into the common form: one .npz with a fixed train/test split, and a JSON card
beside it.
"""

from diffinfo.stages.contract import Job

WRITES = ("data", "card")
SECTIONS = ("data",)
EXAMPLES = """\
  diffinfo data --settings '{"data": {"digits": {}}}' --out digits.npz
  diffinfo data --settings '{"data": {"folder": {"path": "photos", "size": 32}}}' --out photos.npz
  diffinfo data --settings '{"data": {"npz": {"path": "pairs.npz"}}}' --out mine.npz
  diffinfo data --settings config/config.yaml --experiment determinism-0.6 --out gaussian.npz"""


def run(job: Job) -> None:
    from diffinfo.data.dataset import save_dataset
    from diffinfo.data.sources import make_dataset

    dataset = make_dataset(job.settings["data"])
    save_dataset(job.writes["data"], dataset)
    counts = f"{len(dataset.x_train)} train and {len(dataset.x_test)} test examples"
    print(f"{job.writes['data']}: {counts} of shape {dataset.x_train.shape[1:]}")
