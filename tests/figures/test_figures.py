"""Every figure has a module, an entry and a caption; tests/workflow/test_tiny_run.py draws them."""

import ast
from importlib import import_module
from pathlib import Path

import pandas as pd
import pytest

import diffinfo.figures
from diffinfo.errors import DataError
from diffinfo.figures.registry import FIGURES
from diffinfo.files import write_table

FOLDER = Path(diffinfo.figures.__file__).parent
# What figures share, and what draws the profile of one estimate for `diffinfo mi`.
SHARED = {"__init__", "registry", "style", "codes", "gaussian", "guidance", "profiles", "where"}


def test_estimators_say_so_where_nothing_varies(tmp_path):
    draw = import_module("diffinfo.figures.estimators").draw
    table = pd.DataFrame({"experiment": ["a-1", "a-2"], "sweep": "a", "value": 1.0})
    write_table(tmp_path / "estimators.csv", table)
    with pytest.raises(DataError, match=r"estimators.csv: none of its experiments vary data\.gau"):
        draw([tmp_path / "estimators.csv"], tmp_path / "estimators.pdf")


def test_the_registry_names_every_module_and_no_other():
    assert {path.stem for path in FOLDER.glob("*.py")} - SHARED == set(FIGURES)


@pytest.mark.parametrize("name", FIGURES)
def test_the_docstring_is_a_caption(name):
    """A title in one line, then what is shown; read without importing, as the workflow reads it."""
    module = ast.parse((FOLDER / f"{name}.py").read_text())
    title, blank, *caption = (ast.get_docstring(module) or "").split("\n")
    assert not blank
    assert title.endswith(".")
    assert caption
    assert caption[-1].endswith(".")
    if name.startswith("fig"):
        assert title.startswith(f"Fig. {name.removeprefix('fig')}, ")
    assert any(isinstance(node, ast.FunctionDef) and node.name == "draw" for node in module.body)
