"""Files from the internet that are what they should be, or an error that says what to do."""

import email.message
import time
import urllib.error
import urllib.request
from collections.abc import Sequence
from http.client import HTTPException, HTTPResponse
from pathlib import Path

from tqdm import tqdm

from diffinfo.errors import DataError
from diffinfo.files import sha256

ATTEMPTS = 5  # per address, with 1, 2, 4 and 8 seconds between them
TIMEOUT = 30.0  # seconds without a byte
LARGEST = 1 << 30  # bytes; an answer that is longer is none of ours
_PIECE = 1 << 18
_WORTH_TRYING_AGAIN = (408, 425, 429, 500, 502, 503, 504)


class _WrongAddressError(Exception):
    """An address that will not serve the file, however often it is asked."""


def fetch(urls: Sequence[str], checksum: str, path: Path) -> Path:
    """Bring the file with this SHA-256 from the first of `urls` that serves it to `path`.

    A file that is there already is checked, not fetched. What has come is kept in `<path>.part`, so
    that a dropped connection, or a later call, goes on where it stopped, if the server can. The
    file appears at `path` only when it is whole and right. Progress goes to standard error.

    Raises: DataError, which names every address and what was wrong with it, and says where to put
    the file by hand.
    """
    if path.exists():
        found = sha256(path)
        if found != checksum:
            raise DataError(
                f"{path}: SHA-256 {found} is not that of {urls[0]} ({checksum}): "
                "truncated or changed; delete it and start again"
            )
        return path
    path.parent.mkdir(parents=True, exist_ok=True)
    part, failures = path.with_name(f"{path.name}.part"), []
    for url in urls:
        for attempt in range(ATTEMPTS):
            if attempt:
                time.sleep(2 ** (attempt - 1))
            try:
                _go_on(url, part)
                if (found := sha256(part)) == checksum:
                    part.replace(path)
                    return path
                part.unlink()
                failure = f"sent another file, of SHA-256 {found}"
            except _WrongAddressError as error:
                failure = str(error)
                break
            except (OSError, HTTPException) as error:
                failure = f"{type(error).__name__}: {error}"
        failures.append(f"{url}: {failure}")
    raise DataError(
        f"could not be downloaded ({'; '.join(failures)}). Put the file, whose SHA-256 is "
        f"{checksum}, at {path}"
    )


def _go_on(url: str, part: Path) -> None:
    """Append to `part` what it lacks; start again where the server does not send just the rest."""
    have = part.stat().st_size if part.exists() else 0
    headers = {"User-Agent": "diffinfo", "Accept-Encoding": "identity"}
    if have:
        headers["Range"] = f"bytes={have}-"
    try:
        answer = urllib.request.urlopen(
            urllib.request.Request(url, headers=headers), timeout=TIMEOUT
        )
    except urllib.error.HTTPError as error:
        if error.code == 416:  # nothing is left, or what is there is longer than the file
            total = _of_range(error.headers)
            if total == have:
                return
            part.unlink()
            raise OSError(f"{have} bytes were there, of {total}") from error
        if error.code in _WORTH_TRYING_AGAIN:
            raise
        reason = " ".join(str(error.reason).split())
        raise _WrongAddressError(f"HTTP {error.code} {reason}") from error
    with answer:
        if have and not _continues(answer, have):
            have = 0
        length = answer.headers.get("Content-Length", "")
        total = have + int(length) if length.isdecimal() else None
        about = {"desc": part.stem, "unit": "B", "unit_scale": True, "mininterval": 2, "ncols": 70}
        with (
            open(part, "ab" if have else "wb") as stream,
            tqdm(total=total, initial=have, **about) as progress,
        ):
            while piece := answer.read(_PIECE):
                have += len(piece)
                if have > LARGEST:
                    stream.close()
                    part.unlink()
                    raise _WrongAddressError(f"sent more than {LARGEST} bytes")
                stream.write(piece)
                progress.update(len(piece))
    if total is not None and have < total:
        raise ConnectionError(f"the connection ended after {have} of {total} bytes")


def _of_range(headers: email.message.Message) -> int | None:
    """Return the size of the whole file in `Content-Range: bytes 5-9/10`, if it is said."""
    size = headers.get("Content-Range", "").rpartition("/")[2]
    return int(size) if size.isdecimal() else None


def _continues(answer: HTTPResponse, have: int) -> bool:
    """Whether an answer holds the bytes from number `have` on, and not the whole file."""
    begins = answer.headers.get("Content-Range", "").removeprefix("bytes ").partition("-")[0]
    return answer.status == 206 and begins == str(have)
