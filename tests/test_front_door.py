"""`import diffinfo`: what it offers, that it is quick, and the example that README opens with."""

import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from scipy.integrate import quad

import diffinfo

README = (Path(__file__).parents[1] / "README.md").read_text()


@pytest.mark.parametrize("name", diffinfo.__all__)
def test_what_is_offered_is_there(name):
    assert getattr(diffinfo, name).__doc__
    assert name in dir(diffinfo)
    assert name in diffinfo.__doc__


def test_nothing_else_is():
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = diffinfo.nothing


def test_importing_it_does_not_wait_for_jax():
    code = "import sys, diffinfo; assert 'jax' not in sys.modules and 'numpy' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_the_example_of_the_readme_measures_the_truth(capsys):
    names = {}
    exec(re.search(r"```python\n(.*?)```", README, re.DOTALL)[1], names)
    measured = names["measured"]

    def posterior_entropy(x):
        p = 1 / (1 + np.exp(-8 * np.abs(x)))
        density = sum(np.exp(-2 * (x - m) ** 2) for m in (-1, 1)) / np.sqrt(2 * np.pi)
        return -density * (p * np.log(p) + (1 - p) * np.log1p(-p)) if p < 1 else 0.0

    truth = np.log(2) - quad(posterior_entropy, -6, 6, points=[0], limit=200)[0]
    assert f"{truth:.4f} nats in truth" in README
    for name in ("loss_difference", "classification_bound"):
        estimate = measured.estimates["mutual_information"][name]
        printed = float(re.search(rf"{name} ([\d.]+) \+-", README)[1])
        assert printed == pytest.approx(estimate.value, abs=0.1 * estimate.standard_error)
    for estimate in measured.estimates["mutual_information"].values():
        assert abs(estimate.value - truth) < 4 * estimate.standard_error
