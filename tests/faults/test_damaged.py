"""Files that are damaged, or made to do harm: each is refused in one sentence that names it, before
anything is written, in little memory, and no pickle in any of them is ever loaded.

By hand, `FAULTS=long python -m pytest tests/faults` flips 200 bits of each file instead of six.
"""

import json
import os
import pickle
import shutil
import struct
import subprocess
import sys
import zipfile
import zlib
from hashlib import sha256
from pathlib import Path

import msgpack
import numpy as np
import pytest
from PIL import Image
from tests.faults.children import (
    COMMANDS,
    MADE,
    RUN,
    SETTINGS,
    Kill,
    armed,
    diffinfo,
    environment,
    left,
)

from diffinfo.checkpoint import load_model
from diffinfo.files import sha256_of

pytestmark = pytest.mark.faults

BITS = 200 if os.environ.get("FAULTS") == "long" else 6
DAMAGES = {
    "empty": lambda content, rng: b"",
    "half": lambda content, rng: content[: len(content) // 2],
    "end missing": lambda content, rng: content[:-2],
    "garbage": lambda content, rng: rng.bytes(len(content)),
    "zeros": lambda content, rng: bytes(len(content)),
    "a pickle": lambda content, rng: pickle.dumps({"a": 1}),
}


def _flipped(content, rng):
    place = int(rng.integers(8 * len(content)))
    changed = bytearray(content)
    changed[place // 8] ^= 1 << place % 8
    return bytes(changed)


BIT = [f"bit {number}" for number in range(6)]  # those of every run, which the table counts
DAMAGES |= {f"bit {number}": _flipped for number in range(BITS)}

# What is damaged: the file of the run, and the command that reads it. {at} is the folder with the
# damaged file. A flipped bit of text may be another number, and nothing can tell.
READ = {
    "checkpoint": (f"{RUN}/model.msgpack", ("estimate", "--data", "data.npz", "--model", "{at}")),
    "data set": ("data.npz", ("train", *SETTINGS, "--data", "{at}")),
    "card": ("data.json", ("train", *SETTINGS, "--data", "{data}")),
    "own .npz": ("own.npz", ("data", "--settings", '{{"data": {{"npz": {{"path": "{at}"}}}}}}')),
    "risk curve": (f"{RUN}/model.risk.csv", ("schedule", "--steps", "3", "--risk", "{at}")),
    "measurement": (f"{RUN}/estimate.json", ("table", "runs.estimates", "--runs", "{folder}")),
    "table": ("fig12.csv", ("figure", "fig12", "--inputs", "{at}")),
    "manifest": ("manifest.json", ("verify", "{at}")),
    "crate": ("crate.zip", ("verify", "{at}")),
}
# Of these not every bit matters, or can be told from what was written: a digit of a text, a date in
# an archive.
UNCHECKED = ("risk curve", "measurement", "table", "manifest", "own .npz", "crate")
OUT = {"data": ".npz", "train": ".msgpack", "estimate": ".json", "figure": ".pdf"}


def harm() -> dict[str, tuple[str, bytes]]:
    """Files that are made to do harm: what reads each, and its content."""
    zeros = zlib.compressobj(1, zlib.DEFLATED, -15)
    mebibyte = zeros.compress(bytes(1 << 20)) + zeros.flush(zlib.Z_FULL_FLUSH)
    most = 3900  # MiB, of what a 32-bit length can say

    def deflated(start: bytes) -> bytes:
        first = zlib.compressobj(1, zlib.DEFLATED, -15)
        first = first.compress(start) + first.flush(zlib.Z_FULL_FLUSH)
        return first + most * mebibyte + b"\x03\x00"

    def archive(name: str, start: bytes = b"", method: int = 8, flags: int = 0) -> bytes:
        """A zip of one member, `start` and then 3.9 GB of zeros."""
        content = deflated(start)
        sizes = struct.pack("<III", 0, len(content), len(start) + (most << 20))
        common = struct.pack("<HHHHH", 20, flags, method, 0, 33) + sizes
        common += struct.pack("<HH", len(name), 0)
        local = b"PK\3\4" + common + name.encode() + content
        central = b"PK\1\2" + struct.pack("<H", 20) + common + bytes(14) + name.encode()
        end = struct.pack("<HHHHIIH", 0, 0, 1, 1, len(central), len(local), 0)
        return local + central + b"PK\5\6" + end

    def npy(shape: str, version: bytes = b"\1\0") -> bytes:
        header = f"{{'descr': '<f4', 'fortran_order': False, 'shape': {shape}, }}".encode()
        length = struct.pack("<H" if version == b"\1\0" else "<I", len(header) + 1)
        return b"\x93NUMPY" + version + length + header + b"\n"

    def checked(content: bytes) -> bytes:
        return sha256(content).digest() + content

    def model(**content) -> bytes:
        return checked(msgpack.packb(content))

    def array(shape, kind: bytes, content: bytes) -> bytes:
        return checked(msgpack.packb(msgpack.ExtType(1, msgpack.packb((shape, kind, content)))))

    def png(width: int, *chunks: tuple[bytes, bytes]) -> bytes:
        head = (b"IHDR", struct.pack(">IIBBBBB", width, width, 8, 0, 0, 0, 0))
        parts = [head, *chunks, (b"IDAT", zlib.compress(bytes(width + 1))), (b"IEND", b"")]
        return b"\x89PNG\r\n\x1a\n" + b"".join(
            struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
            for kind, body in parts
        )

    text = zlib.compressobj(1)
    text = text.compress(bytes(1 << 26)) + text.flush()
    graph = {"@graph": [{"@id": "../../out.txt", "sha256": "0" * 64}]}
    return {
        "msgpack that claims 4e9 entries": ("checkpoint", checked(b"\xdd\xff\xff\xff\xff")),
        "msgpack that claims 4e9 keys": ("checkpoint", checked(b"\xdf\xff\xff\xff\xff")),
        "msgpack that claims 4e9 bytes": ("checkpoint", checked(b"\xc6\xff\xff\xff\xff")),
        "msgpack nested 1e6 deep": ("checkpoint", checked(b"\x91" * 1_000_000)),
        "msgpack array of 1e18": ("checkpoint", array([10**18], b"float32", b"1234")),
        "msgpack array of objects": ("checkpoint", array([1], b"object", b"12345678")),
        "model without description": ("checkpoint", model(format=1, about="{}", params={})),
        "model whose description is a list": ("checkpoint", model(format=1, about="[]")),
        "model whose description is nested": ("checkpoint", model(format=1, about="[" * 100_000)),
        "npz that unpacks to 3.9 GB": ("own .npz", archive("x.npy", npy(f"({most << 18},)"))),
        "npz with a header of 3.9 GB": (
            "own .npz",
            archive("x.npy", b"\x93NUMPY\2\0" + struct.pack("<I", most << 20)),
        ),
        "npz that claims 1e18 numbers": ("own .npz", archive("x.npy", npy(f"({10**18},)"))),
        "npz with a password": ("own .npz", archive("x.npy", npy("(1,)"), flags=1)),
        "npz compressed in no known way": ("own .npz", archive("x.npy", npy("(1,)"), method=99)),
        "crate whose metadata unpack to 3.9 GB": ("crate", archive("ro-crate-metadata.json")),
        "crate with a password": ("crate", archive("ro-crate-metadata.json", flags=1)),
        "crate that lists ../../out.txt": ("crate", graph),
        "crate with a member ../../out.txt": ("crate", "../../out.txt"),
        "crate with a member /out.txt": ("crate", "/out.txt"),
        "manifest that lists ../out.txt": ("manifest", b'{"files": {"../out.txt": "0"}}'),
        "manifest that lists /etc/passwd": ("manifest", b'{"files": {"/etc/passwd": "0"}}'),
        "manifest with a list of files": ("manifest", b'{"files": ["a"]}'),
        "manifest that is a number": ("manifest", b"1"),
        "manifest nested 1e6 deep": ("manifest", b"[" * 1_000_000),
        "card that is a list": ("card", b"[]"),
        "card nested 1e6 deep": ("card", b"[" * 1_000_000),
        "picture of 3.6e9 pixels": ("picture", png(60_000)),
        "picture with 64 MiB of text": ("picture", png(4, (b"zTXt", b"a\0\0" + text))),
    }


class Harm:
    """Unpickled, it makes a file."""

    def __init__(self, path: Path):
        self.path = path

    def __reduce__(self):
        return Path.touch, (self.path,)


HARM = tuple(harm_name for harm_name in harm())
PICKLES = ("in an own .npz", "in a data set", "as a .npy", "as an .npz", "as a model")
RESUMES = ("half", "bit 0", "bit 1", "bit 2", "garbage")
CASES = {
    f"damaged {kind}": [
        damage for damage in DAMAGES if not damage.startswith("bit") or damage in BIT
    ]
    for kind in READ
}
CASES |= {"damaged state of a training": RESUMES, "made to do harm": HARM, "a pickle": PICKLES}


def _words(kind, path, out):
    """The command that reads a damaged file."""
    _, words = READ[kind]
    at = {"at": path, "data": path.with_suffix(".npz"), "folder": path.parent}
    words = [word.format(**at) if "{" in word and word != SETTINGS[1] else word for word in words]
    return words if words[0] == "verify" else [*words, "--out", f"{out}{OUT.get(words[0], '.csv')}"]


def _placed(folder, kind, source, content):
    """The damaged file where the command looks for it, with the files that lie beside it."""
    path = folder / "seed-0" / Path(READ[kind][0]).name
    path.parent.mkdir(parents=True)
    for beside in (source / READ[kind][0]).parent.glob("*.*"):
        if kind in ("data set", "card", "measurement"):
            shutil.copy(beside, path.parent)
    path.write_bytes(content)
    return path


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A folder after all stages, with a crate, an own .npz, and the state of a killed training."""
    folder = tmp_path_factory.mktemp("run")
    kill = Kill("train", "renaming", "model.history.csv", "SIGKILL")
    killers = armed(tmp_path_factory.mktemp("killers"), kill)
    rng = np.random.default_rng(0)
    np.savez(folder / "own.npz", x=rng.standard_normal((60, 2)), y=rng.integers(0, 2, 60))
    assert diffinfo(COMMANDS["data"], folder).returncode == 0
    assert diffinfo(COMMANDS["train"], folder, environment(killers)).returncode == -9
    (state,) = (folder / RUN / ".resume").glob("*.msgpack")
    (folder / "state").write_bytes(state.read_bytes())
    shutil.rmtree(state.parent)
    crate = ("--config-json", '{"title": "t", "results": "."}')
    later = [words for stage, words in COMMANDS.items() if stage != "data"]
    later[-1] = (*later[-1], *crate)
    own = ("data", "--settings", '{"data": {"npz": {"path": "own.npz"}}}', "--out", "own-data.npz")
    pack = ("crate", "manifest.json", "--out", "crate.zip")
    for status, said, _, _ in together([*later, own, pack], folder):
        assert status == 0, said
    assert state.name == _state(folder)
    return folder


def _state(folder):
    """The name of the state of its training."""
    about = load_model(folder / RUN / "model.msgpack").about
    return f"model-{sha256_of(about)[:16]}.msgpack"


def together(commands, folder):
    """What `many.py` tells of these commands."""
    done = subprocess.run(
        [sys.executable, str(Path(__file__).with_name("many.py"))],
        input=json.dumps([list(map(str, words)) for words in commands]),
        cwd=folder,
        env=environment(),
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.fixture(scope="module")
def told(run, tmp_path_factory):
    """What was said of every file, by kind and damage."""
    root, commands, flag = tmp_path_factory.mktemp("damaged"), {}, run / "executed"
    for kind in READ:
        content = (run / READ[kind][0]).read_bytes()
        for number, (damage, change) in enumerate(DAMAGES.items()):
            rng = np.random.default_rng([len(kind), number])
            path = _placed(root / f"{kind}-{number}", kind, run, change(content, rng))
            commands[kind, damage] = _words(kind, path, root / f"{kind}-{number}" / "out")
    for number, (name, (kind, content)) in enumerate(harm().items()):
        folder = root / f"harm-{number}"
        if kind == "picture":
            for label in "ab":
                (folder / label).mkdir(parents=True)
                Image.fromarray(np.zeros((4, 4), np.uint8)).save(folder / label / "0.png")
            (folder / "a" / "1.png").write_bytes(content)
            source = json.dumps({"data": {"folder": {"path": str(folder), "grey": True}}})
            commands["harm", name] = ["data", "--settings", source, "--out", folder / "out.npz"]
            continue
        path = _placed(folder, kind, run, b"" if isinstance(content, str | dict) else content)
        if isinstance(content, str | dict):
            with zipfile.ZipFile(path, "w") as archive:
                listed = content if isinstance(content, dict) else {"@graph": []}
                archive.writestr("ro-crate-metadata.json", json.dumps(listed))
                archive.writestr(content if isinstance(content, str) else "../../out.txt", "out")
        commands["harm", name] = _words(kind, path, folder / "out")
    for name in PICKLES:
        folder = root / name
        folder.mkdir()
        objects, plain = np.array([Harm(flag)] * 9, object), pickle.dumps(Harm(flag))
        path = folder / {"as a .npy": "x.npy", "as a model": "model.msgpack"}.get(name, "x.npz")
        path.write_bytes(plain)
        words = _words("own .npz", path, folder / "out")
        if name == "in an own .npz":
            np.savez(path, x=objects, y=objects)
        elif name == "in a data set":
            arrays = {
                f"{letter}_{split}": objects for letter in "xy" for split in ("train", "test")
            }
            np.savez(path, **arrays)
            words = _words("data set", path, folder / "out")
        elif name == "as a .npy":
            words = ["mi", "--x", path, "--y", path]
        elif name == "as a model":
            words = _words("checkpoint", path, folder / "out")
        commands["pickle", name] = words
    usual = ["estimate", "--data", "data.npz", "--model", f"{RUN}/model.msgpack", "--out", "e.json"]
    first, *rest = together([usual, *commands.values()], run)
    assert first[0] == 0, first[1]
    memory = {key: each[3] - first[3] for key, each in zip(commands, rest, strict=True)}
    return dict(zip(commands, rest, strict=True)), memory, commands


def _refused(told, key, name):
    """One sentence that begins with the command and names the file; nothing is written."""
    (status, said, made, _), words = told[0][key], told[2][key]
    assert status == 1, said
    assert len(said.strip().splitlines()) == 1, said
    assert said.startswith(f"diffinfo {words[0]}: ")
    assert name in said
    assert made == []


@pytest.mark.parametrize(("kind", "damage"), [(k, d) for k in READ for d in DAMAGES])
def test_a_damaged_file_is_refused_and_named(told, run, kind, damage):
    """Law: a file that is not what was written is refused; one without a checksum may still be read
    where a bit or its end is wrong, but an archive only where its arrays are the same.
    """
    if kind in UNCHECKED and damage.startswith(("bit", "end")) and told[0][kind, damage][0] == 0:
        if kind == "own .npz":
            out = Path(told[2][kind, damage][-1])
            assert out.read_bytes() == (run / "own-data.npz").read_bytes()
        return
    # Results that are whole JSON, and not what a table is made of, are named by their folder.
    _refused(told, (kind, damage), "seed-0" if kind == "measurement" else Path(READ[kind][0]).name)


@pytest.mark.parametrize("name", HARM)
def test_what_is_made_to_do_harm_is_refused_and_named(told, name):
    """Law: whatever a file claims of itself, it is refused in one sentence."""
    kind, _ = harm()[name]
    _refused(told, ("harm", name), "1.png" if kind == "picture" else Path(READ[kind][0]).name)


def test_all_of_it_takes_little_memory(told):
    """Law: refusing a file takes no more memory than a usual command, and a hundred MiB."""
    key = max(told[1], key=told[1].get)
    assert told[1][key] < 100, key


@pytest.mark.parametrize("name", PICKLES)
def test_no_pickle_is_ever_loaded(told, run, name):
    """Law: an object that would make a file when it is unpickled never does."""
    _refused(told, ("pickle", name), Path(told[2]["pickle", name][-1]).parent.name)
    assert not (run / "executed").exists()
    pickle.loads(pickle.dumps(Harm(run / "executed")))
    assert (run / "executed").exists(), "the object is harmless, and tells nothing"
    (run / "executed").unlink()


def test_a_damaged_state_is_started_over_to_the_same_bits(run, tmp_path):
    """Law: a state of which one bit is wrong is not gone on from; the results are those of an
    undisturbed training.
    """
    content, commands = (run / "state").read_bytes(), []
    whole = {name: digest for name, digest in left(run).items() if name in MADE["train"]}
    for damage in RESUMES:
        rng = np.random.default_rng(list(damage.encode()))
        state = tmp_path / damage / RUN / ".resume" / _state(run)
        state.parent.mkdir(parents=True)
        state.write_bytes(DAMAGES[damage](content, rng))
        commands.append((*COMMANDS["train"], "--out", tmp_path / damage / RUN / "model.msgpack"))
    for damage, (status, said, _, _) in zip(RESUMES, together(commands, run), strict=True):
        assert status == 0, said
        assert f"starting over, {tmp_path / damage}" in said
        assert left(tmp_path / damage) == whole
