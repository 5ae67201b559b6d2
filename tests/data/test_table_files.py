"""Files as they come: separators, encodings, preambles, headers, names with commas and colons."""

import gzip

import numpy as np
import pandas as pd
import pytest

from diffinfo.data.table_files import read_columns
from diffinfo.errors import DataError

VALUES = np.array([[1.5, 2.0], [-3.0, 4.25], [5.0, 6.0]])


def _written(path, text, encoding="utf-8"):
    path.write_bytes(text.encode(encoding))
    return str(path)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("plain.csv", "a,b\n1.5,2\n-3,4.25\n5,6\n"),
        ("windows.csv", "a,b\r\n1.5,2\r\n-3,4.25\r\n5,6\r\n"),
        ("semicolon.csv", "a;b\n1.5;2\n-3;4.25\n5;6\n"),
        ("european.csv", "a;b\n1,5;2\n-3;4,25\n5;6\n"),
        ("tabs.csv", "a\tb\n1.5\t2\n-3\t4.25\n5\t6\n"),
        ("tabs.tsv", "a\tb\n1.5\t2\n-3\t4.25\n5\t6\n"),
        ("preamble.csv", "# measured on Monday, by us\n#\na,b\n1.5,2\n-3,4.25\n5,6\n"),
        ("spaces.csv", "a, b\n1.5, 2\n-3, 4.25\n5, 6\n"),
        ("UPPER.CSV", "a,b\n1.5,2\n-3,4.25\n5,6\n"),
    ],
)
def test_csvs_of_any_style(tmp_path, recwarn, name, text):
    table = read_columns(_written(tmp_path / name, text))
    np.testing.assert_array_equal(table, VALUES)
    assert list(table.columns) == ["a", "b"]
    assert not recwarn.list


@pytest.mark.parametrize("encoding", ["utf-8-sig", "latin-1", "utf-16"])
def test_encodings(tmp_path, encoding):
    path = _written(tmp_path / "t.csv", "größe,b\n1.5,2\n-3,4.25\n5,6\n", encoding)
    np.testing.assert_array_equal(read_columns(f"{path}:größe"), VALUES[:, :1])


def test_a_compressed_csv(tmp_path):
    with gzip.open(tmp_path / "t.csv.gz", "wt") as stream:
        stream.write("a,b\n1.5,2\n-3,4.25\n5,6\n")
    np.testing.assert_array_equal(read_columns(str(tmp_path / "t.csv.gz")), VALUES)
    (tmp_path / "x.npy.gz").write_bytes(b"")
    with pytest.raises(DataError, match="unknown kind"):
        read_columns(str(tmp_path / "x.npy.gz"))


def test_without_a_header_no_row_is_lost_and_it_is_said(tmp_path):
    path = _written(tmp_path / "t.csv", "1.5,2\n-3,4.25\n5,6\n")
    with pytest.warns(UserWarning, match="its first row holds numbers and is taken for data"):
        table = read_columns(f"{path}:0,1")
    np.testing.assert_array_equal(table, VALUES)


def test_names_with_commas_and_colons(tmp_path):
    table = pd.DataFrame(VALUES, columns=["a,b", "c:d"])
    path = tmp_path / "odd:name.csv"
    table.to_csv(path, index=False)
    for names, columns in (("c:d", [1]), ("a,b", [0]), ('c:d,"a,b"', [1, 0])):
        np.testing.assert_array_equal(read_columns(f"{path}:{names}"), VALUES[:, columns])
    np.testing.assert_array_equal(read_columns(str(path)), VALUES)


def test_one_array_of_many(tmp_path):
    np.savez(tmp_path / "a.npz", x=VALUES, words=np.array([{"a": 1}], object))
    np.testing.assert_array_equal(read_columns(f"{tmp_path}/a.npz:x"), VALUES)
    with pytest.raises(DataError, match="holds Python objects"):
        read_columns(f"{tmp_path}/a.npz:words")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "has no rows"),
        ("# only\n# comments\n", "has no rows"),
        ("a,a\n1,2\n", "has no column 'q'; it has a, a.1"),
        ("a,b\n1,2,3\n4,5,6\n", "its rows have more fields than its header"),
        ("a,b\n1,2\n3,4,5\n", "cannot be read"),
    ],
)
def test_csvs_that_cannot_be_used_are_named(tmp_path, text, message):
    path = _written(tmp_path / "t.csv", text)
    with pytest.raises(DataError, match=rf"t\.csv: ({message})"):
        read_columns(f"{path}:q")
