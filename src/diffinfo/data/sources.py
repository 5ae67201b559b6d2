"""The sources of data: joint Gaussians and random fields with known truth, labelled images, or your
own arrays.

A source is a function from its options to a `Dataset`. A new one needs its function and its line in
`SOURCES` here, its options in `config.schema.yaml`, and a line in `inputs.source_files` if it reads
files.
"""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from scipy.special import entr

from diffinfo.data.canonical import in_canonical_coordinates
from diffinfo.data.dataset import Dataset, check_pairs
from diffinfo.data.inputs import IMAGES, images_by_class
from diffinfo.data.prepared import TEST_SPLITS, prepared
from diffinfo.errors import DataError
from diffinfo.exact.joint_gaussian import (
    JointGaussian,
    flattened_covariance,
    full_rank_covariance,
    with_information,
)
from diffinfo.exact.worlds import INFORMATION, world_with_information
from diffinfo.files import read_arrays, sha256


def split_rows(
    y: np.ndarray, test_fraction: float, seed: int, names: Sequence[str] = ()
) -> tuple[np.ndarray, np.ndarray]:
    """Return the numbers of the training rows and of the test rows, in increasing order.

    y: `(N,)` labels, each class of which is split in the same proportion, or `(N, D_Y)` vectors.
    names: of the classes, for messages.

    Raises: DataError if a class (or the whole) has too few rows to stand in both splits.
    """
    rng = np.random.default_rng(seed)
    test = []
    groups = {"all rows": np.arange(len(y))}
    if y.ndim == 1:
        groups = {
            f"class {names[label] if len(names) else label}": np.flatnonzero(y == label)
            for label in np.unique(y)
        }
    for which, group in groups.items():
        n_test = round(test_fraction * len(group))
        if not 0 < n_test < len(group):
            raise DataError(
                f"{which}: {len(group)} rows cannot be split with test_fraction={test_fraction}, "
                "as each split needs at least one; add some, leave the class out or change it"
            )
        test.append(rng.permutation(group)[:n_test])
    test_rows = np.sort(np.concatenate(test))
    return np.setdiff1d(np.arange(len(y)), test_rows), test_rows


def _split(x, y, settings: dict[str, Any], card: dict[str, Any]) -> Dataset:
    names = card.get("class_names", ())
    train, test = split_rows(y, settings["test_fraction"], settings["split_seed"], names)
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


def random_fields(settings: dict[str, Any]) -> Dataset:
    """Return images of a world of random fields, x `(N, S, S, 1)` floats and labels y `(N,)`.

    Training and test rows are independent draws. Clean images hold one nat about their class, as
    the card says; `exact/worlds.py` knows it at every noise level.
    """
    fields = world_with_information(settings["world"], settings["side"])
    rng = np.random.default_rng([settings["seed"], 1])

    def drawn(n):
        blocks = [fields.draw(min(1000, n - at), rng) for at in range(0, n, 1000)]
        x, y = (np.concatenate(arrays) for arrays in zip(*blocks, strict=True))
        return x.astype(np.float32)[..., None], y.astype(np.int32)

    truth = {"mutual_information": INFORMATION, "label_entropy": fields.label_entropy}
    card = {"name": settings["world"], "source": "random fields", "random_fields": settings}
    card |= {"classes": len(fields.weights), "truth": truth}
    return Dataset(*drawn(settings["n_train"]), *drawn(settings["n_test"]), card)


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


def _picture(file: Path, grey: bool):
    """Return an image file as Pillow's 8-bit image, turned as it is meant to be seen.

    Raises: DataError, naming the file, for what is no such picture.
    """
    from PIL import Image, ImageOps

    try:
        with Image.open(file) as opened:
            if getattr(opened, "n_frames", 1) > 1:
                raise DataError(f"{file}: has {opened.n_frames} frames; keep one of them")
            image = ImageOps.exif_transpose(opened)
            if image.mode.startswith("I;16"):
                levels = np.asarray(image, np.float64) / 257  # 65535 becomes 255
                image = Image.fromarray(np.round(levels).astype(np.uint8))
            elif image.mode in ("I", "F"):
                raise DataError(f"{file}: has 32 bits per pixel; convert it to 8 or 16")
            return image.convert("L" if grey else "RGB")
    except DataError:
        raise
    except Exception as error:  # Pillow's readers raise what they like, some on purpose
        raise DataError(f"{file}: not a readable image ({error})") from error


