import ast
import re
import shutil
from pathlib import Path

import pytest

from diffinfo.source import ROOT, _used, closure, package_hash, source_hash

CONTRIBUTING = Path(__file__).parents[1] / "CONTRIBUTING.md"


def _names(module):
    return {str(path.relative_to(ROOT)) for path in closure(module)}


def test_stages_rest_on_what_they_use_and_nothing_else():
    train, estimate = _names("diffinfo.stages.train"), _names("diffinfo.stages.estimate")
    assert {"loss.py", "train/loop.py", "nn/unet.py", "process/density.py"} <= train
    assert not any(name.startswith(("figures/", "estimate/", "sample/")) for name in train)
    assert "estimate/mutual_information.py" in estimate
    assert not any(name.startswith(("train/", "figures/")) for name in estimate)
    fig12 = _names("diffinfo.stages.figure") | _names("diffinfo.figures.fig12")
    assert {"figures/fig12.py", "figures/style.py"} <= fig12
    assert not fig12 & {"figures/fig16.py", "loss.py", "tables/runs.py"}


ORDER = re.search(r"```\n(errors.*?)```", CONTRIBUTING.read_text(), re.DOTALL)[1]
RANK = {room.strip(): rank for rank, room in enumerate(ORDER.split("<"))}


def _room(path):
    return path.relative_to(ROOT).parts[0].removesuffix(".py")


def test_every_room_has_its_place_in_contributing():
    packages = {_room(path) for path in ROOT.rglob("*.py")} - {"__init__", "__main__"}
    assert packages == set(RANK)


@pytest.mark.parametrize("path", sorted(ROOT.rglob("*.py")), ids=lambda p: str(p.relative_to(ROOT)))
def test_imports_point_one_way(path):
    """Down the list of rooms in CONTRIBUTING.md, or within a room; what is imported inside a
    function counts, too.
    """
    if _room(path) in ("__init__", "__main__"):
        return
    for node in ast.walk(ast.parse(path.read_text())):
        modules = []
        if isinstance(node, ast.ImportFrom):
            modules = [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
        elif isinstance(node, ast.Import):
            modules = [alias.name for alias in node.names]
        for module in modules:
            if module.startswith("diffinfo.") and (imported := module.split(".")[1]) in RANK:
                where = f"{path.name}, line {node.lineno}: {module}"
                assert RANK[imported] <= RANK[_room(path)], where


def test_no_modules_import_each_other():
    graph = {path: set(_used(path)) - {path} for path in ROOT.rglob("*.py")}
    while leaves := {path for path, used in graph.items() if not used & graph.keys()}:
        graph = {path: used for path, used in graph.items() if path not in leaves}
    assert not graph, "a circle of imports"


def test_figures_never_import_jax():
    """Nor does any module that they use: a figure is drawn in a second."""
    for path in (ROOT / "figures").glob("*.py"):
        if path.stem == "__init__":
            continue
        for used in closure(f"diffinfo.figures.{path.stem}"):
            assert used.suffix != ".py" or "import jax" not in used.read_text(), (path, used)


def test_data_files_belong_to_the_modules_that_read_them():
    assert "tables/published_bits.csv" in _names("diffinfo.tables.likelihood")
    assert "tables/published_toys.csv" in _names("diffinfo.tables.theory")
    assert "tables/published_bits.csv" not in _names("diffinfo.tables.runs")
    assert "config.schema.yaml" in _names("diffinfo.config")
    read = {
        path for path in ROOT.rglob("*") if path.is_file() and path.suffix not in (".py", ".pyc")
    }
    everything = closure(
        *(f"diffinfo.tables.{name}" for name in ("cutoff", "likelihood", "theory")),
        "diffinfo.config",
    )
    assert read <= set(everything), "a data file that nothing reads by its name"


def test_the_schema_is_no_input_of_a_stage():
    """Its defaults reach stages as complete settings, which the workflow compares."""
    for path in (ROOT / "stages").glob("*.py"):
        if path.stem not in ("__init__", "contract"):
            reached = _names(f"diffinfo.stages.{path.stem}")
            assert not {"config.py", "config.schema.yaml", "runs.py"} & reached, path


def test_the_hash_of_the_package_sees_data_files(monkeypatch, tmp_path):
    shutil.copytree(ROOT, tmp_path / "diffinfo", ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr("diffinfo.source.ROOT", tmp_path / "diffinfo")
    before = package_hash()
    with open(tmp_path / "diffinfo" / "tables" / "published_bits.csv", "a") as file:
        file.write("\n")
    assert package_hash() != before


def test_the_hash_follows_the_files():
    assert source_hash("diffinfo.train.loop") == source_hash("diffinfo.train.loop")
    assert source_hash("diffinfo.train.loop") != source_hash("diffinfo.estimate.integrand")
    with pytest.raises(ModuleNotFoundError):
        closure("diffinfo.nothing")
