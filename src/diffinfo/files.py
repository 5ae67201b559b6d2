"""Files are either whole or absent.

Every output goes to a temporary file in the same folder, is flushed to the disk and then renamed,
so that a reader (or a resumed run) never meets half a file; a full disk raises before the old file
is touched.
"""

import glob
import hashlib
import io
import json
import math
import os
import re
import struct
import warnings
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any, BinaryIO

import numpy as np

from diffinfo.errors import DataError

_LONGEST_HEADER = 1 << 16  # bytes; an array's says its shape and type, and NumPy takes 10,000


def write_atomic(path: str | Path, write: Callable[[BinaryIO], Any]) -> None:
    """Create `path` from what `write(stream)` writes, atomically; what a killed process has left
    unfinished of it is removed.

    Raises: OSError naming `path`, for example if the disk is full; a previous `path` is then still
    intact.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    for abandoned in path.parent.glob(f".{glob.escape(path.name)}.*.tmp"):
        with suppress(OSError, ImportError), open(abandoned, "ab") as stream:
            lock(stream)
            abandoned.unlink()
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with open(temporary, "wb") as stream:
            with suppress(OSError, ImportError):
                lock(stream)
            write(stream)
            stream.flush()
            os.fsync(stream.fileno())
            os.replace(temporary, path)
    except BaseException as error:
        with suppress(OSError):
            temporary.unlink()
        if isinstance(error, OSError) and error.errno:
            raise OSError(error.errno, error.strerror, str(path)) from error
        raise


def lock(stream: IO) -> None:
    """Lock a file until it is closed or its process dies.

    Raises: BlockingIOError if another process has it; OSError where files have no locks;
    ImportError on Windows.
    """
    import fcntl

    fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)


def write_bytes(path: str | Path, content: bytes) -> None:
    """Create `path` with these bytes, atomically."""
    write_atomic(path, lambda stream: stream.write(content))


def write_json(path: str | Path, value: Any) -> None:
    """Write indented JSON with sorted keys, so that equal values give equal bytes.

    Raises: ValueError for NaN and infinity, which JSON cannot hold.
    """
    text = json.dumps(value, indent=2, sort_keys=True, allow_nan=False)
    write_bytes(path, (text + "\n").encode())


def write_table(path: str | Path, frame) -> None:
    """Write a pandas frame as CSV, with enough digits to give back the same float64."""
    write_bytes(path, frame.to_csv(index=False, lineterminator="\n").encode())


def write_arrays(
    path: str | Path, arrays: Mapping[str, np.ndarray], *, compressed: bool = True
) -> None:
    """Write an `.npz` whose bytes depend on the arrays only (no time stamps).

    compressed: for `read_arrays`; uncompressed arrays can also be mapped, by `map_arrays`.
    """
    method = zipfile.ZIP_DEFLATED if compressed else zipfile.ZIP_STORED

    def write(stream: BinaryIO) -> None:
        with zipfile.ZipFile(stream, "w", method) as archive:
            for name, array in sorted(arrays.items()):
                entry = zipfile.ZipInfo(f"{name}.npy", date_time=(1980, 1, 1, 0, 0, 0))
                entry.compress_type = method
                with archive.open(entry, "w", force_zip64=True) as member:
                    np.lib.format.write_array(
                        member, np.ascontiguousarray(array), allow_pickle=False
                    )

    write_atomic(path, write)


def read_arrays(path: str | Path) -> dict[str, np.ndarray]:
    """Read every array of an `.npz`.

    Raises: DataError, naming the file, if it is missing or truncated, is not an archive, or holds
    pickled objects.
    """
    with _reading(path), _checked_archive(path) as archive:
        return {name: archive[name] for name in archive.files}


def read_array_of(path: str | Path, name: str = "") -> np.ndarray:
    """Read one array of an `.npz`: the one of that name, or the only one.

    Raises: DataError, naming the file, as `read_arrays`, or where there is no such array.
    """
    with _reading(path), _checked_archive(path) as archive:
        held = sorted(archive.files)
        if name in held or (not name and len(held) == 1):
            return archive[name or held[0]]
    if not name:
        raise DataError(f"{path}: holds {', '.join(held) or 'nothing'}; say which as {path}:NAME")
    raise DataError(f"{path}: has no array {name!r}; it holds {', '.join(held)}")


def map_arrays(path: str | Path) -> dict[str, np.ndarray]:
    """Map every array of an uncompressed `.npz` into memory, read-only: jobs share its pages.

    Raises: DataError, naming the file, if it is missing, truncated, compressed or not an archive.
    """
    arrays = {}
    with _reading(path), open(path, "rb") as stream, zipfile.ZipFile(stream) as archive:
        for entry in archive.infolist():
            if entry.compress_type != zipfile.ZIP_STORED:
                raise ValueError(f"{entry.filename} is compressed, and cannot be mapped")
            shape, fortran, dtype, header = _header(archive, entry)
            if dtype.hasobject:
                raise ValueError(f"{entry.filename} holds objects, not numbers")
            # Before an entry's bytes stand 30 of a local header, its name and its extra field.
            stream.seek(entry.header_offset + 26)
            beside = sum(struct.unpack("<HH", stream.read(4)))
            begin = entry.header_offset + 30 + beside + header
            if begin + math.prod(shape) * dtype.itemsize > os.fstat(stream.fileno()).st_size:
                raise ValueError(f"{entry.filename} is cut off")
            order = "F" if fortran else "C"
            name = entry.filename.removesuffix(".npy")
            arrays[name] = np.memmap(stream, dtype, "r", begin, shape, order).view(np.ndarray)
    return arrays


def _header(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> tuple:
    """Shape, whether in Fortran order, type and bytes of the header of an array in an `.npz`."""
    with archive.open(entry) as member:
        begin = io.BytesIO(member.read(_LONGEST_HEADER))
    version = np.lib.format.read_magic(begin)
    read = getattr(np.lib.format, f"read_array_header_{version[0]}_{version[1]}")
    return *read(begin), begin.tell()


def _checked_archive(path: str | Path) -> np.lib.npyio.NpzFile:
    """The opened `.npz`, after a look at whether its arrays are what they say and fit in memory."""
    with open(path, "rb") as stream:
        if stream.read(6) == b"\x93NUMPY":
            raise ValueError("it is a .npy, one array; write it with np.savez(file, x=..., y=...)")
    needed = 0
    with zipfile.ZipFile(path) as archive:
        for entry in archive.infolist():
            shape, _, dtype, header = _header(archive, entry)
            size = math.prod(shape) * dtype.itemsize
            if not dtype.hasobject and size + header != entry.file_size:
                raise ValueError(f"{entry.filename} is not as large as the {shape} that it claims")
            needed += size
    there = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    if needed > there:
        raise DataError(
            f"{path}: unpacked it takes {needed / 2**30:.3g} GiB, and this machine has "
            f"{there / 2**30:.3g} of memory; give fewer rows"
        )
    return np.load(path, allow_pickle=False)


@contextmanager
def _reading(path: str | Path) -> Iterator[None]:
    """What goes wrong with an `.npz` while it is read, as a DataError that names it."""
    if not Path(path).is_file():
        raise DataError(f"{path}: no such file")
    try:
        yield
    except DataError:
        raise
    except Exception as error:  # zipfile and NumPy raise what they like of damaged files
        if "allow_pickle" in str(error):
            raise DataError(
                f"{path}: holds Python objects, which are never loaded; save arrays of numbers or "
                "of text, of one type and shape"
            ) from error
        raise DataError(
            f"{path}: cannot be read as .npz ({error}); "
            "the file is truncated or of another format - make it again"
        ) from error


def read_json(path: str | Path) -> Any:
    """Read JSON. Raises DataError, naming the file, if it is missing or broken."""
    try:
        return json.loads(Path(path).read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise DataError(f"{path}: no such file") from error
    except (ValueError, RecursionError) as error:
        raise DataError(f"{path}: not valid JSON ({error}); make it again") from error


def sha256(path: str | Path) -> str:
    """Return the hexadecimal SHA-256 of a file's bytes."""
    with open(path, "rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def sha256_of(value: Any) -> str:
    """Return the hexadecimal SHA-256 of a JSON-like value, in which key order does not matter."""
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()


def read_table(path: str | Path, columns: Sequence[str] | None = None):
    """A CSV as a pandas frame; of the named columns only, where they are given.

    Raises: DataError naming the file, and the column that it lacks.
    """
    import pandas as pd

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", pd.errors.ParserWarning)
            table = pd.read_csv(path, index_col=False)
    except FileNotFoundError as error:
        raise DataError(f"{path}: no such file") from error
    except UnicodeDecodeError as error:
        raise DataError(f"{path}: not UTF-8 text ({error}); save it as such") from error
    except pd.errors.ParserWarning as error:
        raise DataError(f"{path}: rows have more fields than the first line has names") from error
    except (pd.errors.ParserError, pd.errors.EmptyDataError) as error:
        raise DataError(f"{path}: not a CSV ({str(error).strip()})") from error
    missing = [name for name in columns or () if name not in table.columns]
    if missing:
        held = ", ".join(map(str, table.columns))
        hint = "; separate columns by commas" if re.search("[;\t]", held) else ""
        hint = hint or "; its first line has to name them"
        raise DataError(f"{path}: no column {', '.join(missing)}; it has {held}{hint}")
    return table[list(columns)] if columns else table


@contextmanager
def damaged(where: str) -> Iterator[None]:
    """What goes wrong where results are taken apart, as a DataError that names `where` they are: of
    results that are whole, nothing does.
    """
    try:
        yield
    except DataError:
        raise
    except (LookupError, TypeError, ValueError) as error:
        what = " ".join(repr(error).split())
        raise DataError(
            f"{where}: not what it should be ({what}); it is damaged or of another kind - make it "
            "again"
        ) from error


def check_below(names: Iterable[str], where: str | Path) -> None:
    """Raise DataError, naming `where`, if a name that it lists leads out of its folder."""
    for name in names:
        if Path(name).is_absolute() or ".." in Path(name).parts or "\0" in name:
            raise DataError(
                f"{where}: lists {name!r}, which is not below it; do not unpack or use it"
            )


def changed_files(manifest: str | Path) -> tuple[dict[str, str], list[str]]:
    """The files that a manifest lists, and those of them that are missing or have another checksum.

    Raises: DataError when it cannot be read, is no manifest, or lists files elsewhere.
    """
    root, about = Path(manifest).parent, read_json(manifest)
    listed = about.get("files") if isinstance(about, dict) else None
    if not isinstance(listed, dict):
        raise DataError(f"{manifest}: not a manifest of results; run the workflow again")
    check_below(listed, manifest)
    changed = [
        name
        for name, digest in listed.items()
        if not (root / name).is_file() or sha256(root / name) != digest
    ]
    return listed, changed
