"""MNIST, CIFAR-10 and Tiny ImageNet from their original archives, as TensorFlow Datasets builders.

TFDS itself knows the first two, but needs TensorFlow to prepare them, and has no Tiny ImageNet.
These builders leave the same files without it: examples have the same keys, which decide their
order. Archives are downloaded (or put there by hand), checked, and read without being unpacked.
"""

import gzip
import io
import struct
import tarfile
import zipfile
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import tensorflow_datasets as tfds
from PIL import Image

from diffinfo.data.download import fetch
from diffinfo.data.inputs import VERSIONS
from diffinfo.errors import DataError


class Original(NamedTuple):
    """A file of a data set: its name, the addresses that serve it, and its SHA-256."""

    name: str
    urls: tuple[str, ...]
    sha256: str


class _FromArchives(tfds.core.GeneratorBasedBuilder, skip_registration=True):
    """What the builders share: archives lie in the folder for downloads, or are brought there."""

    ORIGINALS: tuple[Original, ...]
    SHAPE: tuple[int, int, int]
    ENCODING = "png"
    CLASSES = 10
    EXTRA: dict[str, Any] = {}  # noqa: RUF012 (features beside image and label)

    def _info(self) -> tfds.core.DatasetInfo:
        image = tfds.features.Image(shape=self.SHAPE, encoding_format=self.ENCODING)
        label = tfds.features.ClassLabel(num_classes=self.CLASSES)
        return self.dataset_info_from_configs(
            features=tfds.features.FeaturesDict(self.EXTRA | {"image": image, "label": label}),
            supervised_keys=("image", "label"),
            description=type(self).__doc__,
        )

    def _split_generators(self, dl_manager: tfds.download.DownloadManager) -> dict[str, Iterable]:
        folder = Path(dl_manager.download_dir)
        return self._splits(
            *(fetch(each.urls, each.sha256, folder / each.name) for each in self.ORIGINALS)
        )

    def _splits(self, *files: Path) -> dict[str, Iterable]:
        raise NotImplementedError

    def _name_labels(self, names: list[str], where: str) -> None:
        """Raises: DataError, naming `where`, unless there are CLASSES different names."""
        if len(set(names)) != self.CLASSES:
            raise DataError(f"{where} has {len(set(names))} classes, not {self.CLASSES}")
        self.info.features["label"].names = names

    def _generate_examples(self) -> Iterable:
        raise NotImplementedError("the splits bring their own")


def _png(pixels: np.ndarray) -> bytes:
    """Encode pixels `(H, W, 1 or 3)` uint8 without loss."""
    stream = io.BytesIO()
    Image.fromarray(pixels[..., 0] if pixels.shape[-1] == 1 else pixels).save(stream, "PNG")
    return stream.getvalue()


def _bytes_of(file: Path, content: bytes, expected: int) -> np.ndarray:
    if len(content) != expected:
        raise DataError(f"{file}: holds {len(content)} bytes, not {expected}")
    return np.frombuffer(content, np.uint8)


class Mnist(_FromArchives, skip_registration=True):
    """MNIST, 28 x 28 grey, from four IDX files."""

    name = "mnist"
    VERSION = tfds.core.Version(VERSIONS["mnist"])
    ORIGINALS = tuple(
        Original(
            name,
            tuple(
                f"https://{host}/{name}"
                for host in (
                    "storage.googleapis.com/cvdf-datasets/mnist",
                    "ossci-datasets.s3.amazonaws.com/mnist",
                )
            ),
            checksum,
        )
        for name, checksum in (
            (
                "train-images-idx3-ubyte.gz",
                "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609",
            ),
            (
                "train-labels-idx1-ubyte.gz",
                "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c",
            ),
            (
                "t10k-images-idx3-ubyte.gz",
                "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6",
            ),
            (
                "t10k-labels-idx1-ubyte.gz",
                "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6",
            ),
        )
    )
    SHAPE = (28, 28, 1)

    def _splits(self, *files: Path) -> dict[str, Iterable]:
        return {"train": self._examples(*files[:2]), "test": self._examples(*files[2:])}

    def _examples(self, images: Path, labels: Path) -> Iterator:
        pixels, classes = _idx(images).reshape(-1, *self.SHAPE), _idx(labels)
        if len(pixels) != len(classes):
            raise DataError(f"{images}: {len(pixels)} images and {len(classes)} labels")
        for row, (image, label) in enumerate(zip(pixels, classes, strict=True)):
            yield row, {"image": _png(image), "label": int(label)}


