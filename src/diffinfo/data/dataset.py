"""The file between the `data` stage and all others: an `.npz` with a fixed split, and a JSON card.

x_train, x_test   (N, H, W, C) images, 8-bit pixels or floats, or (N, D) float vectors
y_train, y_test   (N,) integer labels 0 .. K-1, or (N, D_Y) float conditions
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from diffinfo.errors import DataError
from diffinfo.files import map_arrays, read_json, sha256, sha256_of, write_arrays, write_json

ARRAYS = ("x_train", "y_train", "x_test", "y_test")


@dataclass(frozen=True)
class Dataset:
    """Paired data with a fixed split; the module's docstring gives the shapes.

    `card` says where the data come from, how many they are, and what is known of them (nats).
    """

    x_train: np.ndarray
    y_train: np.ndarray
    x_test: np.ndarray
    y_test: np.ndarray
    card: dict[str, Any]

    @property
    def is_image(self) -> bool:
        """Whether x holds images, not vectors."""
        return self.x_train.ndim == 4

    @property
    def has_pixels(self) -> bool:
        """Whether x holds images of 8-bit pixels, 0 .. 255."""
        return self.x_train.dtype == np.uint8

    @property
    def classes(self) -> int | None:
        """The number of different labels, or None if y holds vectors."""
        return int(self.card["classes"]) if self.y_train.ndim == 1 else None


def card_path(path: str | Path) -> Path:
    """Return the path of the card that lies beside a data file: `data.json` for `data.npz`."""
    return Path(path).with_suffix(".json")


def check_pairs(x: np.ndarray, y: np.ndarray, where: str) -> None:
    """Raise DataError, naming `where`, unless x and y are usable pairs of the shapes above."""
    if x.dtype == np.uint8:
        if x.ndim != 4 or x.shape[-1] not in (1, 3):
            raise DataError(f"{where}: images must be uint8 (N, H, W, 1 or 3), got shape {x.shape}")
    elif x.ndim not in (2, 4) or not np.issubdtype(x.dtype, np.floating):
        raise DataError(
            f"{where}: x must be images (N, H, W, C), uint8 or floats, or float vectors (N, D), "
            f"got {x.dtype} {x.shape}"
        )
    labels = y.ndim == 1 and np.issubdtype(y.dtype, np.integer)
    vectors = y.ndim == 2 and np.issubdtype(y.dtype, np.floating)
    if not (labels or vectors):
        raise DataError(
            f"{where}: y must be integer labels (N,) or float vectors (N, D_Y), "
            f"got {y.dtype} {y.shape}"
        )
    if len(x) != len(y):
        raise DataError(f"{where}: {len(x)} rows of x but {len(y)} of y; they must be pairs")
    if len(x) == 0:
        raise DataError(f"{where}: no rows")
    for name, array in (("x", x), ("y", y)):
        if np.issubdtype(array.dtype, np.floating) and not np.isfinite(array).all():
            row = int(np.argwhere(~np.isfinite(array))[0][0])
            raise DataError(
                f"{where}: {name} has NaN or infinite values, first in row {row}; "
                "remove or fill them"
            )


def save_dataset(path: str | Path, dataset: Dataset) -> None:
    """Write the `.npz`, uncompressed so that jobs can map it, and its card.

    The card gains shapes, counts, means, standard deviations and checksums of the `.npz` and of
    itself.
    """
    write_arrays(path, {name: getattr(dataset, name) for name in ARRAYS}, compressed=False)
    card = dict(dataset.card, sha256=sha256(path), shape=list(dataset.x_train.shape[1:]))
    for split in ("train", "test"):
        x, y = getattr(dataset, f"x_{split}"), getattr(dataset, f"y_{split}")
        card[f"n_{split}"] = len(x)
        card[f"x_{split}_mean"], card[f"x_{split}_std"] = float(np.mean(x)), float(np.std(x))
        if y.ndim == 1:
            card[f"labels_{split}"] = np.bincount(y, minlength=dataset.classes).tolist()
    write_json(card_path(path), card | {"card_sha256": sha256_of(card)})


def load_dataset(path: str | Path) -> Dataset:
    """Map into memory and check what `save_dataset` wrote.

    Raises: DataError, naming the file and the array, if something is missing, is truncated, has
    changed since it was written, has the wrong shape or type, or is not finite.
    """
    arrays, card = map_arrays(path), read_json(card_path(path))
    missing = [name for name in ARRAYS if name not in arrays]
    if missing:
        raise DataError(f"{path}: lacks {', '.join(missing)}; it holds {', '.join(sorted(arrays))}")
    if not isinstance(card, dict) or card.get("sha256") != sha256(path):
        raise DataError(
            f"{path}: its checksum is not the one in {card_path(path)}; run the data stage again"
        )
    if card.pop("card_sha256", None) != sha256_of(card):
        raise DataError(f"{card_path(path)}: is damaged or was edited; run the data stage again")
    dataset = Dataset(**{name: arrays[name] for name in ARRAYS}, card=card)
    for split in ("train", "test"):
        check_pairs(arrays[f"x_{split}"], arrays[f"y_{split}"], f"{path} ({split})")
        if (
            dataset.classes
            and not 0 <= arrays[f"y_{split}"].min() <= arrays[f"y_{split}"].max() < dataset.classes
        ):
            raise DataError(f"{path} ({split}): labels outside 0 .. {dataset.classes - 1}")
    if (
        dataset.x_train.shape[1:] != dataset.x_test.shape[1:]
        or dataset.y_train.shape[1:] != dataset.y_test.shape[1:]
    ):
        raise DataError(f"{path}: train and test examples differ in shape")
    return dataset
