import subprocess
import sys
from pathlib import Path

import pytest

from diffinfo.config import complete
from diffinfo.data.inputs import VERSIONS, prepared_files, prepared_folder, source_files
from diffinfo.errors import DataError


def _files(source, **options):
    return source_files(complete("data", {source: options}))


def _prepared(name, **options):
    return prepared_files(prepared_folder(name, complete("data", {name: options})[name]))


def _touch(*paths):
    for path in paths:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()


def test_computed_data_read_no_files():
    assert _files("gaussian") == _files("digits") == []


def test_own_arrays_are_their_file():
    assert _files("npz", path="pairs.npz") == [Path("pairs.npz")]


def test_a_folder_is_the_images_of_its_classes(tmp_path):
    images = [
        tmp_path / "cats" / "1.png",
        tmp_path / "cats" / "2.JPG",
        tmp_path / "dogs" / "1.jpeg",
    ]
    _touch(*reversed(images), tmp_path / "cats" / "notes.txt", tmp_path / ".trash" / "1.png")
    assert _files("folder", path=str(tmp_path)) == images


def test_a_folder_without_images_is_named(tmp_path):
    _touch(tmp_path / "cats" / "notes.txt")
    for path in (tmp_path, tmp_path / "gone"):
        with pytest.raises(DataError, match=rf"data\.folder\.path: no files under {path}"):
            _files("folder", path=str(path))


@pytest.mark.parametrize("name", VERSIONS)
def test_prepared_data_lie_in_a_folder_of_their_version(tmp_path, monkeypatch, name):
    folder = tmp_path / name / VERSIONS[name]
    files = [
        folder / "dataset_info.json",
        folder / "features.json",
        folder / "label.labels.txt",
        folder / f"{name}-train.array_record-00000-of-00001",
    ]
    _touch(*files[1:], folder / "notes.md")
    assert _prepared(name, data_dir=str(tmp_path)) == [], "its preparation was interrupted"
    _touch(files[0])
    assert _prepared(name, data_dir=str(tmp_path)) == sorted(files)
    monkeypatch.setenv("TFDS_DATA_DIR", str(tmp_path))
    assert _prepared(name) == sorted(files)
    monkeypatch.delenv("TFDS_DATA_DIR")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert _prepared(name) == []
    (tmp_path / "tensorflow_datasets").symlink_to(tmp_path)
    assert [path.name for path in _prepared(name)] == [path.name for path in sorted(files)]


@pytest.mark.parametrize("name", VERSIONS)
def test_a_download_between_two_runs_is_no_change_of_inputs(tmp_path, name):
    _touch(tmp_path / name / VERSIONS[name] / "dataset_info.json")
    assert _prepared(name, data_dir=str(tmp_path))
    assert _files(name, data_dir=str(tmp_path)) == []


def test_the_workflow_can_ask_before_anything_is_installed():
    program = "import sys, diffinfo.data.inputs; print('numpy' in sys.modules)"
    answer = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert answer.stdout.strip() == "False", answer.stderr
