"""Tiny ImageNet (Stanford CS231n) as a TensorFlow Datasets builder; TFDS itself has none.

It has 200 classes, with 500 training and 50 validation images of each, 64 x 64 JPEG. Labels number
the WordNet ids of `wnids.txt` in sorted order. The images of the original test split have no labels
and are left out.
"""

import zipfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import tensorflow_datasets as tfds

from diffinfo.data.inputs import VERSIONS
from diffinfo.errors import DataError
from diffinfo.files import sha256


class TinyImagenet(tfds.core.GeneratorBasedBuilder):
    """The builder, which reads `tiny-imagenet-200.zip`.

    It takes the file from the folder for files put there by hand if it is there, else downloads it.
    """

    VERSION = tfds.core.Version(VERSIONS["tiny_imagenet"])
    RELEASE_NOTES = {"1.0.0": "Train and validation splits, original JPEG bytes."}  # noqa: RUF012

    URL = "http://cs231n.stanford.edu/tiny-imagenet-200.zip"
    SHA256 = "6198c8ae015e2b3e007c7841da39ec069199b9aa3bfa943a462022fe5e43c821"
    CLASSES, PER_CLASS = 200, {"train": 500, "validation": 50}

    def _info(self) -> tfds.core.DatasetInfo:
        return self.dataset_info_from_configs(
            features=tfds.features.FeaturesDict(
                {
                    "image": tfds.features.Image(shape=(64, 64, 3), encoding_format="jpeg"),
                    "label": tfds.features.ClassLabel(num_classes=self.CLASSES),
                }
            ),
            supervised_keys=("image", "label"),
            homepage="http://cs231n.stanford.edu",
            description=__doc__,
        )

    def _split_generators(self, dl_manager: tfds.download.DownloadManager) -> dict[str, Iterator]:
        by_hand = Path(dl_manager._manual_dir or ".") / "tiny-imagenet-200.zip"
        archive = by_hand if by_hand.exists() else Path(dl_manager.download(self.URL))
        checksum = sha256(archive)
        if checksum != self.SHA256:
            raise DataError(
                f"{archive}: SHA-256 {checksum} is not that of {self.URL} ({self.SHA256}): "
                "truncated or changed; delete it and start again"
            )
        with zipfile.ZipFile(archive) as files:
            names = _lines(files, "wnids.txt")
        if len(set(names)) != self.CLASSES:
            raise DataError(
                f"{archive}: wnids.txt has {len(set(names))} classes, not {self.CLASSES}"
            )
        self.info.features["label"].names = sorted(names)
        return {split: self._generate_examples(archive, split) for split in self.PER_CLASS}

    def _generate_examples(self, archive: Path, split: str) -> Iterator:
        known = set(self.info.features["label"].names)
        with zipfile.ZipFile(archive) as files:
            listed = _train_files(files) if split == "train" else _validation_files(files)
            counts = Counter(label for _, label in listed)
            for label in sorted(known | set(counts)):
                if label not in known:
                    raise DataError(
                        f"{archive}: {split} has the label {label}, which is not in wnids.txt"
                    )
                if counts[label] != self.PER_CLASS[split]:
                    raise DataError(
                        f"{archive}: {split} has {counts[label]} images of {label}, "
                        f"not {self.PER_CLASS[split]}"
                    )
            for name, label in listed:
                with files.open(name) as file:
                    yield Path(name).name, {"image": file, "label": label}


def _lines(files: zipfile.ZipFile, name: str) -> list[str]:
    return files.read(f"tiny-imagenet-200/{name}").decode().split("\n")[:-1]


def _train_files(files: zipfile.ZipFile) -> list[tuple[str, str]]:
    """Return `(member, label)` of `train/<label>/images/*.JPEG`."""
    parts = [(name, name.split("/")) for name in files.namelist() if name.endswith(".JPEG")]
    return [(name, part[2]) for name, part in parts if part[1] == "train"]


def _validation_files(files: zipfile.ZipFile) -> list[tuple[str, str]]:
    """Return `(member, label)` of `val/images/*.JPEG`.

    The labels are those of `val_annotations.txt`, whose rows hold a file, its label and a box.
    """
    rows = [line.split("\t") for line in _lines(files, "val/val_annotations.txt")]
    return [(f"tiny-imagenet-200/val/images/{row[0]}", row[1]) for row in rows]
