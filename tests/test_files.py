import zipfile

import numpy as np
import pytest

from diffinfo.errors import DataError
from diffinfo.files import (
    map_arrays,
    read_array_of,
    read_arrays,
    read_json,
    sha256,
    write_arrays,
    write_atomic,
    write_json,
)


def test_a_failed_write_leaves_the_old_file_and_no_litter(tmp_path):
    path = tmp_path / "out.json"
    write_json(path, {"a": 1})

    def full_disk(stream):
        stream.write(b"half")
        raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="No space left"):
        write_atomic(path, full_disk)
    assert read_json(path) == {"a": 1}
    assert [p.name for p in tmp_path.iterdir()] == ["out.json"]


def test_arrays_come_back_and_bytes_depend_on_them_only(tmp_path):
    arrays = {"x": np.arange(6, dtype=np.uint8).reshape(2, 3), "y": np.linspace(0, 1, 5)}
    write_arrays(tmp_path / "a.npz", arrays)
    write_arrays(tmp_path / "b.npz", dict(reversed(arrays.items())))
    assert sha256(tmp_path / "a.npz") == sha256(tmp_path / "b.npz")
    again = read_arrays(tmp_path / "a.npz")
    for name, array in arrays.items():
        np.testing.assert_array_equal(again[name], array)


def test_arrays_are_mapped_where_they_lie(tmp_path):
    path = tmp_path / "a.npz"
    arrays = {
        "images": np.arange(12, dtype=np.uint8).reshape(2, 3, 2),
        "columns": np.asfortranarray(np.random.default_rng(0).standard_normal((3, 2))),
        "labels": np.arange(5, dtype=np.int32),
    }
    write_arrays(path, arrays, compressed=False)
    mapped = map_arrays(path)
    assert mapped.keys() == arrays.keys()
    for name, array in read_arrays(path).items():
        np.testing.assert_array_equal(mapped[name], array, strict=True)
        assert not mapped[name].flags.writeable
        assert not mapped[name].flags.owndata
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(DataError, match=r"a\.npz: cannot be read as \.npz .*truncated"):
        map_arrays(path)
    write_arrays(path, arrays)
    with pytest.raises(DataError, match=r"columns\.npy is compressed"):
        map_arrays(path)
    np.savez(path, x=np.array([{"a": 1}], dtype=object))
    with pytest.raises(DataError, match="holds objects"):
        map_arrays(path)


def test_pickles_and_nan_are_refused(tmp_path):
    np.savez(tmp_path / "p.npz", x=np.array([{"a": 1}], dtype=object))
    with pytest.raises(DataError, match=r"p\.npz"):
        read_arrays(tmp_path / "p.npz")
    with pytest.raises(ValueError, match="JSON compliant"):
        write_json(tmp_path / "n.json", {"value": float("nan")})
    assert not (tmp_path / "n.json").exists()


def test_broken_json_is_named(tmp_path):
    (tmp_path / "card.json").write_text("{")
    with pytest.raises(DataError, match=r"card\.json: not valid JSON"):
        read_json(tmp_path / "card.json")


def _npz_that_claims(path, shape, body=b"123"):
    """An archive of one array whose header is not of its own making."""
    header = f"{{'descr': '<f8', 'fortran_order': False, 'shape': {shape}, }}".encode()
    header += b" " * (-(11 + len(header)) % 64) + b"\n"
    magic = b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little")
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("x.npy", magic + header + body)


@pytest.mark.parametrize("read", [read_arrays, read_array_of])
def test_an_array_is_as_large_as_it_claims_or_the_file_is_refused(tmp_path, read, monkeypatch):
    _npz_that_claims(tmp_path / "huge.npz", (10**13, 3))
    with pytest.raises(DataError, match="not as large as the"):
        read(tmp_path / "huge.npz")
    np.savez_compressed(tmp_path / "bomb.npz", x=np.zeros(2**20))
    monkeypatch.setattr("os.sysconf", lambda name: 2**10)
    with pytest.raises(DataError, match=r"unpacked it takes 0\.00781 GiB"):
        read(tmp_path / "bomb.npz")


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda path: path.write_bytes(b"hello"), "not a zip file"),
        (lambda path: np.save(path.open("wb"), np.ones(3)), "it is a .npy, one array"),
    ],
)
def test_files_of_other_kinds_are_named(tmp_path, make, message):
    make(tmp_path / "mine.npz")
    with pytest.raises(DataError, match=message):
        read_arrays(tmp_path / "mine.npz")
