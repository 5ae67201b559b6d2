import pytest

from diffinfo.source import ROOT, closure, source_hash


def _names(module):
    return {str(path.relative_to(ROOT)) for path in closure(module)}


def test_stages_rest_on_what_they_use_and_nothing_else():
    train, estimate = _names("diffinfo.stages.train"), _names("diffinfo.stages.estimate")
    assert {"loss.py", "train/loop.py", "nn/unet.py", "process/levels.py"} <= train
    assert not any(name.startswith(("figures/", "estimate/", "sample/")) for name in train)
    assert "estimate/mutual_information.py" in estimate
    assert not any(name.startswith(("train/", "figures/")) for name in estimate)
    fig12 = _names("diffinfo.stages.figure") | _names("diffinfo.figures.fig12")
    assert {"figures/fig12.py", "figures/style.py"} <= fig12
    assert not fig12 & {"figures/fig16.py", "loss.py", "tables.py"}


def test_imports_point_one_way():
    library = [
        "files",
        "data",
        "process",
        "denoise",
        "nn",
        "loss",
        "train",
        "checkpoint",
        "sample",
        "estimate",
        "theory",
        "tables",
        "code_tables",
        "schedule_tables",
        "figures",
    ]
    # estimate and sample read fields and levels; they never see training, and nothing below the
    # stages sees a config file.
    for path in ROOT.rglob("*.py"):
        name = str(path.relative_to(ROOT))
        if name.split("/")[0].removesuffix(".py") not in library:
            continue
        reached = _names(
            "diffinfo." + name.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
        )
        assert "config.py" not in reached, name
        assert not any(other.startswith("stages/") for other in reached), name
        if name.startswith("figures/"):
            assert all(
                other.startswith("figures/") or other in ("files.py", "__init__.py")
                for other in reached
            ), name
        if not name.startswith("train/"):
            assert not any(other.startswith("train/") for other in reached), name


def test_figures_never_import_jax():
    for path in (ROOT / "figures").glob("*.py"):
        assert "jax" not in path.read_text(), path


def test_the_hash_follows_the_files():
    assert source_hash("diffinfo.train.loop") == source_hash("diffinfo.train.loop")
    assert source_hash("diffinfo.train.loop") != source_hash("diffinfo.estimate.integrand")
    with pytest.raises(ModuleNotFoundError):
        closure("diffinfo.nothing")
