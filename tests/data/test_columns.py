"""What users bring becomes columns or labels, or is refused by array, row and column."""

from decimal import Decimal

import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from diffinfo.data.columns import as_columns, as_labels, distinct, opened, without_missing
from diffinfo.errors import DataError

VALUES = np.array([[1.0, 2.0], [3.0, 5.0], [4.0, 0.0]])


@pytest.mark.parametrize(
    "given",
    [
        VALUES.tolist(),
        VALUES.astype(np.float32),
        VALUES.astype(complex),
        VALUES.astype(object),
        np.ma.masked_array(VALUES, mask=False),
        sparse.csr_matrix(VALUES),
        sparse.coo_array(VALUES),
        pd.DataFrame(VALUES, columns=["a", "b"]),
        pd.DataFrame(VALUES).astype("Float64"),
        np.array([[Decimal(str(v)) for v in row] for row in VALUES]),
        pd.DataFrame({"a": [1, 3, 4], "b": [Decimal(2), Decimal(5), Decimal(0)]}),
    ],
    ids=lambda given: type(given).__name__,
)
def test_numbers_in_any_wrapping(given):
    (side, _), kept = without_missing([opened(given, "x"), opened([1, 2, 3], "y")], "error")
    np.testing.assert_array_equal(as_columns(side), VALUES)
    assert kept.all()


def test_dates_are_numbers():
    dates = pd.to_datetime(["2020-01-01", "2020-01-02", "2021-01-01"])
    for given in (dates.to_numpy(), pd.Series(dates), pd.Series(dates - dates[0])):
        (column,) = as_columns(opened(given, "x")).T
        np.testing.assert_allclose(column - column[0], [0, 86400, 366 * 86400])


@pytest.mark.parametrize(
    ("given", "where"),
    [
        (np.array([[1, 2], [3, np.nan], [4, 5]]), "row 1, column 1"),
        (np.ma.masked_array(VALUES, mask=[[0, 0], [1, 0], [0, 0]]), "row 1, column 0"),
        (pd.DataFrame({"a": [1, 2, 3], "b": [1.0, None, 2.0]}), "row 1, column 'b'"),
        (pd.Series([1, None, 3], dtype="Int64"), "row 1"),
        (pd.Series(["u", None, "w"]), "row 1"),
        (np.array(["u", None, "w"], object), "row 1"),
        (np.array(["u", np.nan, "w"], object), "row 1"),
        (np.array(["2020-01-01", "NaT", "2020-01-03"], "datetime64[D]"), "row 1"),
        (np.array([1 + 2j, np.nan, 3]), "row 1"),
    ],
)
def test_missing_values_are_named_or_dropped(given, where):
    sides = [opened(given, "x"), opened([7.0, 8.0, 9.0], "y")]
    with pytest.raises(DataError, match=rf"^x: no value in {where} \(1 in all\).*drop"):
        without_missing(sides, "error")
    (x, y), kept = without_missing(sides, "drop")
    assert kept.tolist() == [True, False, True]
    assert len(x) == 2
    assert y.array.tolist() == [7, 9], "rows stay pairs"


def test_nothing_left_is_an_error():
    with pytest.raises(DataError, match="every row of x and y lacks a value"):
        without_missing([opened([np.nan, 1.0], "x"), opened([1.0, np.nan], "y")], "drop")


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ([[1, 2], [3]], "x: rows differ in length"),
        (3.0, r"got \(\)"),
        (np.zeros((4, 0)), r"got \(4, 0\)"),
        (np.zeros((4, 8, 8)), "of images, rows are examples"),
        (np.zeros(3, [("a", float), ("b", float)]), r"has fields \('a', 'b'\)"),
        ([[1, "b"], [2, "c"]], "not numbers but text, such as '1'"),
        (pd.DataFrame({"a": [1, 2], "b": ["u", "v"]}), "'u' in row 0, column 'b' is not a number"),
        (np.array([1j, 2, 3]), "1j in row 0, column 0 is not real"),
        ([1.0, np.inf, 2.0], "inf in row 1, column 0"),
        (pd.DataFrame({"a": [1, 2], "b": [3, 3]}), "column 'b' is constant"),
    ],
)
def test_what_is_no_column_of_numbers_is_named(given, message):
    with pytest.raises(DataError, match=message):
        as_columns(opened(given, "x"))


def test_a_huge_sparse_matrix_is_not_written_out():
    with pytest.raises(DataError, match="too large to be written out"):
        opened(sparse.csr_matrix((10**6, 10**6)), "x")


@pytest.mark.parametrize(
    ("given", "classes"),
    [
        (["a", "b"] * 20, 2),
        (pd.Series(["a", "b"] * 20, dtype="category"), 2),
        (np.array([True, False] * 20), 2),
        (np.array([0, 1] * 20, object), 2),
        (np.array([[0], [1]] * 20), 2),
        (["a", "b", "c", "d"] * 10, 4),
        ([0.5, 1.5] * 20, 2),
        (np.array([Decimal("0.5"), Decimal("1.5")] * 20), 2),
        ([0.1 * i for i in range(40)], None),
        (list(range(40)), None),
    ],
)
def test_labels_or_numbers(given, classes):
    labels = as_labels(opened(given, "y"), "auto", 8)
    assert (None if labels is None else labels.max() + 1) == classes


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ([f"gene {i}" for i in range(300)] * 8, "300 different labels, such as 'gene 0'"),
        (["a"] * 40, "only one label, 'a'"),
        (["a"] * 37 + ["b"] * 3, "the label 'b' has 3 rows, and needs 8"),
    ],
)
def test_labels_that_cannot_be_used_are_named(given, message):
    with pytest.raises(DataError, match=message):
        as_labels(opened(given, "y"), "auto", 8)


def _distinct(x, y):
    sides = [opened(x, "x"), opened(y, "y")]
    return distinct(sides, {side.name: as_columns(side) for side in sides})


def test_columns_that_order_rows_alike_are_one():
    rng = np.random.default_rng(0)
    a, b, y = rng.standard_normal((3, 50))
    given = np.stack([a, np.exp(a), b, -(b**3), a + 1e-3 * b], axis=1)
    kept = _distinct(given, y)
    np.testing.assert_array_equal(kept["x"], given[:, [0, 2, 4]])
    assert kept["y"].shape == (50, 1)


def test_a_column_on_both_sides_is_refused():
    rng = np.random.default_rng(0)
    x = pd.DataFrame(rng.standard_normal((50, 2)), columns=["age", "height"])
    y = pd.DataFrame({"weight": rng.standard_normal(50), "inches": -np.expm1(x["height"])})
    message = "x, column 'height' and y, column 'inches' order the rows alike.* infinite"
    with pytest.raises(DataError, match=message):
        _distinct(x, y)
    counts = rng.integers(0, 9, 50)
    assert _distinct(counts, 2 * counts)["x"].shape == (50, 1), "ties: H(X) is finite"
