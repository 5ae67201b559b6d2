"""`import diffinfo`: what it offers, that it is quick, and the example that README opens with."""

import subprocess
import sys

import numpy as np
import pytest
from scipy.integrate import quad

import diffinfo

README = """
import numpy as np, diffinfo
means = np.array([[-1.0], [1.0]])
y = np.random.default_rng(0).integers(0, 2, 10_000)
x = means[y] + 0.5 * np.random.default_rng(1).standard_normal((10_000, 1))
exact = diffinfo.MixtureDenoiser.of(means, 0.25, weights=[1, 1], component_class=[0, 1])
measured = diffinfo.measure(exact, x, y)
print(measured)
"""


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
    exec(README, names)
    measured = names["measured"]

    def posterior_entropy(x):
        p = 1 / (1 + np.exp(-8 * np.abs(x)))
        density = sum(np.exp(-2 * (x - m) ** 2) for m in (-1, 1)) / np.sqrt(2 * np.pi)
        return -density * (p * np.log(p) + (1 - p) * np.log1p(-p)) if p < 1 else 0.0

    truth = np.log(2) - quad(posterior_entropy, -6, 6, points=[0], limit=200)[0]
    for estimate in measured.estimates["mutual_information"].values():
        assert abs(estimate.value - truth) < 4 * estimate.standard_error
