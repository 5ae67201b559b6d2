"""Data sets in the form of TFDS, prepared from archives that are made here, or real ones."""

import gzip
import io
import os
import struct
import tarfile
import zipfile
from pathlib import Path

import numpy as np
import pytest
import tensorflow_datasets as tfds
from PIL import Image

from diffinfo.config import complete
from diffinfo.data import download, originals
from diffinfo.data.inputs import prepared_folder
from diffinfo.data.originals import Cifar10, Mnist, TinyImagenet
from diffinfo.data.sources import make_dataset
from diffinfo.errors import DataError
from diffinfo.files import sha256

IDS = ("n02124075", "n01443537", "n04067472")


def _jpeg(rng, grey):
    stream = io.BytesIO()
    Image.fromarray(rng.integers(0, 256, (64, 64) if grey else (64, 64, 3), dtype=np.uint8)).save(
        stream, "JPEG"
    )
    return stream.getvalue()


def _archive(folder, monkeypatch, *, train_images=4, annotate=IDS):
    """Put a small `tiny-imagenet-200.zip` at the place for files put there by hand.

    The builder then expects just that file.
    """
    path = folder / "downloads" / "tiny-imagenet-200.zip"
    path.parent.mkdir(parents=True)
    rng = np.random.default_rng(0)
    with zipfile.ZipFile(path, "w") as archive:

        def add(name, content):
            archive.writestr(f"tiny-imagenet-200/{name}", content)

        add("wnids.txt", "".join(f"{name}\n" for name in IDS))
        add("words.txt", "n02124075\tEgyptian cat\n")
        for name in IDS:
            add(f"train/{name}/{name}_boxes.txt", "")
            for i in range(train_images):
                add(f"train/{name}/images/{name}_{i}.JPEG", _jpeg(rng, grey=i == 1))
        for i in range(len(annotate)):
            add(f"val/images/val_{i}.JPEG", _jpeg(rng, grey=False))
        add(
            "val/val_annotations.txt",
            "".join(f"val_{i}.JPEG\t{name}\t0\t0\t62\t62\n" for i, name in enumerate(annotate)),
        )
        add("test/images/test_0.JPEG", _jpeg(rng, grey=False))
    monkeypatch.setattr(TinyImagenet, "CLASSES", 3)
    monkeypatch.setattr(TinyImagenet, "PER_CLASS", {"train": 4, "validation": 1})
    _expect(TinyImagenet, path.parent, monkeypatch)
    return path


def _expect(builder, folder, monkeypatch):
    """Let a builder take the files that are in `folder` for the originals."""
    expected = [each._replace(sha256=sha256(folder / each.name)) for each in builder.ORIGINALS]
    monkeypatch.setattr(builder, "ORIGINALS", tuple(expected))


def _tiny(folder, **settings):
    return make_dataset(complete("data", {"tiny_imagenet": {"data_dir": str(folder)} | settings}))


def test_tiny_imagenet_from_its_archive(tmp_path, monkeypatch):
    archive = _archive(tmp_path, monkeypatch)
    dataset = _tiny(tmp_path)
    assert dataset.x_train.shape == (12, 64, 64, 3)
    assert dataset.x_test.shape == (3, 64, 64, 3)
    assert dataset.card["class_names"] == sorted(IDS)
    assert (np.bincount(dataset.y_train) == 4).all()
    grey = (dataset.x_train == dataset.x_train[..., :1]).all(axis=(1, 2, 3))
    assert grey.sum() == 3, "grey images become RGB"
    with (
        zipfile.ZipFile(archive) as files,
        files.open("tiny-imagenet-200/val/images/val_0.JPEG") as file,
    ):
        original = np.asarray(Image.open(file))
    of_first = dataset.x_test[dataset.y_test == sorted(IDS).index(IDS[0])][0]
    assert (of_first == original).all()
    archive.unlink()
    again = _tiny(tmp_path, n_train=5)
    assert (again.x_train == dataset.x_train[:5]).all(), "read from what was prepared"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"train_images": 3}, "train has 3 images of n01443537, not 4"),
        (
            {"annotate": (*IDS[:2], "n99")},
            "validation has (0 images of n04067472, not 1|the label n99, which is not in wnids)",
        ),
    ],
)
def test_archives_of_other_contents_are_refused(tmp_path, monkeypatch, change, message):
    _archive(tmp_path, monkeypatch, **change)
    with pytest.raises(DataError, match=message):
        _tiny(tmp_path)


def test_a_truncated_archive_is_refused(tmp_path, monkeypatch):
    path = _archive(tmp_path, monkeypatch)
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(DataError, match=r"tiny-imagenet-200\.zip: SHA-256 .* truncated or changed"):
        _tiny(tmp_path)


