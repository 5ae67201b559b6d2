"""Image files and arrays as users have them: what each becomes, or what to do about it."""

import numpy as np
import pytest
from PIL import Image

from diffinfo.config import complete
from diffinfo.data.sources import make_dataset
from diffinfo.errors import DataError


@pytest.fixture
def photos(tmp_path):
    """Two classes of five grey pictures of 4 rows and 6 columns, and their pixels by name."""
    rng, pixels = np.random.default_rng(0), {}
    for label in ("cat", "dog"):
        (tmp_path / "photos" / label).mkdir(parents=True)
        for i in range(5):
            name = f"{label}/{i}.png"
            pixels[name] = rng.integers(0, 256, (4, 6), np.uint8)
            Image.fromarray(pixels[name]).save(tmp_path / "photos" / name)
    return tmp_path / "photos", pixels


def _images(root, **options):
    """All images of a folder `(N, H, W)`, by their bytes."""
    settings = {"path": str(root), "grey": True, "test_fraction": 0.4} | options
    made = make_dataset(complete("data", {"folder": settings}))
    return {image.tobytes() for image in np.concatenate([made.x_train, made.x_test])}


def _bytes(pixels):
    return {array.tobytes() for array in pixels.values()}


def _rewritten(root, name, pixels, **how):
    """The same picture in another form."""
    (root / name).unlink()
    path = (root / name).with_suffix(how.pop("suffix", ".png"))
    Image.fromarray(pixels[name]).save(path, **how)
    return path


@pytest.mark.parametrize("suffix", [".PNG", ".webp", ".bmp", ".tif", ".TIFF", ".gif"])
def test_kinds_of_files(photos, suffix):
    root, pixels = photos
    _rewritten(
        root, "cat/1.png", pixels, suffix=suffix, **({"lossless": True} if "w" in suffix else {})
    )
    assert _images(root) == _bytes(pixels)


def test_sixteen_bits_become_eight(photos):
    root, pixels = photos
    Image.fromarray(pixels["dog/2.png"].astype(np.uint16) * 257).save(root / "dog" / "2.png")
    assert _images(root) == _bytes(pixels)


def test_pictures_are_turned_as_they_are_meant_to_be_seen(photos):
    root, pixels = photos
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned clockwise by 90 degrees
    turned = Image.fromarray(np.rot90(pixels["dog/2.png"]))
    turned.save(root / "dog" / "2.png", exif=exif)
    assert _images(root) == _bytes(pixels)


def test_what_archives_leave_behind_is_no_image(photos):
    root, pixels = photos
    for name in (
        "cat/._0.png",
        "cat/.DS_Store",
        "cat/notes.txt",
        "__MACOSX/cat/._0.png",
        ".git/a.png",
    ):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(b"\x00\x05\x16\x07")
    assert _images(root) == _bytes(pixels)


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (
            lambda root: (root / "cat" / "0.png").rename(root / "cat" / "0.heic"),
            r"0\.heic: .*convert it",
        ),
        (
            lambda root: (root / "cat" / "0.png").write_bytes(b""),
            r"cat/0\.png: not a readable image",
        ),
        (
            lambda root: (root / "cat" / "0.png").write_bytes(
                (root / "cat" / "0.png").read_bytes()[:50]
            ),
            r"cat/0\.png: not a readable image",
        ),
        (
            lambda root: Image.fromarray(np.zeros((4, 6), np.float32)).save(root / "cat" / "0.tif"),
            r"cat/0\.tif: has 32 bits per pixel",
        ),
        (
            lambda root: [(root / "dog" / f"{i}.png").unlink() for i in range(1, 5)],
            "class dog: 1 rows cannot be split",
        ),
        (
            lambda root: [
                (root / "deep").mkdir(),
                (root / "cat").rename(root / "deep" / "cat"),
            ],
            r"deep/cat/0\.png: lies in a deeper folder.*is it .*photos/deep\?",
        ),
    ],
)
def test_pictures_that_cannot_be_used_are_named(photos, spoil, message):
    root, _ = photos
    spoil(root)
    with pytest.raises(DataError, match=message):
        _images(root)


