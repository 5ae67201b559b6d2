"""Columns of files that people have: NumPy arrays, CSVs of any kind, Parquet."""

import csv
import gzip
import re
import warnings
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd

from diffinfo.data.inputs import file_and_names
from diffinfo.errors import DataError
from diffinfo.files import read_array_of

KINDS = ".npy, .npz, .csv (.tsv, .csv.gz) or .parquet"
_SAMPLE = 1 << 16  # bytes of a CSV that are looked at
_COMMENT = re.compile(r"#|//|%")


def _is_number(text: str, decimal: str = ".") -> bool:
    try:
        float(text.strip().strip('"').replace(decimal, "."))
    except ValueError:
        return text.strip() == ""
    return True


def _csv_style(path: Path, kind: str) -> dict:
    """What pandas has to be told of a CSV: encoding, preamble, separator, decimal sign, header.

    Warns where the first row looks like data.
    """
    with gzip.open(path) if path.suffix == ".gz" else open(path, "rb") as stream:
        sample = stream.read(_SAMPLE)
    if sample[:2] in (b"\xff\xfe", b"\xfe\xff"):
        encoding = "utf-16"
    else:
        try:
            sample[: sample.rfind(b"\n") + 1].decode("utf-8-sig")
            encoding = "utf-8-sig"
        except UnicodeDecodeError:
            encoding = "latin-1"
    lines = sample.decode(encoding, errors="ignore").splitlines()
    preamble = 0
    while preamble < len(lines) and (
        not lines[preamble].strip() or _COMMENT.match(lines[preamble])
    ):
        preamble += 1
    body = [line for line in lines[preamble : preamble + 50] if line.strip()]
    if not body:
        raise DataError(f"{path}: has no rows")
    body = body[:-1] if len(sample) == _SAMPLE and len(body) > 1 else body
    counts = {sep: [line.count(sep) for line in body] for sep in ("\t", ";", ",", "|")}
    steady = [sep for sep, count in counts.items() if min(count) == max(count) > 0]
    separator = "\t" if kind == ".tsv" else (steady or [","])[0]
    rows = [next(csv.reader([line], delimiter=separator)) for line in body]
    decimal = "."
    if separator in (";", "\t") and any(
        re.fullmatch(r"\s*-?\d+,\d+\s*", c) for r in rows for c in r
    ):
        decimal = ","
    style = {"encoding": encoding, "skiprows": preamble, "sep": separator, "decimal": decimal}
    if all(_is_number(cell, decimal) for cell in rows[0]):
        warnings.warn(
            f"{path}: its first row holds numbers and is taken for data; its columns are called "
            f"0 to {len(rows[0]) - 1}",
            stacklevel=2,
        )
        style |= {"header": None}
    return style


def _read_csv(path: Path, kind: str) -> pd.DataFrame:
    style = _csv_style(path, kind) | {"skipinitialspace": True, "low_memory": False}
    with warnings.catch_warnings():
        warnings.simplefilter("error", pd.errors.ParserWarning)
        try:
            table = pd.read_csv(path, **style, index_col=False)
        except pd.errors.ParserWarning as error:
            raise DataError(f"{path}: its rows have more fields than its header") from error
    return table.rename(columns=lambda name: str(name).strip())


def read_columns(text: str) -> np.ndarray | pd.DataFrame:
    """The array, or the columns of the table, that `FILE[:NAMES]` means.

    NAMES is one array of an .npz, or columns separated by commas, quoted where they have commas
    themselves.

    Raises: DataError naming the file and the name that is not there.
    """
    path, names = file_and_names(text)
    if not path.is_file():
        raise DataError(f"{path}: no such file")
    kind = Path(path.name.removesuffix(".gz")).suffix.lower()
    if kind == ".npz":
        return read_array_of(path, names)
    if names and kind == ".npy":
        raise DataError(f"{text}: an .npy file has no names; give the file alone")
    readers = {".npy": partial(np.load, allow_pickle=False)}
    readers |= {suffix: partial(_read_csv, kind=suffix) for suffix in (".csv", ".tsv")}
    readers |= dict.fromkeys((".parquet", ".pq"), pd.read_parquet)
    if kind not in readers or (path.suffix == ".gz" and kind not in (".csv", ".tsv")):
        raise DataError(f"{path}: unknown kind {kind or '(no suffix)'}; use {KINDS}")
    try:
        table = readers[kind](path)
    except DataError:
        raise
    except Exception as error:
        raise DataError(
            f"{path}: cannot be read ({error}); the file is truncated or of another format"
        ) from error
    if kind == ".npy":
        return table
    table.columns = [str(name) for name in table.columns]
    chosen = list(table.columns)
    if names:
        chosen = [names] if names in chosen else next(csv.reader([names]))
    for name in chosen:
        if name not in table.columns:
            shown = list(table.columns[:12])
            more = f" and {len(table.columns) - 12} more" if len(table.columns) > 12 else ""
            raise DataError(f"{path}: has no column {name!r}; it has {', '.join(shown)}{more}")
    return table[chosen]