@pytest.mark.parametrize("name", originals.BUILDERS)
def test_without_network_it_is_said_what_to_put_where(tmp_path, monkeypatch, name):
    def unreachable(*args, **kwargs):
        raise OSError("no route to host")

    monkeypatch.setattr(download.urllib.request, "urlopen", unreachable)
    monkeypatch.setattr(download.time, "sleep", lambda seconds: None)
    first = originals.BUILDERS[name].ORIGINALS[0]
    expected = (
        rf"{name} .* is not in .*{first.urls[0]}: OSError: no route to host.*"
        rf"SHA-256 is {first.sha256}, at .*downloads.{first.name}.*TFDS_DATA_DIR"
    )
    with pytest.raises(DataError, match=expected):
        make_dataset(complete("data", {name: {"data_dir": str(tmp_path)}}))


def test_mnist_from_its_archives(tmp_path, monkeypatch):
    rng, folder, of = np.random.default_rng(0), tmp_path / "downloads", {}
    folder.mkdir()
    for split, count in (("train", 30), ("t10k", 12)):
        x, y = rng.integers(0, 256, (count, 28, 28, 1), np.uint8), rng.integers(0, 10, count)
        of[split] = {image.tobytes(): label for image, label in zip(x, y, strict=True)}
        for kind, array in (("images-idx3", x[..., 0]), ("labels-idx1", y.astype(np.uint8))):
            header = struct.pack(f">HBB{array.ndim}I", 0, 8, array.ndim, *array.shape)
            content = gzip.compress(header + array.tobytes())
            (folder / f"{split}-{kind}-ubyte.gz").write_bytes(content)
    _expect(Mnist, folder, monkeypatch)
    dataset = make_dataset(complete("data", {"mnist": {"data_dir": str(tmp_path)}}))
    for split, x, y in (
        ("train", dataset.x_train, dataset.y_train),
        ("t10k", dataset.x_test, dataset.y_test),
    ):
        assert {image.tobytes(): label for image, label in zip(x, y, strict=True)} == of[split]
    broken = folder / "train-images-idx3-ubyte.gz"
    for change, message in (
        (lambda whole: whole[:-1], "holds 23519 bytes, not 23520"),
        (lambda whole: b"PNG." + whole, "is not an IDX file"),
    ):
        whole = gzip.decompress(broken.read_bytes())
        other = tmp_path / f"other-{len(message)}"
        (other / "downloads").mkdir(parents=True)
        for file in folder.glob("*.gz"):
            (other / "downloads" / file.name).write_bytes(file.read_bytes())
        (other / "downloads" / broken.name).write_bytes(gzip.compress(change(whole)))
        _expect(Mnist, other / "downloads", monkeypatch)
        with pytest.raises(DataError, match=message):
            make_dataset(complete("data", {"mnist": {"data_dir": str(other)}}))


def _cifar10_archive(folder, batches, members=None):
    """Write `cifar-10-binary.tar.gz` with batches of `(labels, images)` by name."""
    folder.mkdir(parents=True)
    names = b"".join(b"class%d\n" % label for label in range(10))
    contents = {"batches.meta.txt": names}
    for name, (labels, images) in batches.items():
        planes = images.transpose(0, 3, 1, 2).reshape(len(images), -1)
        contents[name] = np.c_[labels.astype(np.uint8), planes].tobytes()
    with tarfile.open(folder / "cifar-10-binary.tar.gz", "w:gz", compresslevel=1) as archive:
        for name, content in contents.items():
            about = tarfile.TarInfo(f"cifar-10-batches-bin/{name}")
            about.size = len(content)
            archive.addfile(about, io.BytesIO(content))


def test_cifar10_from_its_archive(tmp_path, monkeypatch):
    rng = np.random.default_rng(0)
    names = [name for batches in Cifar10.BATCHES.values() for name in batches]
    batches = {
        name: (rng.integers(0, 10, 4), rng.integers(0, 256, (4, 32, 32, 3), np.uint8))
        for name in names
    }
    _cifar10_archive(tmp_path / "downloads", batches)
    _expect(Cifar10, tmp_path / "downloads", monkeypatch)
    settings = complete("data", {"cifar10": {"data_dir": str(tmp_path)}})
    with pytest.raises(DataError, match="holds 12292 bytes, not 30730000"):
        make_dataset(settings)
    monkeypatch.setattr(Cifar10, "PER_BATCH", 4)
    dataset = make_dataset(settings)
    held = {
        image.tobytes(): label
        for labels, images in batches.values()
        for label, image in zip(labels, images, strict=True)
    }
    assert len(dataset.x_train) == 20
    for x, y in ((dataset.x_train, dataset.y_train), (dataset.x_test, dataset.y_test)):
        assert all(held[image.tobytes()] == label for image, label in zip(x, y, strict=True))
    test_images = {image.tobytes() for image in batches["test_batch.bin"][1]}
    assert {image.tobytes() for image in dataset.x_test} == test_images
    assert dataset.card["class_names"] == [f"class{label}" for label in range(10)]


