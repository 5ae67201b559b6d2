"""Every figure of the registry has a module and a caption, and is drawn from tables alone if it can
be.
"""

import ast
import struct
from importlib import import_module
from pathlib import Path

import pandas as pd
import pytest

import diffinfo.figures
from diffinfo.errors import DataError
from diffinfo.figures.registry import FIGURES
from diffinfo.files import write_table

FOLDER = Path(diffinfo.figures.__file__).parent
TABLES = Path(__file__).parents[2] / "results" / "reference" / "default" / "tables"
# What figures share, and what draws the profile of one estimate for `diffinfo mi`.
SHARED = {"__init__", "registry", "style", "codes", "gaussian", "guidance", "profiles", "where"}


def _from_tables_alone():
    """Figures that need no picture and whose tables are all published."""
    for name, figure in FIGURES.items():
        tables = [TABLES / f"{table}.csv" for table in (name, *figure.borrows)]
        if not figure.picture and all(table.is_file() for table in tables):
            yield name


@pytest.fixture(scope="module")
def tables(tmp_path_factory):
    """The published tables; that of estimators gains the columns that say which sweep a row is of,
    as the published one is older than they are.
    """
    folder = tmp_path_factory.mktemp("tables")
    for path in TABLES.glob("*.csv"):
        (folder / path.name).symlink_to(path)
    table = pd.read_csv(TABLES / "estimators.csv")
    columns = {
        "data.gaussian.information": "exact_information",
        "data.gaussian.dim_x": "dim_x",
        "data.gaussian.n_train": "n_train",
        "train.steps": "train_steps",
    }
    sweeps = ("trust-information", "trust-dimension", "trust-samples", "trust-steps")
    for sweep, (key, column) in zip(sweeps, columns.items(), strict=True):
        rows = table["experiment"].str.startswith(f"{sweep}-")
        table.loc[rows, "sweep"], table[key] = sweep, table[column].where(rows)
    (folder / "estimators.csv").unlink()
    write_table(folder / "estimators.csv", table)
    return folder


@pytest.mark.parametrize("name", list(_from_tables_alone()))
def test_a_figure_is_drawn_from_its_tables(name, tables, tmp_path):
    inputs = [tables / f"{table}.csv" for table in (name, *FIGURES[name].borrows)]
    import_module(f"diffinfo.figures.{name}").draw(inputs, tmp_path / f"{name}.pdf")
    assert (tmp_path / f"{name}.pdf").read_bytes().startswith(b"%PDF")
    png = (tmp_path / f"{name}.png").read_bytes()
    assert png.startswith(b"\x89PNG")
    assert min(struct.unpack(">2I", png[16:24])) > 300, "pixels"
    assert len(png) > 10_000


def test_estimators_say_so_where_nothing_varies(tmp_path):
    """The published table, without the columns of sweeps."""
    draw = import_module("diffinfo.figures.estimators").draw
    with pytest.raises(DataError, match=r"estimators.csv: none of its experiments vary data\.gau"):
        draw([TABLES / "estimators.csv"], tmp_path / "estimators.pdf")


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
