"""Which files of the package a module rests on: the workflow declares them as inputs, provenance
hashes them.

Standard library only, so that the workflow can use it before (or without) installing anything.
"""

import ast
import hashlib
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parent
DATA_FILE = re.compile(r"[\w-]+(\.\w+)*\.(?!py$)\w+")
# They say what things are called and where they lie, not what is computed: no result rests on it.
PLUMBING = ("diffinfo.stages.contract", "diffinfo.figures.registry", "diffinfo.runs")


def _path_of(module: str) -> Path | None:
    base = ROOT.parent.joinpath(*module.split("."))
    for path in (base.with_suffix(".py"), base / "__init__.py"):
        if path.is_file():
            return path
    return None


def _used(path: Path) -> Iterator[Path]:
    """Modules that `path` imports, and data files beside it that it names in a string."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        names = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            names = [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            # As in `Path(__file__).with_name("published_bits.csv")`.
            name = node.value
            if DATA_FILE.fullmatch(name) and (path.parent / name).is_file():
                yield path.parent / name
        # Not the package itself: it only forwards, on demand, to the modules that it offers.
        for name in names:
            if name.startswith("diffinfo.") and name not in PLUMBING and (module := _path_of(name)):
                yield module


@cache
def closure(*modules: str) -> tuple[Path, ...]:
    """The files of `diffinfo` that importing and running these modules can reach, themselves
    included, sorted.

    Those are modules, and the data files that a module reads: it names them in a string and they
    lie beside it. Raises: ModuleNotFoundError for a module that is not part of the package.
    """
    waiting = []
    for module in modules:
        path = _path_of(module)
        if path is None:
            raise ModuleNotFoundError(f"no module {module} under {ROOT}")
        waiting.append(path)
    reached = set()
    while waiting:
        path = waiting.pop()
        if path not in reached:
            reached.add(path)
            if path.suffix == ".py":
                waiting += _used(path)
    return tuple(sorted(reached))


def _hash_of(paths) -> str:
    digest = hashlib.sha256()
    for path in paths:
        digest.update(f"{path.relative_to(ROOT)}\n".encode() + path.read_bytes())
    return digest.hexdigest()


def source_hash(*modules: str) -> str:
    """SHA-256 over the names and bytes of `closure(*modules)`."""
    return _hash_of(closure(*modules))


def files_below(path: Path) -> list[Path]:
    """The files of a folder, sorted, without those that Python compiled; of a file, itself."""
    found = [path, *path.rglob("*")]
    return sorted(each for each in found if each.is_file() and "__pycache__" not in each.parts)


def package_hash() -> str:
    """SHA-256 over the names and bytes of every file of the package, data files included."""
    return _hash_of(files_below(ROOT))
