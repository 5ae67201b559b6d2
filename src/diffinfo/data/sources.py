"""Where data come from: a joint Gaussian with known truth, images with labels, a folder of images,
your own arrays.
"""

from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from scipy.special import entr

from diffinfo.data.canonical import in_canonical_coordinates
from diffinfo.data.dataset import Dataset, check_pairs
from diffinfo.data.prepared import PREPARED, prepared
from diffinfo.errors import DataError
from diffinfo.exact.joint_gaussian import (
    JointGaussian,
    flattened_covariance,
    full_rank_covariance,
    with_information,
)
from diffinfo.files import read_arrays, sha256


def split_rows(y: np.ndarray, test_fraction: float, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Train and test row numbers; for labels (`y` one-dimensional) each class is split in the same
    proportion.

    Raises: DataError when a class (or the whole) has too few rows to stand in both splits.
    """
    rng = np.random.default_rng(seed)
    test = []
    for group in (
        [np.flatnonzero(y == label) for label in np.unique(y)]
        if y.ndim == 1
        else [np.arange(len(y))]
    ):
        n_test = round(test_fraction * len(group))
        if not 0 < n_test < len(group):
            raise DataError(
                f"{len(group)} rows cannot be split with test_fraction={test_fraction}: need one row in each split"
            )
        test.append(rng.permutation(group)[:n_test])
    test_rows = np.sort(np.concatenate(test))
    return np.setdiff1d(np.arange(len(y)), test_rows), test_rows


def _split(x, y, settings: dict[str, Any], card: dict[str, Any]) -> Dataset:
    train, test = split_rows(y, settings["test_fraction"], settings["split_seed"])
    card = card | {"test_fraction": settings["test_fraction"], "split_seed": settings["split_seed"]}
    return Dataset(x[train], y[train], x[test], y[test], card)


def joint_gaussian(settings: dict[str, Any]) -> JointGaussian:
    """The model that the `gaussian` section describes. Raises DataError for settings that
    contradict each other.
    """
    rng = np.random.default_rng(settings["seed"])
    dim_x, jitter = settings["dim_x"], settings["jitter"]
    if "flat" in settings:
        if settings["flat"]["rank"] >= dim_x:
            raise DataError(
                f"data.gaussian.flat.rank={settings['flat']['rank']} must be smaller than dim_x={dim_x}"
            )
        cov_x = flattened_covariance(
            dim_x, settings["flat"]["rank"], settings["flat"]["lambda_delta"], jitter, rng
        )
    else:
        cov_x = full_rank_covariance(dim_x, jitter, rng)
    a = rng.standard_normal((settings["dim_y"], dim_x))
    if "information" in settings:
        try:
            model = with_information(cov_x, a, settings["information"])
        except ValueError as error:
            raise DataError(f"data.gaussian.{error}") from error
    else:
        model = JointGaussian.linear(cov_x, a, settings["sigma_eps"])
    weight = settings["guidance_weight"]
    return model.guided(weight) if weight else model


def gaussian(settings: dict[str, Any]) -> Dataset:
    """Samples of a joint Gaussian; train and test are independent draws and the card carries the
    exact values (nats).
    """
    model = joint_gaussian(settings)
    rng = np.random.default_rng([settings["seed"], 1])
    (x_train, y_train), (x_test, y_test) = (
        tuple(array.astype(np.float32) for array in model.sample(settings[key], rng))
        for key in ("n_train", "n_test")
    )
    truth = {
        "mutual_information": float(model.mutual_information()),
        "total_entropy": float(model.total_entropy()),
        "effective_size": model.effective_size,
    }
    return Dataset(
        x_train,
        y_train,
        x_test,
        y_test,
        {"source": "gaussian", "gaussian": settings, "truth": truth},
    )


def digits(settings: dict[str, Any]) -> Dataset:
    """The 1,797 handwritten digits that ship with scikit-learn, 8 x 8 grey, 17 levels stretched to
    0 .. 255.
    """
    from sklearn.datasets import load_digits

    bunch = load_digits()
    x = np.round(bunch.images * (255 / 16)).astype(np.uint8)[..., None]
    return _split(
        x, bunch.target.astype(np.int32), settings, {"source": "scikit-learn digits", "classes": 10}
    )


def folder(settings: dict[str, Any]) -> Dataset:
    """Images in class-named subfolders (PNG or JPEG), cropped to a square and resized where `size`
    is given.

    Raises: DataError naming the file that cannot be read or has another shape.
    """
    from PIL import Image, UnidentifiedImageError

    root, size = Path(settings["path"]), settings["size"]
    if not root.is_dir():
        raise DataError(f"{root}: no such folder; it should hold one subfolder of images per class")
    names = sorted(
        entry.name for entry in root.iterdir() if entry.is_dir() and not entry.name.startswith(".")
    )
    images, labels, shape = [], [], None
    for label, name in enumerate(names):
        files = sorted(
            f for f in (root / name).iterdir() if f.suffix.lower() in (".png", ".jpg", ".jpeg")
        )
        if not files:
            raise DataError(f"{root / name}: no .png, .jpg or .jpeg files in this class")
        for file in files:
            try:
                with Image.open(file) as image:
                    image = image.convert("L" if settings["grey"] else "RGB")
                    if size:
                        edge = min(image.size)
                        left, top = (image.width - edge) // 2, (image.height - edge) // 2
                        image = image.crop((left, top, left + edge, top + edge)).resize(
                            (size, size), Image.Resampling.LANCZOS
                        )
                    array = np.asarray(image)
            except (UnidentifiedImageError, OSError) as error:
                raise DataError(f"{file}: not a readable image ({error})") from error
            shape = shape or array.shape
            if array.shape != shape:
                raise DataError(
                    f"{file}: shape {array.shape} differs from {shape} of the first image; set data.folder.size"
                )
            images.append(array.reshape(*array.shape[:2], -1))
            labels.append(label)
    if len(names) < 2:
        raise DataError(f"{root}: found {len(names)} class folders; need at least 2")
    card = {"source": f"folder {root.name}", "classes": len(names), "class_names": names}
    return _split(np.stack(images), np.asarray(labels, np.int32), settings, card)


def npz(settings: dict[str, Any]) -> Dataset:
    """Your own pairs from an `.npz` with arrays `x` and `y`: images `(N, H, W[, C])` uint8 or
    vectors `(N[, D])`.

    Integer `y` of shape `(N,)` are labels; they may be any integers and are renumbered. Vectors are
    standardised per coordinate with training statistics, which changes no mutual information but
    keeps them on the model's scale.
    """
    path = settings["path"]
    arrays = read_arrays(path)
    if not {"x", "y"} <= set(arrays):
        raise DataError(
            f"{path}: needs arrays named x and y; it holds {', '.join(sorted(arrays)) or 'nothing'}"
        )
    x, y = arrays["x"], arrays["y"]
    card: dict[str, Any] = {"source": f"npz {Path(path).name}", "source_sha256": sha256(path)}
    # grey images without a channel axis, one number per example
    if x.ndim == (3 if x.dtype == np.uint8 else 1):
        x = x[..., None]
    x = x if x.dtype == np.uint8 else x.astype(np.float64)
    if y.ndim == 1 and np.issubdtype(y.dtype, np.integer):
        names, y = np.unique(y, return_inverse=True)
        y = y.astype(np.int32)
        card |= {"classes": len(names), "class_names": [str(name) for name in names]}
    else:
        y = (y[:, None] if y.ndim == 1 else y).astype(np.float64)
    check_pairs(x, y, str(path))
    dataset = _split(x, y, settings, card)
    fields = {}
    for name in ("x", "y"):
        train, test = getattr(dataset, f"{name}_train"), getattr(dataset, f"{name}_test")
        if np.issubdtype(train.dtype, np.floating):
            mean, std = train.mean(0), train.std(0)
            if (std == 0).any():
                raise DataError(
                    f"{path}: column {int(np.argmin(std))} of {name} is constant; remove it"
                )
            fields |= {f"{name}_train": ((train - mean) / std).astype(np.float32)}
            fields |= {f"{name}_test": ((test - mean) / std).astype(np.float32)}
    return Dataset(
        **(
            {k: getattr(dataset, k) for k in ("x_train", "y_train", "x_test", "y_test", "card")}
            | fields
        )
    )


def with_noisy_labels(dataset: Dataset, keep: float, seed: int) -> Dataset:
    """Each label kept with probability `keep`, else any other one, all alike: a dial for I(X;Y)
    between 0 and H(Y).

    The card's truth is `H(Y') - h(p) - p log(K - 1)` nats, p = 1 - keep and h the binary entropy,
    for the label frequencies of the test rows: exact where the image determines the clean label.
    """
    classes, rng = dataset.classes, np.random.default_rng(seed)
    labels = {}
    for split in ("train", "test"):
        clean = getattr(dataset, f"y_{split}")
        other = (clean + rng.integers(1, classes, len(clean))) % classes
        labels[f"y_{split}"] = np.where(rng.random(len(clean)) < keep, clean, other).astype(
            np.int32
        )
    frequency = np.bincount(dataset.y_test, minlength=classes) / len(dataset.y_test)
    noisy = keep * frequency + (1 - keep) * (1 - frequency) / (classes - 1)
    given = np.array([keep, *[(1 - keep) / (classes - 1)] * (classes - 1)])
    truth = {
        "mutual_information": float(entr(noisy).sum() - entr(given).sum()),
        "label_entropy": float(entr(noisy).sum()),
    }
    return replace(
        dataset,
        **labels,
        card=dataset.card | {"keep_label": keep, "label_seed": seed, "truth": truth},
    )


SOURCES = {"gaussian": gaussian, "digits": digits, "folder": folder, "npz": npz}
SOURCES |= {name: partial(prepared, name) for name in PREPARED}


def make_dataset(settings: dict[str, Any]) -> Dataset:
    """Data from a config's `data` section, `{source: its settings}`. Raises DataError."""
    ((source, options),) = settings.items()
    dataset = SOURCES[source](options)
    keep = options.get("keep_label", 1)
    if keep < 1:
        if not dataset.classes:
            raise DataError(
                f"data.{source}.keep_label: needs labels, and y is {dataset.y_train.shape[1]} numbers"
            )
        return with_noisy_labels(dataset, keep, options["label_seed"])
    if not options.get("canonical"):
        return dataset
    if dataset.is_image or dataset.classes:
        raise DataError(
            f"data.{source}.canonical: needs pairs of vectors, and these are images or labels"
        )
    return in_canonical_coordinates(dataset)
