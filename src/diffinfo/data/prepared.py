"""Labelled images that TensorFlow Datasets has prepared on this machine (or can download); reading
needs no TensorFlow.
"""

import io
import os
from pathlib import Path
from typing import Any

import numpy as np

from diffinfo.data.dataset import Dataset
from diffinfo.errors import DataError
from diffinfo.files import sha256

# name -> (version, the split to test on)
PREPARED = {
    "mnist": ("3.0.1", "test"),
    "cifar10": ("3.0.2", "test"),
    "tiny_imagenet": ("1.0.0", "validation"),
}


def _folder(settings: dict[str, Any]) -> Path:
    """Where prepared data sets lie: the setting, else `TFDS_DATA_DIR`, else TFDS's own default."""
    return Path(
        settings["data_dir"] or os.environ.get("TFDS_DATA_DIR") or "~/tensorflow_datasets"
    ).expanduser()


def _prepare(name: str, folder: Path) -> None:
    """Download and prepare `name` in `folder`. Raises DataError that says what to put where when
    that does not work.
    """
    version, _ = PREPARED[name]
    try:
        import tensorflow_datasets as tfds

        if name == "tiny_imagenet":
            from diffinfo.data.tiny_imagenet import TinyImagenet

            builder = TinyImagenet(data_dir=str(folder), file_format="array_record")
        else:
            builder = tfds.builder(
                f"{name}:{version}", data_dir=str(folder), file_format="array_record"
            )
        builder.download_and_prepare(download_dir=str(folder / "downloads"))
    except Exception as error:  # TFDS raises what its many libraries raise
        by_hand = (
            f", or the original tiny-imagenet-200.zip at {folder / 'downloads' / 'manual'}"
            * (name == "tiny_imagenet")
        )
        raise DataError(
            f"{name} {version} is not in {folder} and could not be prepared there ({type(error).__name__}: {error}). "
            f"Put the folder that TFDS leaves elsewhere at {folder / name / version}{by_hand}, set TFDS_DATA_DIR (or "
            f"data.{name}.data_dir) to where it lies, or run this with internet access and the extra `download`'s "
            "packages (envs/download.txt)"
        ) from error


def _images(builder, split: str, most: int, where: str) -> tuple[np.ndarray, np.ndarray]:
    """The first `most` (0: all) images `(N, H, W, C)` uint8 and labels `(N,)` of a split, decoded
    by Pillow alone.
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
            f"{where}: cannot be read ({error}); truncated or changed: delete it and prepare it again"
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
                f"{where}: example {row} cannot be read ({error}); truncated or changed: prepare it again"
            ) from error
        if pixels.shape != shape:
            raise DataError(f"{where}: example {row} has shape {pixels.shape}, not {shape}")
        if not 0 <= example["label"] < classes:
            raise DataError(
                f"{where}: example {row} has label {example['label']}, and there are {classes} classes"
            )
        x[row], y[row] = pixels, example["label"]
    return x, y


def prepared(name: str, settings: dict[str, Any]) -> Dataset:
    """`mnist`, `cifar10` or `tiny_imagenet`, with its own split; the card has the checksums of the
    files it was read from.

    Raises: DataError when it is neither there nor to be had, truncated, or other than it says.
    """
    version, test_split = PREPARED[name]
    folder = _folder(settings) / name / version
    if not (folder / "dataset_info.json").is_file():
        _prepare(name, folder.parent.parent)
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
        "source": f"tfds {name}:{version}",
        "source_sha256": {
            file.name: sha256(file) for file in sorted(folder.glob("*.array_record*"))
        },
        "test_split": test_split,
        "classes": label.num_classes,
        "class_names": label.names,
    }
    return Dataset(**arrays, card=card)
