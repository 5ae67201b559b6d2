"""The files that a data set will be made from: what the workflow declares as a job's inputs.

This module uses the standard library only, so that the workflow can ask it before (or without)
installing anything. The sources that read files take their paths from here too, so a file that a
source reads is a file that the workflow watches.
"""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from diffinfo.errors import DataError

# Each data set that TensorFlow Datasets (TFDS) prepares, at the version that we read.
VERSIONS = {"mnist": "3.0.1", "cifar10": "3.0.2", "tiny_imagenet": "1.0.0"}


def prepared_folder(name: str, options: Mapping[str, Any]) -> Path:
    """Return where the prepared data set `name` lies, `<data_dir>/<name>/<version>`.

    `data_dir` is the option of that name, else `TFDS_DATA_DIR`, else the default of TFDS. Raises:
    DataError for one below a home folder where there is none.
    """
    data_dir = options["data_dir"] or os.environ.get("TFDS_DATA_DIR") or "~/tensorflow_datasets"
    try:
        return Path(data_dir).expanduser() / name / VERSIONS[name]
    except RuntimeError as error:
        raise DataError(
            f"data.{name}.data_dir: {data_dir} cannot be found ({error}); set it, or TFDS_DATA_DIR"
        ) from error


def prepared_files(folder: Path) -> list[Path]:
    """Return what is read of a prepared data set, sorted: descriptions, label names and shards.

    The list is empty if the data set has not been prepared.
    """
    if not (folder / "dataset_info.json").is_file():
        return []
    patterns = ("dataset_info.json", "features.json", "*.labels.txt", "*.array_record*")
    return sorted(path for pattern in patterns for path in folder.glob(pattern))


IMAGES = (".png", ".jpg", ".jpeg", ".webp", ".bmp", ".tif", ".tiff", ".gif")
_OTHER_IMAGES = (".avif", ".heic", ".heif", ".jp2", ".jxl", ".svg", ".dng", ".cr2", ".nef")


def images_by_class(root: Path) -> dict[str, list[Path]]:
    """Return the images in each subfolder of `root`, one subfolder per class, all sorted by name.

    Hidden files, and what macOS leaves in archives, are no images. Raises: DataError if there is no
    image at all, and for images that would be left out: in deeper folders, or of other kinds.
    """
    classes = sorted(
        path
        for path in root.glob("*")
        if path.is_dir() and path.name[0] != "." and path.name != "__MACOSX"
    )
    images: dict[str, list[Path]] = {}
    for folder in classes:
        images[folder.name] = []
        for path in sorted(folder.rglob("*")):
            below = path.relative_to(folder)
            if any(part[0] == "." for part in below.parts) or not path.is_file():
                continue
            if path.suffix.lower() in _OTHER_IMAGES:
                raise DataError(f"{path}: images of this kind are not read; convert it to .png")
            if path.suffix.lower() not in IMAGES:
                continue
            if len(below.parts) > 1:
                raise DataError(
                    f"{path}: lies in a deeper folder; images of a class lie in one folder, and "
                    f"the folders of all classes in data.folder.path (is it {folder}?)"
                )
            images[folder.name].append(path)
    if not any(images.values()):
        raise DataError(
            f"data.folder.path: no files under {root}; it should hold one subfolder per class, "
            f"of images ({', '.join(IMAGES)})"
        )
    return images


def file_and_names(text: str) -> tuple[Path, str]:
    """Return the file and the names of `FILE[:NAMES]`, both of which may have colons.

    The file is the longest one that is there, or, if none is, what stands before the first colon.
    """
    places = [len(text), *(place for place in range(len(text) - 1, -1, -1) if text[place] == ":")]
    for place in places:
        if Path(text[:place]).is_file():
            return Path(text[:place]), text[place + 1 :]
    return Path(text.partition(":")[0] or text), ""


def source_files(data: Mapping[str, Mapping[str, Any]]) -> list[Path]:
    """Return the files that making a data set reads, sorted; none for a source that reads no file.

    data: a config's `data` section with its defaults filled in, `{source: options}`. The files of a
    TFDS data set are not among them: the first run may have to download it, and a second one would
    then make everything again for inputs that the first did not have. Its version stands for them
    here, and their checksums in the card.

    Raises: DataError, naming the key, for a folder without images.
    """
    ((source, options),) = data.items()
    if source == "npz":
        return [Path(options["path"])]
    if source == "folder":
        return [path for files in images_by_class(Path(options["path"])).values() for path in files]
    return []