def folder(settings: dict[str, Any]) -> Dataset:
    """Return the images of subfolders named by their class, `(N, H, W, 1 or 3)`.

    With `size`, each is cropped to its central square and resized.

    Raises: DataError, naming the file, for one that cannot be read or differs in shape, and for
    fewer than two classes or a class without images.
    """
    from PIL import Image

    root, size = Path(settings["path"]), settings["size"]
    classes = images_by_class(root)
    if len(classes) < 2:
        raise DataError(f"{root}: has only one subfolder; it needs one for each of two classes")
    images, labels, shape = [], [], None
    for label, (name, files) in enumerate(classes.items()):
        if not files:
            raise DataError(f"{root / name}: no images ({', '.join(IMAGES)}) in this class")
        for file in files:
            image = _picture(file, settings["grey"])
            if size:
                edge = min(image.size)
                left, top = (image.width - edge) // 2, (image.height - edge) // 2
                image = image.crop((left, top, left + edge, top + edge)).resize(
                    (size, size), Image.Resampling.LANCZOS
                )
            array = np.asarray(image)
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
            f"{path}: needs arrays named x and y; it holds "
            f"{', '.join(sorted(arrays)) or 'nothing'}: save it with np.savez(file, x=..., y=...)"
        )
    x, y = _own_x(arrays["x"], path), arrays["y"]
    if y.dtype.kind not in "iubfUS":
        raise DataError(f"{path}: y must be numbers or labels, and its type is {y.dtype}")
    file = Path(path)
    card: dict[str, Any] = {"name": file.stem, "source": f"npz {file.name}"}
    card["source_sha256"] = sha256(path)
    if y.ndim == 1 and y.dtype.kind in "iubUS":
        names, y = np.unique(y, return_inverse=True)
        y = y.astype(np.int32)
        card |= {"classes": len(names), "class_names": [str(name) for name in names]}
    elif y.dtype.kind in "US":
        raise DataError(f"{path}: labels y must be one column, and its shape is {y.shape}")
    else:
        y = (y[:, None] if y.ndim == 1 else y).astype(np.float64)
        if y.ndim == 2 and y.shape[1] > 1 and _is_one_hot(y):
            raise DataError(f"{path}: y is one-hot; save the labels themselves, y.argmax(1)")
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


def _own_x(x: np.ndarray, path: str) -> np.ndarray:
    """Return x of an `.npz` with its channels, as uint8 images or float64 vectors.

    Raises: DataError for anything else, and what to do about it.
    """
    if x.dtype.kind not in "iubf":
        raise DataError(f"{path}: x must be numbers, and its type is {x.dtype}")
    if 0 in x.shape:
        raise DataError(f"{path}: x is empty, of shape {x.shape}")
    if x.dtype == np.uint8:
        x = x[..., None] if x.ndim == 3 else x
        # An image is hardly one or three pixels high.
        if x.ndim == 4 and x.shape[1] in (1, 3) and x.shape[2] > 3:
            raise DataError(
                f"{path}: images x must be (N, H, W, C), and {x.shape} looks like (N, C, H, W); "
                "save x.transpose(0, 2, 3, 1)"
            )
        return x
    if x.ndim > 2:
        scale = "255 * x" if x.dtype.kind == "f" and x.max() <= 1 else "x"
        raise DataError(
            f"{path}: x of shape {x.shape} looks like images, and its type is {x.dtype}; save "
            f"({scale}).round().astype(np.uint8)"
        )
    return (x[:, None] if x.ndim == 1 else x).astype(np.float64)


def _is_one_hot(y: np.ndarray) -> bool:
    return bool(np.isin(y, (0, 1)).all() and (y.sum(1) == 1).all())


def with_noisy_labels(dataset: Dataset, keep: float, seed: int) -> Dataset:
    """Return the data set with each label kept with probability `keep`, else made any other one.

    The other labels are equally likely, so `keep` is a dial for I(X;Y) between 0 and H(Y). The
    card's truth is `H(Y') - h(p) - p log(K - 1)` nats, where p = 1 - keep and h is the binary
    entropy, at the label frequencies of the test rows. It is exact if the image determines the
    clean label.
    """
    classes, rng = dataset.classes, np.random.default_rng(seed)
    if classes < 2:
        raise DataError("keep_label: there is one class only, so no other label to take")
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


SOURCES = {
    "gaussian": gaussian,
    "random_fields": random_fields,
    "digits": digits,
    "folder": folder,
    "npz": npz,
}
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
