"""The sources of data: a joint Gaussian with known truth, labelled images, or your own arrays.

A source is a function from its options to a `Dataset`. A new one needs its function and its line in
`SOURCES` here, its options in `config.schema.yaml`, and a line in `inputs.source_files` if it reads
files.
"""

from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from scipy.special import entr

from diffinfo.data.canonical import in_canonical_coordinates
from diffinfo.data.dataset import Dataset, check_pairs
from diffinfo.data.inputs import images_by_class
from diffinfo.data.prepared import TEST_SPLITS, prepared
from diffinfo.errors import DataError
from diffinfo.exact.joint_gaussian import (
    JointGaussian,
    flattened_covariance,
    full_rank_covariance,
    with_information,
)
from diffinfo.files import read_arrays, sha256


def split_rows(y: np.ndarray, test_fraction: float, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the numbers of the training rows and of the test rows, in increasing order.

    y: `(N,)` labels, each class of which is split in the same proportion, or `(N, D_Y)` vectors.

    Raises: DataError if a class (or the whole) has too few rows to stand in both splits.
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
                f"{len(group)} rows cannot be split with test_fraction={test_fraction}: "
                "each split needs at least one row"
            )
        test.append(rng.permutation(group)[:n_test])
    test_rows = np.sort(np.concatenate(test))
    return np.setdiff1d(np.arange(len(y)), test_rows), test_rows


def _split(x, y, settings: dict[str, Any], card: dict[str, Any]) -> Dataset:
    train, test = split_rows(y, settings["test_fraction"], settings["split_seed"])
    card = card | {"test_fraction": settings["test_fraction"], "split_seed": settings["split_seed"]}
    return Dataset(x[train], y[train], x[test], y[test], card)


def joint_gaussian(settings: dict[str, Any]) -> JointGaussian:
    """Return the model that the options of the source `gaussian` describe.

    Raises: DataError for options that contradict each other.
    """
    rng = np.random.default_rng(settings["seed"])
    dim_x, jitter = settings["dim_x"], settings["jitter"]
    if "flat" in settings:
        if settings["flat"]["rank"] >= dim_x:
            raise DataError(
                f"data.gaussian.flat.rank={settings['flat']['rank']} "
                f"must be smaller than dim_x={dim_x}"
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
    """Return samples of a joint Gaussian, x `(N, D_X)` and y `(N, D_Y)`.

    Training and test rows are independent draws. The card holds the exact values, in nats.
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
        {"name": "gaussian", "source": "gaussian", "gaussian": settings, "truth": truth},
    )


def digits(settings: dict[str, Any]) -> Dataset:
    """Return the 1,797 handwritten digits that ship with scikit-learn, `(N, 8, 8, 1)`.

    Their 17 shades of grey are stretched to 0 .. 255.
    """
    from sklearn.datasets import load_digits

    bunch = load_digits()
    x = np.round(bunch.images * (255 / 16)).astype(np.uint8)[..., None]
    return _split(
        x,
        bunch.target.astype(np.int32),
        settings,
        {"name": "digits", "source": "scikit-learn digits", "classes": 10},
    )


def folder(settings: dict[str, Any]) -> Dataset:
    """Return the PNG and JPEG images of subfolders named by their class, `(N, H, W, 1 or 3)`.

    With `size`, each is cropped to its central square and resized.

    Raises: DataError, naming the file, for one that cannot be read or differs in shape, and for
    fewer than two classes or a class without images.
    """
    from PIL import Image, UnidentifiedImageError

    root, size = Path(settings["path"]), settings["size"]
    classes = images_by_class(root)
    if len(classes) < 2:
        raise DataError(f"{root}: has only one subfolder; it needs one for each of two classes")
    images, labels, shape = [], [], None
    for label, (name, files) in enumerate(classes.items()):
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
                    f"{file}: shape {array.shape} differs from {shape} of the first image; "
                    "set data.folder.size"
                )
            images.append(array.reshape(*array.shape[:2], -1))
            labels.append(label)
    about = {"name": root.name, "source": f"folder {root.name}"}
    card = about | {"classes": len(classes), "class_names": list(classes)}
    return _split(np.stack(images), np.asarray(labels, np.int32), settings, card)


def npz(settings: dict[str, Any]) -> Dataset:
    """Return your own pairs, the arrays `x` and `y` of an `.npz`.

    x holds images `(N, H, W[, C])` uint8 or vectors `(N[, D])`; y holds labels `(N,)`, which may be
    any integers and are renumbered, or vectors `(N[, D_Y])`. Vectors are standardised, coordinate
    by coordinate, by the statistics of the training rows. That changes no mutual information and
    puts them on the model's scale.

    Raises: DataError if the file, an array or a column cannot be used.
    """
    path = settings["path"]
    arrays = read_arrays(path)
    if not {"x", "y"} <= set(arrays):
        raise DataError(
            f"{path}: needs arrays named x and y; it holds {', '.join(sorted(arrays)) or 'nothing'}"
        )
    x, y = arrays["x"], arrays["y"]
    file = Path(path)
    card: dict[str, Any] = {"name": file.stem, "source": f"npz {file.name}"}
    card["source_sha256"] = sha256(path)
    # Grey images may lack the channel axis, and one number per example its axis.
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
    standardised = {}
    for name in ("x", "y"):
        train, test = getattr(dataset, f"{name}_train"), getattr(dataset, f"{name}_test")
        if np.issubdtype(train.dtype, np.floating):
            mean, std = train.mean(0), train.std(0)
            if (std == 0).any():
                raise DataError(
                    f"{path}: column {int(np.argmin(std))} of {name} is constant; remove it"
                )
            standardised[f"{name}_train"] = ((train - mean) / std).astype(np.float32)
            standardised[f"{name}_test"] = ((test - mean) / std).astype(np.float32)
    return replace(dataset, **standardised)


def with_noisy_labels(dataset: Dataset, keep: float, seed: int) -> Dataset:
    """Return the data set with each label kept with probability `keep`, else made any other one.

    The other labels are equally likely, so `keep` is a dial for I(X;Y) between 0 and H(Y). The
    card's truth is `H(Y') - h(p) - p log(K - 1)` nats, where p = 1 - keep and h is the binary
    entropy, at the label frequencies of the test rows. It is exact if the image determines the
    clean label.
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
SOURCES |= {name: partial(prepared, name) for name in TEST_SPLITS}


def make_dataset(settings: dict[str, Any]) -> Dataset:
    """Return the data that a config's `data` section, `{source: options}`, describes.

    Raises: DataError if a file cannot be used, or an option does not suit the data.
    """
    ((source, options),) = settings.items()
    if source == "generated":
        raise DataError(
            "data.generated: these come from another experiment's model, by `diffinfo generate`"
        )
    dataset = SOURCES[source](options)
    keep = options.get("keep_label", 1)
    if keep < 1:
        if not dataset.classes:
            raise DataError(
                f"data.{source}.keep_label: needs labels, "
                f"and y is {dataset.y_train.shape[1]} numbers"
            )
        return with_noisy_labels(dataset, keep, options["label_seed"])
    if not options.get("canonical"):
        return dataset
    if dataset.is_image or dataset.classes:
        raise DataError(
            f"data.{source}.canonical: needs pairs of vectors, and these are images or labels"
        )
    return in_canonical_coordinates(dataset)
