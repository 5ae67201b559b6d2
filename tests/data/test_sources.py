import numpy as np
import pytest
from PIL import Image

from diffinfo.config import complete
from diffinfo.data.dataset import card_path, load_dataset, save_dataset
from diffinfo.data.sources import make_dataset, split_rows
from diffinfo.errors import DataError
from diffinfo.files import read_json, write_json


def _digits():
    return make_dataset(complete("data", {"digits": {}}))


def test_digits_are_images_with_a_fixed_stratified_split(tmp_path):
    one, two = _digits(), _digits()
    assert one.x_train.dtype == np.uint8
    assert one.x_train.shape[1:] == (8, 8, 1)
    assert len(one.x_train) + len(one.x_test) == 1797
    assert one.x_train.max() == 255
    assert (one.y_test == two.y_test).all()
    assert (one.x_test == two.x_test).all()
    counts = np.bincount(one.y_test) / np.bincount(np.concatenate([one.y_train, one.y_test]))
    np.testing.assert_allclose(counts, 0.25, atol=0.01)
    save_dataset(tmp_path / "a.npz", one)
    save_dataset(tmp_path / "b.npz", two)
    assert (tmp_path / "a.npz").read_bytes() == (tmp_path / "b.npz").read_bytes()
    loaded = load_dataset(tmp_path / "a.npz")
    assert (loaded.x_train == one.x_train).all()
    assert loaded.classes == 10
    assert sum(loaded.card["labels_train"]) == loaded.card["n_train"]


def test_gaussian_card_carries_the_truth(tiny_gaussian):
    assert tiny_gaussian.card["truth"]["mutual_information"] > 0
    assert tiny_gaussian.classes is None


def test_a_folder_of_class_folders(tmp_path):
    rng = np.random.default_rng(0)
    for name in ("cats", "dogs"):
        (tmp_path / name).mkdir()
        for i in range(10):
            Image.fromarray(rng.integers(0, 255, (12, 10, 3), dtype=np.uint8)).save(
                tmp_path / name / f"{i}.png"
            )
    dataset = make_dataset(
        complete("data", {"folder": {"path": str(tmp_path), "size": 8, "grey": True}})
    )
    assert dataset.x_train.shape == (16, 8, 8, 1)
    assert dataset.card["class_names"] == ["cats", "dogs"]
    assert (np.bincount(dataset.y_test) == 2).all()
    Image.fromarray(np.zeros((5, 5, 3), np.uint8)).save(tmp_path / "dogs" / "odd.png")
    with pytest.raises(DataError, match=r"odd\.png.*data\.folder\.size"):
        make_dataset(complete("data", {"folder": {"path": str(tmp_path)}}))
    (tmp_path / "dogs" / "odd.png").write_bytes(b"not an image")
    with pytest.raises(DataError, match=r"odd\.png: not a readable image"):
        make_dataset(complete("data", {"folder": {"path": str(tmp_path)}}))


def test_own_arrays_are_standardised_and_labels_renumbered(tmp_path):
    rng = np.random.default_rng(0)
    np.savez(
        tmp_path / "p.npz", x=1e4 + 100 * rng.standard_normal((100, 2)), y=rng.standard_normal(100)
    )
    dataset = make_dataset(complete("data", {"npz": {"path": str(tmp_path / "p.npz")}}))
    np.testing.assert_allclose(dataset.x_train.mean(0), 0, atol=1e-4)
    np.testing.assert_allclose(dataset.x_train.std(0), 1, atol=1e-4)
    assert dataset.y_train.shape == (80, 1)
    np.savez(
        tmp_path / "l.npz",
        x=rng.integers(0, 255, (60, 4, 4), dtype=np.uint8),
        y=np.repeat([7, 3, 100], 20),
    )
    dataset = make_dataset(complete("data", {"npz": {"path": str(tmp_path / "l.npz")}}))
    assert dataset.x_train.shape[1:] == (4, 4, 1)
    assert dataset.card["class_names"] == ["3", "7", "100"]


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"x": np.zeros((5, 2))}, "needs arrays named x and y"),
        ({"x": np.zeros((5, 2)), "y": np.zeros(4)}, "5 rows of x but 4 of y"),
        ({"x": np.zeros((5, 2, 2)), "y": np.zeros(5)}, "looks like images"),
        ({"x": np.zeros((5, 4, 4, 2), np.uint8), "y": np.zeros(5, int)}, "images must be uint8"),
        (
            {"x": np.array([[0.0], [1.0], [np.nan], [2.0]]), "y": np.zeros(4)},
            "x has NaN or infinite values, first in row 2",
        ),
        ({"x": np.ones((10, 2)), "y": np.arange(10.0)}, "column 0 of x is constant"),
        ({"x": np.ones((3, 2)), "y": np.array([0, 1, 1])}, "cannot be split"),
    ],
)
def test_bad_arrays_are_named(tmp_path, arrays, message):
    np.savez(tmp_path / "bad.npz", **arrays)
    with pytest.raises(DataError, match=message):
        make_dataset(complete("data", {"npz": {"path": str(tmp_path / "bad.npz")}}))


def test_damaged_files_are_named(tmp_path, tiny_gaussian):
    path = tmp_path / "data.npz"
    with pytest.raises(DataError, match="no such file"):
        load_dataset(path)
    save_dataset(path, tiny_gaussian)
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(DataError, match=r"data\.npz.*truncated"):
        load_dataset(path)
    path.write_bytes(whole)
    write_json(card_path(path), read_json(card_path(path)) | {"sha256": "0" * 64})
    with pytest.raises(DataError, match="checksum"):
        load_dataset(path)


def test_splits_never_overlap():
    train, test = split_rows(np.arange(100.0)[:, None], 0.3, seed=1)
    assert len(test) == 30
    assert not set(train) & set(test)
