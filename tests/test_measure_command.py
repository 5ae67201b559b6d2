"""`diffinfo measure`: a function of a user's own, in any convention, against a closed form."""

import json

import numpy as np
import pandas as pd
import pytest

from diffinfo.cli import main
from diffinfo.exact.denoisers import GaussianDenoiser
from diffinfo.studies.measure import measure

VARIANCE = 0.3
# The denoised data, the noise and the velocity that a Gaussian of this variance has, in each
# convention; labels tell nothing.
MODEL = f"""
import numpy as np
V = {VARIANCE}

def D(x, sigma, y=None):
    return x * V / (V + sigma[:, None] ** 2)

def eps(x, t, y=None):
    beta = np.linspace(1e-4, 0.02, 1000)
    log_alpha = np.interp(t, np.arange(1000), np.log(np.cumprod(1 - beta)))
    a2 = np.exp(log_alpha)[:, None]
    return x * np.sqrt(1 - a2) / (a2 * V + 1 - a2)

def flow(x, t, y=None):
    t = t[:, None]
    total = (1 - t) ** 2 * V + t**2
    return (t - (1 - t) * V) * x / total

number = 3

def breaks(x, sigma, y=None):
    return x[:, :1]
"""


@pytest.fixture
def desk(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "model.py").write_text(MODEL)
    rng = np.random.default_rng(0)
    x = np.sqrt(VARIANCE) * rng.standard_normal((3000, 2))
    np.savez(tmp_path / "data.npz", x=x, y=np.arange(3000) % 2)
    return tmp_path


def command(*words):
    return main(["measure", "--data", "data.npz", "--backend", "numpy", "--seed", "1", *words])


@pytest.mark.parametrize("convention", ["D edm", "eps eps", "flow flow"])
def test_a_function_measures_as_the_exact_field(desk, convention, capsys):
    name, convention = convention.split()
    words = ["--convention", convention, "--lam-range", "-6", "6", "--out", "out.json"]
    assert command("--denoiser", f"model.py:{name}", *words) == 0
    found = json.loads((desk / "out.json").read_text())
    with np.load(desk / "data.npz") as data:
        exact = measure(
            GaussianDenoiser.of(np.zeros(2), VARIANCE * np.eye(2)),
            data["x"],
            lam_range=(-6.0, 6.0),
            seed=1,
            block=256,
        )
    told = found["estimates"]["entropy"]["s_nn"]
    # The same noise; between two time steps the table is interpolated otherwise than in the model.
    assert told["value"] == pytest.approx(exact.s_nn.value, rel=2e-3)
    assert found["lam_max"] == pytest.approx(6)
    information = found["estimates"]["mutual_information"]["loss_difference"]
    assert abs(information["value"]) < 1e-3
    risk = pd.read_csv(desk / "out.risk.csv")
    expected = 2 * VARIANCE / (1 + VARIANCE * risk["snr"])
    assert (abs(risk["risk"] - expected) < 5 * risk["standard_error"] + 1e-6).all()
    assert "mutual information" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("denoiser", "more", "message"),
    [
        ("gone.py:D", ["--convention", "edm"], "no file gone.py"),
        ("model.py", ["--convention", "edm"], "name the function, as in model.py:D"),
        ("model.py:F", ["--convention", "edm"], "has no function F; it has D, eps, flow, breaks"),
        ("model.py:number", ["--convention", "edm"], "has no function number"),
        ("model.py:breaks", ["--convention", "edm"], "shape"),
        ("broken.py:D", ["--convention", "edm"], "broken.py: fails with NameError"),
        ("model.py:eps", ["--convention", "eps", "--alphas", "no.npy"], "--alphas no.npy"),
        ("model.py:D", ["--convention", "edm", "--integer-timesteps"], "edm has none"),
        ("model.py:D", ["--convention", "edm", "--out", "model.py"], "is read by this command"),
    ],
)
def test_what_cannot_be_used_is_named(desk, denoiser, more, message, capsys):
    (desk / "broken.py").write_text("nonsense")
    assert command("--denoiser", denoiser, *more) == 1
    told = capsys.readouterr().err
    assert message in told
    assert "Traceback" not in told


def test_arrays_of_other_names_are_named(desk, capsys):
    np.savez(desk / "data.npz", images=np.ones((3, 2)))
    assert command("--denoiser", "model.py:D", "--convention", "edm") == 1
    assert "holds images; needs x" in capsys.readouterr().err
