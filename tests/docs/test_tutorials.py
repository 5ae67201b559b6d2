"""The tutorials' code blocks run, in order, and print what the pages say.

A block of `python` or `bash` is run; one with a title is written to a file of that name; one of
`text` holds lines that the blocks since the one before it must have printed. Numbers with an error
(`a +- b`) must agree within it; other text literally.
"""

import contextlib
import io
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TUTORIALS = ROOT / "docs" / "tutorials"
BLOCK = re.compile(r'^```(\w+)(?: title="([^"]+)")?\n(.*?)^```', re.MULTILINE | re.DOTALL)
# Numbers with an error, and what is left free: bits, which follow from nats, and times.
MEASURED, FREE = r"(-?\d+\.\d+) \+- (\d+\.\d+)", r"= \d+\.\d+ bits|\b\d+ s\b"


def _pattern(line: str) -> str:
    pattern, at = "", 0
    for match in re.finditer(f"{MEASURED}|{FREE}", line):
        pattern += re.escape(line[at : match.start()])
        pattern += MEASURED if match[1] else f"(?:{FREE})"
        at = match.end()
    return pattern + re.escape(line[at:])


def has_line(printed: str, line: str) -> bool:
    """Whether a line was printed, with numbers within the errors that the page gives."""
    pattern = re.compile(_pattern(line.strip()))
    said = [float(number) for pair in re.findall(MEASURED, line) for number in pair]
    for candidate in printed.splitlines():
        if match := pattern.search(candidate):
            found = [float(number) for number in match.groups()]
            pairs = zip(said[::2], said[1::2], found[::2], found[1::2], strict=True)
            if all(
                abs(value - was) <= error and 0.5 < now / error < 2
                for value, error, was, now in pairs
            ):
                return True
    return False


def test_lines_are_compared_within_their_errors():
    assert has_line("I = 0.36 +- 0.02 nats, 23 s", "I = 0.37 +- 0.02 nats, 7 s")
    assert not has_line("I = 0.36 +- 0.02 nats", "I = 0.39 +- 0.02 nats")
    assert not has_line("I = 0.36 +- 0.10 nats", "I = 0.37 +- 0.02 nats")
    assert not has_line("J = 0.36 +- 0.02 nats", "I = 0.36 +- 0.02 nats")


@pytest.fixture
def desk(tmp_path, monkeypatch):
    """A folder that is like a checkout, but for results."""
    for name in ("Snakefile", "workflow", "config", "profiles"):
        (tmp_path / name).symlink_to(ROOT / name)
    monkeypatch.chdir(tmp_path)
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    monkeypatch.setenv("PATH", path)
    monkeypatch.setenv("PYTHONPATH", str(ROOT / "src"))
    return tmp_path


def test_the_site_has_them_all():
    nav = tomllib.loads((ROOT / "zensical.toml").read_text())["project"]["nav"]
    shown = next(entry["Tutorials"] for entry in nav if "Tutorials" in entry)
    assert sorted(shown) == sorted(f"tutorials/{path.name}" for path in TUTORIALS.glob("*.md"))


@pytest.mark.parametrize("name", sorted(path.stem for path in TUTORIALS.glob("*.md")))
def test_it_runs_and_prints_what_it_says(name, desk):
    names, printed, ran = {"__name__": "tutorial"}, "", 0
    for kind, title, code in BLOCK.findall((TUTORIALS / f"{name}.md").read_text()):
        if kind == "text":
            for line in code.splitlines():
                assert has_line(printed, line), f"not printed: {line}\n\n{printed}"
            printed = ""
        elif title:
            (desk / title).write_text(code)
        elif kind == "python":
            with contextlib.redirect_stdout(io.StringIO()) as out:
                exec(compile(code, f"{name}.md", "exec"), names)
            printed, ran = printed + out.getvalue(), ran + 1
        elif kind == "bash":
            done = subprocess.run(
                ["bash", "-euc", code],
                text=True,
                check=False,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
            )
            assert done.returncode == 0, f"{code}\n{done.stdout}"
            printed, ran = printed + done.stdout, ran + 1
    assert ran > 1
