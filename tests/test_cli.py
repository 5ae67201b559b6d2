"""Every stage by hand, one after the other, and a training killed with SIGKILL."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from diffinfo.cli import STAGES, main
from diffinfo.files import read_json

PAIRS = {"dim_x": 3, "dim_y": 2, "sigma_eps": 0.5, "n_train": 500, "n_test": 50}
TRAIN = {"network": {"mlp": {"width": 16, "depth": 1}}, "train": {"steps": 120, "batch": 64}}


def test_help_teaches(capsys):
    for arguments in ([], *([stage] for stage in STAGES)):
        with pytest.raises(SystemExit) as stopped:
            main([*arguments, "--help"])
        assert stopped.value.code == 0
        text = capsys.readouterr().out
        assert "examples:" in text or not arguments
        assert all(stage in text for stage in STAGES) or arguments


def test_the_whole_path_for_vectors(tmp_path, capsys):
    run = tmp_path / "pairs" / "seed-0"
    data, model, estimate = (
        tmp_path / "pairs" / "data.npz",
        run / "model.msgpack",
        run / "estimate.json",
    )
    source = json.dumps({"data": {"gaussian": PAIRS | {"n_test": 200}}})
    assert main(["data", "--settings", source, "--out", str(data)]) == 0
    assert (
        main(["train", "--settings", json.dumps(TRAIN), "--data", str(data), "--out", str(model)])
        == 0
    )
    assert not list(run.glob(".resume/*"))
    history = pd.read_csv(run / "model.history.csv")
    assert len(history) == 120
    assert np.isfinite(history).all(axis=None)
    grid = '{"estimate": {"draws": 8, "linear_times": 10}}'
    assert (
        main(
            [
                "estimate",
                "--settings",
                grid,
                "--data",
                str(data),
                "--model",
                str(model),
                "--out",
                str(estimate),
            ]
        )
        == 0
    )
    result = read_json(estimate)
    assert result["examples"] == 200
    assert set(result["estimates"]["mutual_information"]) >= {
        "loss_difference",
        "squared_difference",
        "calibrated",
    }
    for table in ("profiles", "estimates"):
        assert (
            main(
                [
                    "table",
                    f"runs.{table}",
                    "--runs",
                    str(run),
                    "--out",
                    str(tmp_path / f"{table}.csv"),
                ]
            )
            == 0
        )
    estimates = pd.read_csv(tmp_path / "estimates.csv").set_index(["group", "quantity"])
    row = estimates.loc[("mutual_information", "loss_difference")]
    assert row["exact"] == pytest.approx(
        read_json(data.with_suffix(".json"))["truth"]["mutual_information"]
    )
    assert row["relative_error"] == pytest.approx(row["value"] / row["exact"] - 1)
    assert "± " in (tmp_path / "estimates.md").read_text()
    assert (
        main(
            [
                "figure",
                "fig12",
                "--inputs",
                str(tmp_path / "profiles.csv"),
                "--out",
                str(tmp_path / "f.pdf"),
            ]
        )
        == 0
    )
    assert (tmp_path / "f.png").stat().st_size > 5000
    capsys.readouterr()
    # A sample stage needs labelled images: a clear refusal.
    assert (
        main(
            ["sample", "--data", str(data), "--model", str(model), "--out", str(tmp_path / "s.npz")]
        )
        == 1
    )
    assert "labelled images" in capsys.readouterr().err


def test_models_and_data_must_belong_together(tmp_path, capsys):
    for seed in (0, 1):
        source = json.dumps(
            {
                "data": {
                    "gaussian": {
                        "dim_x": 2,
                        "dim_y": 2,
                        "sigma_eps": 1,
                        "n_train": 99,
                        "n_test": 50,
                        "seed": seed,
                    }
                }
            }
        )
        assert main(["data", "--settings", source, "--out", str(tmp_path / f"{seed}.npz")]) == 0
    short = json.dumps(TRAIN | {"train": {"steps": 2, "batch": 8}})
    assert (
        main(
            [
                "train",
                "--settings",
                short,
                "--data",
                str(tmp_path / "0.npz"),
                "--out",
                str(tmp_path / "m.msgpack"),
            ]
        )
        == 0
    )
    arguments = [
        "--data",
        str(tmp_path / "1.npz"),
        "--model",
        str(tmp_path / "m.msgpack"),
        "--out",
        str(tmp_path / "e.json"),
    ]
    assert main(["estimate", *arguments]) == 1
    assert "trained on other data" in capsys.readouterr().err


def test_errors_are_one_line(tmp_path, capsys):
    assert (
        main(
            [
                "data",
                "--settings",
                '{"data": {"npz": {"path": "/none.npz"}}}',
                "--out",
                str(tmp_path / "a.npz"),
            ]
        )
        == 1
    )
    assert capsys.readouterr().err == "diffinfo data: /none.npz: no such file\n"
    assert (
        main(["data", "--settings", '{"data": {"npzz": {}}}', "--out", str(tmp_path / "a.npz")])
        == 1
    )
    assert "'npzz' was unexpected" in capsys.readouterr().err


def test_schedule_of_a_risk_curve(tmp_path, capsys):
    snr = np.exp(np.linspace(-10.1, 9.2, 300))
    curve = tmp_path / "curve.csv"
    curve.write_text("snr,risk\n" + "\n".join(f"{s},{16 / (1 + s)}" for s in snr))
    assert (
        main(
            [
                "schedule",
                "--risk",
                str(curve),
                "--steps",
                "6",
                "--out",
                str(tmp_path / "schedule.csv"),
            ]
        )
        == 0
    )
    rows = np.genfromtxt(tmp_path / "schedule.csv", delimiter=",", names=True)
    assert rows.dtype.names == ("step", "snr", "log_snr", "sigma", "timestep")
    np.testing.assert_allclose(rows["snr"][[0, -1]], snr[[0, -1]])
    np.testing.assert_allclose(rows["sigma"] ** -2, rows["snr"])
    assert rows["timestep"][0] == 998  # sigma 156.0, and the last but one of DDPM's is 155.8
    assert rows["timestep"][-1] == 0
    assert (np.diff(rows["timestep"]) < 0).all()
    capsys.readouterr()
    assert main(["schedule", "--risk", str(curve), "--steps", "6"]) == 0
    assert len(capsys.readouterr().out.splitlines()) == 8
    curve.write_text("snr,loss\n1,2\n")
    assert main(["schedule", "--risk", str(curve), "--steps", "1"]) == 1
    assert "no column risk; it has snr, loss" in capsys.readouterr().err


def test_kill_minus_nine_in_the_middle_then_the_same_command(tmp_path):
    data = tmp_path / "data.npz"
    source = json.dumps({"data": {"gaussian": PAIRS}})
    assert main(["data", "--settings", source, "--out", str(data)]) == 0
    long = json.dumps(TRAIN | {"train": {"steps": 3000, "batch": 64}})
    environment = os.environ | {"JAX_COMPILATION_CACHE_DIR": str(tmp_path / "jax")}

    def command(out):
        options = [
            "--settings",
            long,
            "--data",
            str(data),
            "--out",
            str(out),
            "--save-every",
            "0",
            "--steps-per-dispatch",
            "10",
        ]
        return [sys.executable, "-m", "diffinfo", "train", "--threads", "1", *options]

    killed, whole = tmp_path / "killed" / "m.msgpack", tmp_path / "whole" / "m.msgpack"
    with subprocess.Popen(
        command(killed), env=environment, stderr=subprocess.PIPE, text=True
    ) as process:
        deadline = time.monotonic() + 120
        while not list(killed.parent.glob(".resume/*.msgpack")) and time.monotonic() < deadline:
            time.sleep(0.02)
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert not killed.exists(), "finished before it could be killed"
    resumed = subprocess.run(
        command(killed), env=environment, capture_output=True, text=True, check=True
    )
    assert "going on from step" in resumed.stderr
    subprocess.run(command(whole), env=environment, capture_output=True, check=True)
    assert killed.read_bytes() == whole.read_bytes()
    assert (
        killed.with_suffix(".history.csv").read_bytes()
        == whole.with_suffix(".history.csv").read_bytes()
    )


@pytest.fixture
def pairs(tmp_path):
    """A CSV of 300 related pairs."""
    rng = np.random.default_rng(0)
    x = rng.standard_normal(300)
    table = pd.DataFrame({"a": x, "b": x + rng.standard_normal(300)})
    table.to_csv(tmp_path / "genes.csv", index=False)
    return tmp_path / "genes.csv"


def _mi(monkeypatch, *words):
    """`diffinfo mi` with a stand-in for the estimate, which takes a minute."""
    levels = {"lam_low": [0.0], "lam_high": [1.0], "s_low": [0.1], "s_high": [0.5]}
    profile = pd.DataFrame({"quantity": ["loss_difference"]} | levels)
    for name in ("amount", "remaining"):
        profile[name], profile[f"{name}_se"] = 0.3, 0.01
    calls = []

    class Found:
        warnings = ()

        def __str__(self):
            return "I(X;Y) = 0.3"

    Found.profile = profile
    monkeypatch.setattr(
        "diffinfo.studies.mi.estimate_mi", lambda *args, **kwargs: calls.append(1) or Found()
    )
    return main(["mi", *words]), len(calls)


def test_a_plot_replaces_nothing_but_an_earlier_plot(pairs, monkeypatch, capsys):
    arrays = ("--x", f"{pairs}:a", "--y", f"{pairs}:b", "--plot")
    before = pairs.read_bytes()
    for name, message in (
        ("genes.pdf", "genes.csv: is read by this command; name another file"),
        ("genes.jpg", "genes.csv: is read by this command"),
        ("where.jpg", r"--plot .*where.jpg: needs the suffix .pdf or .svg"),
    ):
        assert _mi(monkeypatch, *arrays, str(pairs.with_name(name))) == (1, 0)
        assert re.search(message, capsys.readouterr().err)
    assert pairs.read_bytes() == before
    plot = pairs.with_name("where.pdf")
    for name in ("where.csv", "where.png", "where.pdf"):
        other = pairs.with_name(name)
        other.write_text("somebody's")
        assert _mi(monkeypatch, *arrays, str(plot)) == (1, 0)
        assert f"would replace {other}, which is not of an earlier plot" in capsys.readouterr().err
        assert other.read_text() == "somebody's"
        other.unlink()
    for _ in range(2):  # the second time over its own files
        assert _mi(monkeypatch, *arrays, str(plot)) == (0, 1)
        assert "0.3" in capsys.readouterr().out
        assert plot.stat().st_size > 1000


def test_the_number_is_printed_before_the_plot_is_drawn(pairs, monkeypatch, capsys):
    def full(*args):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("diffinfo.figures.where.draw", full)
    arrays = ("--x", f"{pairs}:a", "--y", f"{pairs}:b", "--plot", str(pairs.with_name("p.pdf")))
    assert _mi(monkeypatch, *arrays) == (1, 1)
    printed = capsys.readouterr()
    assert "I(X;Y) = 0.3" in printed.out
    assert "No space left" in printed.err


def test_no_command_writes_over_what_it_reads(tmp_path, capsys):
    for name in ("d.npz", "d.json", "m.msgpack", "curve.csv", "own.npz"):
        (tmp_path / name).write_text("precious")
    (tmp_path / "folder.json").mkdir()
    at = {path.name: str(path) for path in tmp_path.iterdir()}
    own = json.dumps({"data": {"npz": {"path": at["own.npz"]}}})
    read = "is read by this command; name another file to write"
    for words, message in (
        (["schedule", "--risk", at["curve.csv"], "--steps", "3", "--out", at["curve.csv"]], read),
        (
            ["train", "--settings", json.dumps(TRAIN), "--data", at["d.npz"], "--out", at["d.npz"]],
            read,
        ),
        (
            ["estimate", "--data", at["d.npz"], "--model", at["m.msgpack"], "--out", at["d.json"]],
            read,
        ),
        (["data", "--settings", own, "--out", at["own.npz"]], read),
        (["figure", "fig12", "--inputs", at["curve.csv"], "--out", at["curve.csv"]], read),
        (
            [
                "estimate",
                "--data",
                at["d.npz"],
                "--model",
                at["m.msgpack"],
                "--out",
                at["folder.json"],
            ],
            "folder.json: is a folder; name a file to write",
        ),
        (
            [
                "schedule",
                "--risk",
                at["curve.csv"],
                "--steps",
                "3",
                "--out",
                at["own.npz"] + "/x.csv",
            ],
            r"own\.npz is not a folder that you can write to",
        ),
    ):
        assert main(words) == 1, words
        assert re.search(message, capsys.readouterr().err), words
    assert all(Path(at[name]).read_text() == "precious" for name in at if name != "folder.json")


def test_a_file_with_a_colon_in_its_name_is_not_replaced_either(pairs, monkeypatch, capsys):
    odd = pairs.rename(pairs.with_name("odd:genes.csv"))
    arrays = ("--x", f"{odd}:a", "--y", f"{odd}:b", "--plot", str(odd.with_suffix(".pdf")))
    assert _mi(monkeypatch, *arrays) == (1, 0)
    assert "odd:genes.csv: is read by this command" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["schedule", "--lambda", "nan"], "--lambda: nan: must be a finite number of 0 or more"),
        (["schedule", "--rho", "inf"], "--rho: inf: must be a finite number"),
        (["schedule", "--steps", "0"], "--steps: 0: must be a whole number of 1 or more"),
        (["train", "--seed", str(2**32)], "must be a whole number from 0 to 4294967295"),
        (["train", "--seed", "-1"], "--seed: -1: must be a whole number"),
        (["train", "--steps-per-dispatch", "0"], "--steps-per-dispatch: 0: must be"),
        (["train", "--save-every", "-1"], "--save-every: -1: must be"),
        (["train", "--threads", "-1"], "--threads: -1: must be"),
    ],
)
def test_numbers_out_of_range_are_refused(words, message, capsys):
    with pytest.raises(SystemExit) as stopped:
        main(words)
    assert stopped.value.code == 2
    assert message in capsys.readouterr().err


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (b"snr,risk\n1,5,9\n2,4,9\n", "rows have more fields than the first line has names"),
        ("snr,risk\n1,5\n2,4\n".encode("utf-16"), "not UTF-8 text"),
        (b"snr;risk\n1;5\n2;4\n", "separate columns by commas"),
        (b"1,5\n2,4\n", "its first line has to name them"),
        (b"", "not a CSV"),
    ],
)
def test_damaged_curves_are_named(tmp_path, text, message, capsys):
    (tmp_path / "curve.csv").write_bytes(text)
    assert main(["schedule", "--risk", str(tmp_path / "curve.csv"), "--steps", "1"]) == 1
    told = capsys.readouterr().err
    assert message in told
    assert "curve.csv" in told


def test_a_number_with_a_point_is_no_whole_number(pairs, capsys):
    settings = '{"network": {"mlp": {}}, "train": {"steps": 20.0}}'
    words = ["train", "--settings", settings, "--data", "none.npz", "--out", "m.msgpack"]
    assert main(words) == 1
    assert "train.steps: 20.0 is not a whole number; write 20" in capsys.readouterr().err
    assert main([*words[:-1], "."]) == 1
    assert "--out .: is a folder" in capsys.readouterr().err
