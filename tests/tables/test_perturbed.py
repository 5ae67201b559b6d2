"""Errors of known energy move each estimator by what theory says."""

import numpy as np
import pytest

from diffinfo.tables.perturbed import perturbed


@pytest.fixture(scope="module")
def moved():
    """By how much each estimate moves for an error of one nat, by kind and estimator."""
    table = perturbed(examples=400, energies=(0.0, 1.0), draws=32)
    assert table["exact"].iloc[0] == pytest.approx(np.log(10), abs=1e-3)
    values = table.pivot(index=["kind", "quantity"], columns="energy", values="value")
    return values[1.0] - values[0.0]


def test_an_error_of_the_unconditional_field_goes_in_full_into_differences(moved):
    of = moved["unconditional"]
    assert of["squared_difference"] == pytest.approx(1, abs=0.1)
    assert of["loss_difference"] == pytest.approx(1, abs=0.15)
    assert of["entropy_difference"] == pytest.approx(-1, abs=0.15)
    assert of["mixture_difference"] == of["classification_bound"] == 0


def test_an_error_that_all_fields_share_leaves_differences_alone(moved):
    assert moved["common"].abs().max() < 0.05


def test_errors_of_each_label_bias_differences_and_hardly_the_bound(moved):
    of = moved["labels"]
    assert of["squared_difference"] == pytest.approx(1, abs=0.1)
    assert of["loss_difference"] == pytest.approx(-1, abs=0.15)
    assert of["aligned_difference"] == pytest.approx(0, abs=0.15)
    assert abs(of["mixture_difference"]) < 0.1
    assert -0.1 < of["classification_bound"] <= 1e-6
