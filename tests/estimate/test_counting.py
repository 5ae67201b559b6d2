"""Counted information against exact sums over known laws."""

import numpy as np
import pytest

from diffinfo.estimate.counting import are_few, counted, states


def _information(joint):
    independent = joint.sum(1, keepdims=True) * joint.sum(0)
    seen = joint > 0
    return float((joint[seen] * np.log(joint[seen] / independent[seen])).sum())


LAWS = {
    "independent": np.outer([0.2, 0.3, 0.5], [0.6, 0.4]),
    "channel": np.array([[0.45, 0.05], [0.1, 0.4]]),
    "zeros": np.array([[0.3, 0.0, 0.1], [0.0, 0.4, 0.0], [0.05, 0.0, 0.15]]),
    "wide": np.random.default_rng(3).dirichlet(np.full(400, 0.3)).reshape(20, 20),
}


@pytest.mark.parametrize("law", LAWS)
def test_laws_are_measured_within_their_errors(law):
    """Over 200 draws: the mean is right, and the errors are. Rare states leave a bias of 0.3 %."""
    joint, rng, n = LAWS[law], np.random.default_rng(0), 4000
    found = []
    for _ in range(200):
        x, y = np.divmod(rng.choice(joint.size, n, p=joint.ravel()), joint.shape[1])
        estimate = counted(x, y)["counted"]
        found.append((estimate.value, estimate.standard_error))
    values, errors = np.array(found).T
    allowed = 4 * values.std() / np.sqrt(200) + (0.0025 if law == "wide" else 1e-4)
    assert abs(values.mean() - _information(joint)) < allowed
    assert errors.mean() == pytest.approx(values.std(), rel=0.25)


def test_parity_is_found_whatever_the_number_of_bits():
    bits = np.random.default_rng(0).integers(0, 2, (10_000, 5))
    x, y = states(bits), bits.sum(1) % 2
    assert are_few(x, y)
    estimate = counted(x, y)["counted"]
    assert abs(estimate.value - np.log(2)) < 4 * estimate.standard_error + 1e-3


def test_many_states_are_not_counted():
    rng = np.random.default_rng(0)
    assert not are_few(states(rng.standard_normal((1000, 1))), rng.integers(0, 2, 1000))
    assert not are_few(rng.integers(0, 40, 1000), rng.integers(0, 40, 1000)), "too many pairs"
    assert are_few(rng.integers(0, 9, 1000), rng.integers(0, 9, 1000))


@pytest.mark.parametrize("law", ["independent", "channel"])
def test_of_groups_of_copies_mean_and_error_are_those_of_the_groups(law):
    """Each pair stands in 1 to 19 rows; over 200 draws."""
    joint, rng, n = LAWS[law], np.random.default_rng(0), 300
    found = []
    for _ in range(200):
        x, y = np.divmod(rng.choice(joint.size, n, p=joint.ravel()), joint.shape[1])
        groups = np.repeat(np.arange(n), rng.integers(1, 20, n))
        estimate = counted(x[groups], y[groups], groups)["counted"]
        found.append((estimate.value, estimate.standard_error))
    values, errors = np.array(found).T
    assert abs(values.mean() - _information(joint)) < 4 * values.std() / np.sqrt(200) + 5e-4
    assert errors.mean() == pytest.approx(values.std(), rel=0.4 if law == "independent" else 0.2)
