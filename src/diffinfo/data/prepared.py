"""Labelled images that TensorFlow Datasets (TFDS) has prepared on this machine, or that are
downloaded and prepared in its form. Neither needs TensorFlow.
"""

import fcntl
import io
from pathlib import Path
from typing import Any

import numpy as np

from diffinfo.data.dataset import Dataset
from diffinfo.data.inputs import VERSIONS, prepared_files, prepared_folder
from diffinfo.errors import DataError
from diffinfo.files import sha256

# The test images of the original Tiny ImageNet have no labels.
TEST_SPLITS = {"mnist": "test", "cifar10": "test", "tiny_imagenet": "validation"}


def _prepare(name: str, data_dir: Path) -> None:
    """Download `name` to `data_dir`/downloads and prepare it in `data_dir`, one process at a time.

    Raises: DataError, which says what to put where, if that does not work.
    """
    from diffinfo.data.originals import BUILDERS

    downloads = data_dir / "downloads"
    try:
        downloads.mkdir(parents=True, exist_ok=True)
        with open(downloads / f".{name}.lock", "w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            builder = BUILDERS[name](data_dir=str(data_dir), file_format="array_record")
            builder.download_and_prepare(download_dir=str(downloads))  # or finds it prepared
    except Exception as error:  # TFDS raises what its many libraries raise
        what = error if isinstance(error, DataError) else f"{type(error).__name__}: {error}"
        raise DataError(
            f"{name} {VERSIONS[name]} is not in {data_dir} and could not be prepared there: "
            f"{what}. Or put the folder that TFDS leaves elsewhere at "
            f"{data_dir / name / VERSIONS[name]}, or set TFDS_DATA_DIR (or data.{name}.data_dir) "
            "to where it lies"
        ) from error


def _images(builder, split: str, most: int, where: str) -> tuple[np.ndarray, np.ndarray]:
    """Return the first `most` images `(N, H, W, C)` uint8 and labels `(N,)` of a split.

    With `most` 0 it returns all of them. Pillow alone decodes them.
    """
    import tensorflow_datasets as tfds
    from PIL import Image

    shape, classes = (
        builder.info.features["image"].shape,
        builder.info.features["label"].num_classes,
    )
    expected = builder.info.splits[split].num_examples
    if most > expected:
        raise DataError(f"{where}: {most} images are asked for and there are {expected}")
    try:
        source = builder.as_data_source(split=split, decoders={"image": tfds.decode.SkipDecoding()})
        count = len(source)
    except Exception as error:
        raise DataError(
            f"{where}: cannot be read ({error}); it is truncated or changed: "
            "delete it and prepare it again"
        ) from error
    if count != expected:
        raise DataError(
            f"{where}: holds {count} examples, and its dataset_info.json says {expected}"
        )
    x, y = np.empty((most or count, *shape), np.uint8), np.empty(most or count, np.int32)
    for row in range(len(x)):
        try:
            example = source[row]
            with Image.open(io.BytesIO(example["image"])) as image:
                pixels = np.asarray(image.convert("L" if shape[-1] == 1 else "RGB")).reshape(
                    *image.size[::-1], -1
                )
        except Exception as error:
            raise DataError(
                f"{where}: example {row} cannot be read ({error}); "
                "the file is truncated or changed: prepare it again"
            ) from error
        if pixels.shape != shape:
            raise DataError(f"{where}: example {row} has shape {pixels.shape}, not {shape}")
        if not 0 <= example["label"] < classes:
            raise DataError(
                f"{where}: example {row} has label {example['label']}, "
                f"and there are {classes} classes"
            )
        x[row], y[row] = pixels, example["label"]
    return x, y


def prepared(name: str, settings: dict[str, Any]) -> Dataset:
    """Return `mnist`, `cifar10` or `tiny_imagenet` with its own split, downloading it if need be.

    Its images are `(N, H, W, C)` uint8 and its labels `(N,)`. The card holds the checksums of the
    files that were read.

    Raises: DataError if the data set cannot be had, is truncated, or is not what it says it is.
    """
    test_split, folder = TEST_SPLITS[name], prepared_folder(name, settings)
    if not prepared_files(folder):
        _prepare(name, folder.parents[1])
    import tensorflow_datasets as tfds

    try:
        builder = tfds.builder_from_directory(str(folder))
    except Exception as error:
        raise DataError(
            f"{folder}: is not a prepared TFDS data set ({error}); delete it and prepare it again"
        ) from error
    arrays = {}
    for split, stored, most in (
        ("train", "train", settings["n_train"]),
        ("test", test_split, settings["n_test"]),
    ):
        arrays[f"x_{split}"], arrays[f"y_{split}"] = _images(
            builder, stored, most, f"{folder} ({stored})"
        )
    label = builder.info.features["label"]
    card = {
        "name": name,
        "source": f"tfds {name}:{VERSIONS[name]}",
        "source_sha256": {
            file.name: sha256(file) for file in sorted(folder.glob("*.array_record*"))
        },
        "test_split": test_split,
        "classes": label.num_classes,
        "class_names": label.names,
    }
    return Dataset(**arrays, card=card)