def _idx(file: Path) -> np.ndarray:
    """Read an IDX file of bytes: two zeros, type 8, the number of axes, their lengths, the data."""
    content = gzip.decompress(file.read_bytes())
    zeros, kind, axes = struct.unpack_from(">HBB", content)
    if (zeros, kind) != (0, 8):
        raise DataError(f"{file}: is not an IDX file of bytes")
    shape = struct.unpack_from(f">{axes}I", content, 4)
    return _bytes_of(file, content[4 + 4 * axes :], int(np.prod(shape))).reshape(shape)


class Cifar10(_FromArchives, skip_registration=True):
    """CIFAR-10, 32 x 32 RGB, from its binary batches."""

    name = "cifar10"
    VERSION = tfds.core.Version(VERSIONS["cifar10"])
    ORIGINALS = (
        Original(
            "cifar-10-binary.tar.gz",
            ("https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz",),
            "c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd",
        ),
    )
    SHAPE = (32, 32, 3)
    EXTRA = {"id": tfds.features.Text()}  # noqa: RUF012
    BATCHES = {  # noqa: RUF012
        "train": tuple(f"data_batch_{number}.bin" for number in range(1, 6)),
        "test": ("test_batch.bin",),
    }
    PER_BATCH = 10_000

    def _splits(self, *files: Path) -> dict[str, Iterable]:
        (archive,) = files
        names = self._member(archive, "batches.meta.txt").decode().split()
        self._name_labels(names, f"{archive}: batches.meta.txt")
        return {split: self._examples(archive, split) for split in self.BATCHES}

    def _member(self, archive: Path, name: str) -> bytes:
        with tarfile.open(archive) as files:
            try:
                return files.extractfile(f"cifar-10-batches-bin/{name}").read()
            except (KeyError, AttributeError) as error:  # it is not there, or is no file
                raise DataError(f"{archive}: holds no file {name}") from error

    def _examples(self, archive: Path, split: str) -> Iterator:
        height, width, channels = self.SHAPE
        row = 0
        for batch in self.BATCHES[split]:
            size = 1 + height * width * channels
            content = self._member(archive, batch)
            for record in _bytes_of(archive, content, self.PER_BATCH * size).reshape(-1, size):
                planes = record[1:].reshape(channels, height, width)
                image = np.ascontiguousarray(planes.transpose(1, 2, 0))
                about = {"id": f"{split}_{row:05d}", "label": int(record[0])}
                yield row, about | {"image": _png(image)}
                row += 1


class TinyImagenet(_FromArchives, skip_registration=True):
    """Tiny ImageNet (Stanford CS231n), 64 x 64 RGB, the original JPEG bytes from their archive.

    It has 200 classes, with 500 training and 50 validation images of each. Labels number the
    WordNet ids of `wnids.txt` in sorted order. The images of the original test split have no labels
    and are left out.
    """

    name = "tiny_imagenet"
    VERSION = tfds.core.Version(VERSIONS["tiny_imagenet"])
    ORIGINALS = (
        Original(
            "tiny-imagenet-200.zip",
            ("http://cs231n.stanford.edu/tiny-imagenet-200.zip",),
            "6198c8ae015e2b3e007c7841da39ec069199b9aa3bfa943a462022fe5e43c821",
        ),
    )
    SHAPE, ENCODING = (64, 64, 3), "jpeg"
    CLASSES, PER_CLASS = 200, {"train": 500, "validation": 50}

    def _splits(self, *files: Path) -> dict[str, Iterable]:
        (archive,) = files
        with zipfile.ZipFile(archive) as members:
            names = _lines(members, "wnids.txt")
        self._name_labels(sorted(names), f"{archive}: wnids.txt")
        return {split: self._examples(archive, split) for split in self.PER_CLASS}

    def _examples(self, archive: Path, split: str) -> Iterator:
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


BUILDERS = {each.name: each for each in (Mnist, Cifar10, TinyImagenet)}