@pytest.mark.skipif(
    not os.path.isdir(os.path.join(os.environ.get("TFDS_DATA_DIR", ""), "cifar10")),
    reason="needs CIFAR-10 in TFDS_DATA_DIR",
)
def test_what_tfds_prepared_is_what_comes_from_the_archive(tmp_path, monkeypatch):
    """The same rows in the same order, whoever prepared them: the test images, from their ids."""
    settings = complete("data", {"cifar10": {}})
    there = tfds.builder_from_directory(str(prepared_folder("cifar10", settings["cifar10"])))
    rows = there.as_data_source("test", decoders={"image": tfds.decode.SkipDecoding()})
    images, labels = np.empty((10_000, 32, 32, 3), np.uint8), np.empty(10_000, np.uint8)
    order = []
    for row in rows:
        place = int(bytes(row["id"]).decode().removeprefix("test_"))
        images[place], labels[place] = Image.open(io.BytesIO(row["image"])), row["label"]
        order.append(place)
    _cifar10_archive(tmp_path / "downloads", {"test_batch.bin": (labels, images)})
    _expect(Cifar10, tmp_path / "downloads", monkeypatch)
    monkeypatch.setattr(Cifar10, "BATCHES", {"test": ("test_batch.bin",)})
    builder = Cifar10(data_dir=str(tmp_path), file_format="array_record")
    builder.download_and_prepare(download_dir=str(tmp_path / "downloads"))
    again = builder.as_data_source("test", decoders={"image": tfds.decode.SkipDecoding()})
    assert [int(bytes(row["id"]).decode()[5:]) for row in again] == order
    first = Image.open(io.BytesIO(again[0]["image"]))
    assert (np.asarray(first) == images[order[0]]).all()


def test_prepared_files_that_are_broken_are_named(tmp_path, monkeypatch):
    _archive(tmp_path, monkeypatch)
    _tiny(tmp_path)
    with pytest.raises(DataError, match=r"\(train\): 13 images are asked for and there are 12"):
        _tiny(tmp_path, n_train=13)
    (records,) = tmp_path.glob("tiny_imagenet/1.0.0/*train*")
    whole = records.read_bytes()
    records.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(DataError, match=r"1\.0\.0 \(train\): .*(cannot be read|holds)"):
        _tiny(tmp_path)
    records.unlink()
    with pytest.raises(DataError, match=r"1\.0\.0 \(train\): .*No such file"):
        _tiny(tmp_path)


@pytest.mark.skipif(
    "TFDS_DATA_DIR" not in os.environ, reason="needs prepared data sets in TFDS_DATA_DIR"
)
@pytest.mark.parametrize(
    ("name", "shape", "classes"), [("mnist", (28, 28, 1), 10), ("cifar10", (32, 32, 3), 10)]
)
def test_the_real_ones_are_what_they_should_be(name, shape, classes):
    if not (Path(os.environ["TFDS_DATA_DIR"]) / name).is_dir():
        pytest.skip(f"no {name} there")
    dataset = make_dataset(complete("data", {name: {"n_train": 300, "n_test": 200}}))
    assert dataset.x_train.shape == (300, *shape)
    assert (dataset.classes, len(dataset.y_test)) == (classes, 200)
    assert dataset.card["source_sha256"]


def test_noisy_labels_have_the_information_they_should(tmp_path):
    clean = make_dataset(complete("data", {"digits": {}}))
    noisy = make_dataset(complete("data", {"digits": {"keep_label": 0.7}}))
    assert (noisy.x_test == clean.x_test).all()
    assert abs((noisy.y_train == clean.y_train).mean() - 0.7) < 4 * np.sqrt(
        0.21 / len(clean.y_train)
    )
    # The empirical information of the channel, whose bias is about (K - 1)^2 / (2 n).
    y, given = np.r_[noisy.y_train, noisy.y_test], np.r_[clean.y_train, clean.y_test]
    joint = np.histogram2d(y, given, bins=10)[0] / len(y)
    independent = joint.sum(1, keepdims=True) * joint.sum(0)
    information = np.sum(joint * np.log(np.where(joint > 0, joint, 1) / independent))
    assert abs(information - noisy.card["truth"]["mutual_information"]) < 0.07
    exact = np.log(10) + 0.7 * np.log(0.7) + 0.3 * np.log(0.3) - 0.3 * np.log(9)
    assert abs(noisy.card["truth"]["mutual_information"] - exact) < 0.002
    rng = np.random.default_rng(0)
    np.savez(tmp_path / "v.npz", x=rng.standard_normal((50, 2)), y=rng.standard_normal((50, 2)))
    with pytest.raises(DataError, match="keep_label: needs labels"):
        make_dataset(
            complete("data", {"npz": {"path": str(tmp_path / "v.npz"), "keep_label": 0.5}})
        )
