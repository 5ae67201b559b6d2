"""Downloads from a server on this machine that drops, truncates, redirects and lies."""

import hashlib
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import pytest

from diffinfo.data import download
from diffinfo.data.download import fetch
from diffinfo.errors import DataError

CONTENT = np.random.default_rng(0).bytes(700_000)
CHECKSUM = hashlib.sha256(CONTENT).hexdigest()


class _Server(ThreadingHTTPServer):
    """Answers a request for /<behaviour> that way; `asked` holds path and Range of each."""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), _Answers)
        self.asked = []

    def url(self, behaviour):
        return f"http://127.0.0.1:{self.server_port}/{behaviour}"


class _Answers(BaseHTTPRequestHandler):
    def log_message(self, *args):
        pass

    def do_GET(self):
        behaviour, ranged = self.path[1:], self.headers.get("Range")
        self.server.asked.append((behaviour, ranged))
        times = sum(asked == behaviour for asked, _ in self.server.asked)
        getattr(self, f"_{behaviour}")(times, int(ranged[6:-1]) if ranged else 0)

    def _send(self, status, body, begin=0, length=None, **headers):
        self.send_response(status)
        if status == 206:
            headers["Content-Range"] = f"bytes {begin}-{len(CONTENT) - 1}/{len(CONTENT)}"
        if length is not False:
            self.send_header("Content-Length", str(len(body) if length is None else length))
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)

    def _whole(self, times, begin):
        self._send(206 if begin else 200, CONTENT[begin:], begin)

    def _drops(self, times, begin):
        """A third of it at a time, and then the connection ends."""
        body = CONTENT[begin : begin + len(CONTENT) // 3]
        self._send(206 if begin else 200, body, begin, length=len(CONTENT) - begin)

    def _drops_and_starts_again(self, times, begin):
        """Knows no ranges: it sends the whole file whatever is asked for."""
        self._send(200, CONTENT if times == 3 else CONTENT[: times * 200_000], length=len(CONTENT))

    def _elsewhere(self, times, begin):
        """Sends another part than the one that is asked for."""
        self._send(206, CONTENT[:10], 0) if begin else self._drops(times, begin)

    def _truncates(self, times, begin):
        """Says that half of the file is all of it."""
        self._send(200, CONTENT[: len(CONTENT) // 2])

    def _truncates_once(self, times, begin):
        self._truncates(times, begin) if times == 1 else self._whole(times, begin)

    def _lies(self, times, begin):
        self._send(200, b"<html>Please log in to this network</html>")

    def _moved(self, times, begin):
        self._send(302, b"", Location="/whole")

    def _circle(self, times, begin):
        self._send(302, b"", Location="/circle")

    def _to_a_file(self, times, begin):
        self._send(302, b"", Location="file:///etc/passwd")

    def _busy(self, times, begin):
        self._whole(times, begin) if times == 3 else self._send(503, b"")

    def _gone(self, times, begin):
        self._send(404, b"")

    def _endless(self, times, begin):
        self._send(200, CONTENT, length=False)

    def _has_less(self, times, begin):
        """What is there already is longer than what this server has."""
        if begin:
            self._send(416, b"", Content_Range=f"bytes */{len(CONTENT)}")
        else:
            self._whole(times, begin)


@pytest.fixture
def server(monkeypatch):
    monkeypatch.setattr(download.time, "sleep", lambda seconds: None)
    with _Server() as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield server
        server.shutdown()


@pytest.fixture
def path(tmp_path):
    return tmp_path / "downloads" / "file.gz"


@pytest.mark.parametrize(
    "behaviour",
    [
        "whole",
        "drops",
        "drops_and_starts_again",
        "truncates_once",
        "moved",
        "busy",
        "endless",
    ],
)
def test_a_file_comes_whole(server, path, behaviour):
    assert fetch([server.url(behaviour)], CHECKSUM, path) == path
    assert path.read_bytes() == CONTENT
    assert list(path.parent.iterdir()) == [path]


def test_what_has_come_is_not_asked_for_again(server, path):
    fetch([server.url("drops")], CHECKSUM, path)
    third = len(CONTENT) // 3
    ranges = [None, f"bytes={third}-", f"bytes={2 * third}-", f"bytes={3 * third}-"]
    assert [ranged for _, ranged in server.asked] == ranges
    fetch([server.url("gone")], CHECKSUM, path)
    assert len(server.asked) == 4, "a file that is there is not fetched"


def test_a_later_call_goes_on(server, path):
    path.parent.mkdir()
    part = path.with_name("file.gz.part")
    part.write_bytes(CONTENT[:5])
    fetch([server.url("whole")], CHECKSUM, path)
    assert server.asked == [("whole", "bytes=5-")]
    path.rename(part)  # killed before it got its name
    fetch([server.url("has_less")], CHECKSUM, path)
    assert path.read_bytes() == CONTENT
    assert len(server.asked) == 2
    part.write_bytes(CONTENT + b"and more")
    path.unlink()
    fetch([server.url("has_less")], CHECKSUM, path)
    assert path.read_bytes() == CONTENT


@pytest.mark.parametrize(
    ("behaviour", "message"),
    [
        ("truncates", "sent another file, of SHA-256"),
        ("lies", "sent another file, of SHA-256"),
        ("circle", "infinite loop"),
        ("to_a_file", "file:"),
        ("gone", "HTTP 404"),
        ("elsewhere", "ended after|another file"),
    ],
)
def test_what_does_not_come_right_is_not_there(server, path, behaviour, message):
    expected = rf"{behaviour}: .*({message}).*\. Put the file, whose SHA-256 is {CHECKSUM}, at "
    with pytest.raises(DataError, match=expected):
        fetch([server.url(behaviour)], CHECKSUM, path)
    assert not path.exists()
    asked = len(server.asked)
    fetch([server.url(behaviour), server.url("whole")], CHECKSUM, path)
    assert path.read_bytes() == CONTENT, "another address is asked"
    assert behaviour != "gone" or asked == 1, "what is not there will not come by asking again"


def test_an_answer_without_end_is_cut(server, path, monkeypatch):
    monkeypatch.setattr(download, "LARGEST", len(CONTENT) // 2)
    with pytest.raises(DataError, match="sent more than 350000 bytes"):
        fetch([server.url("endless")], CHECKSUM, path)
    assert not list(path.parent.iterdir())


def test_nobody_answers(path, monkeypatch):
    monkeypatch.setattr(download.time, "sleep", lambda seconds: None)
    with _Server() as server:
        url = server.url("whole")
    with pytest.raises(DataError, match=r"refused.*Put the file"):
        fetch([url], CHECKSUM, path)


def test_a_file_put_there_by_hand_is_checked(path):
    path.parent.mkdir()
    path.write_bytes(CONTENT[:-1])
    with pytest.raises(DataError, match=r"file\.gz: SHA-256 .* truncated or changed; delete it"):
        fetch(["http://example.org/file.gz"], CHECKSUM, path)
