"""Which source files a module rests on: the workflow declares them as inputs, provenance hashes
them.

Standard library only, so that the workflow can use it before (or without) installing anything.
"""

import ast
import hashlib
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parent


def _path_of(module: str) -> Path | None:
    base = ROOT.parent.joinpath(*module.split("."))
    for path in (base.with_suffix(".py"), base / "__init__.py"):
        if path.is_file():
            return path
    return None


@cache
def closure(module: str) -> tuple[Path, ...]:
    """The files of `diffinfo` that importing and running `module` can reach, itself included,
    sorted.

    Raises: ModuleNotFoundError for a module that is not part of the package.
    """
    start = _path_of(module)
    if start is None:
        raise ModuleNotFoundError(f"no module {module} under {ROOT}")
    found, waiting = set(), [start]
    while waiting:
        path = waiting.pop()
        if path in found:
            continue
        found.add(path)
        for node in ast.walk(ast.parse(path.read_text())):
            names = []
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom) and node.module:
                names = [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
            # Not the package itself: it only forwards, on demand, to the modules that it offers.
            waiting += [
                p for name in names if name.startswith("diffinfo.") and (p := _path_of(name))
            ]
    return tuple(sorted(found))


def source_hash(module: str) -> str:
    """SHA-256 over the names and bytes of `closure(module)`."""
    digest = hashlib.sha256()
    for path in closure(module):
        digest.update(f"{path.relative_to(ROOT)}\n".encode() + path.read_bytes())
    return digest.hexdigest()