def test_animated_and_huge_pictures_are_refused(photos, monkeypatch):
    root, _ = photos
    frames = [Image.fromarray(np.full((4, 6), value, np.uint8)) for value in (0, 255)]
    frames[0].save(root / "cat" / "0.gif", save_all=True, append_images=frames[1:])
    with pytest.raises(DataError, match=r"0\.gif: has 2 frames"):
        _images(root)
    (root / "cat" / "0.gif").unlink()
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 5)
    with pytest.raises(DataError, match=r"cat/0\.png: not a readable image .*bomb"):
        _images(root)


def test_a_folder_and_an_npz_of_the_same_pictures_are_the_same_data(photos, tmp_path):
    root, pixels = photos
    np.savez(
        tmp_path / "photos.npz",
        x=np.stack([pixels[name] for name in sorted(pixels)]),
        y=[name[:3] for name in sorted(pixels)],
    )
    options = {"test_fraction": 0.4}
    one = make_dataset(complete("data", {"folder": options | {"path": str(root), "grey": True}}))
    other = make_dataset(
        complete("data", {"npz": options | {"path": str(tmp_path / "photos.npz")}})
    )
    for name in ("x_train", "x_test", "y_train", "y_test"):
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name), strict=True)
    assert one.card["class_names"] == other.card["class_names"] == ["cat", "dog"]


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"images": np.zeros(3), "labels": np.zeros(3)}, r"it holds images, labels: .*np\.savez"),
        ({"x": np.zeros((9, 3, 8, 8), np.uint8)}, r"looks like \(N, C, H, W\); .*transpose"),
        ({"x": np.zeros((9, 3, 8, 3), np.uint8)}, r"looks like \(N, C, H, W\)"),
        ({"x": np.full((9, 8, 8), 0.5)}, r"looks like images.*save \(255 \* x\)\.round\(\)"),
        ({"x": np.full((9, 8, 8), 99.5)}, r"looks like images.*save \(x\)\.round\(\)"),
        ({"x": np.full((9, 8, 8, 3), 7, np.int64)}, r"save \(x\)\.round\(\)\.astype\(np\.uint8\)"),
        ({"x": np.zeros((9, 0))}, r"x is empty, of shape \(9, 0\)"),
        ({"x": np.full((9, 2), "1.5")}, "x must be numbers, and its type is <U3"),
        ({"x": np.full((9, 2), 1j)}, "x must be numbers, and its type is complex128"),
        (
            {"y": np.eye(3)[np.arange(9) % 3]},
            r"y is one-hot; save the labels themselves, y\.argmax",
        ),
        ({"y": np.full((9, 2), "a")}, "labels y must be one column"),
        ({"y": np.array(["2020-01-01"] * 9, "datetime64[D]")}, "y must be numbers or labels"),
        ({"x": np.array([{}] * 9, object)}, "holds Python objects, which are never loaded"),
    ],
)
def test_arrays_that_cannot_be_used_are_named(tmp_path, arrays, message):
    whole = (
        arrays
        if "images" in arrays
        else {"x": np.arange(18.0).reshape(9, 2), "y": np.arange(9) % 3}
    )
    np.savez(tmp_path / "own.npz", **(whole | arrays))
    with pytest.raises(DataError, match=message):
        make_dataset(complete("data", {"npz": {"path": str(tmp_path / "own.npz")}}))


def test_labels_may_be_text_or_bytes(tmp_path):
    for y in (np.array(["b", "a"] * 10), np.array([b"b", b"a"] * 10), np.array([True, False] * 10)):
        np.savez(tmp_path / "own.npz", x=np.random.default_rng(0).standard_normal((20, 2)), y=y)
        made = make_dataset(complete("data", {"npz": {"path": str(tmp_path / "own.npz")}}))
        assert made.classes == 2
        assert set(made.y_train) == {0, 1}
