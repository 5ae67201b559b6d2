"""The tables of Figs. 23 to 26, small: what must hold in them."""

import jax
import numpy as np
import pytest

from diffinfo.estimate.risk import risk_curve
from diffinfo.exact.denoisers import MixtureDenoiser
from diffinfo.exact.toys import (
    TOYS,
    ddpm_log_snrs,
    energy_distance,
    mode_scores,
    negative_log_likelihood,
)
from diffinfo.sample.las import las
from diffinfo.tables.theory import bit_terminal_kl, toys


@pytest.mark.parametrize("name", list(TOYS))
def test_scores_of_the_mixture_itself(name):
    mixture = TOYS[name]()
    rng = np.random.default_rng(5)
    x, y = mixture.draw(100_000, rng), mixture.draw(2000, rng)
    nll = negative_log_likelihood(mixture, x)
    assert nll.mean() == pytest.approx(2.0402, abs=4 * nll.std() / np.sqrt(len(x)) + 0.0024)
    ratio, apart = mode_scores(mixture, x)
    assert ratio == pytest.approx(1, abs=0.02)
    assert apart < 0.01
    assert abs(energy_distance(x[:2000], y)) < 0.02
    assert energy_distance(0.5 * x[:2000], y) > 0.1
    # A collapsed sampler has a better likelihood than the data, and is found out by its variance.
    collapsed = mixture.means[rng.choice(8, 1000, p=mixture.weights)]
    assert negative_log_likelihood(mixture, collapsed).mean() < nll.mean() - 0.9
    assert mode_scores(mixture, collapsed)[0] == 0


@pytest.fixture(scope="module")
def table():
    return toys(samples=10_000, seeds=1, curve=4000)


def test_published_order_of_schedules_and_values(table):
    nll = table[table["quantity"] == "nll"].set_index(["toy", "sampler", "nfe", "schedule"])[
        "value"
    ]
    for toy in TOYS:
        for steps in (5, 7):
            las, linear, edm = (nll[toy, "DDIM", steps, name] for name in ("LAS", "linear", "EDM"))
            assert las < linear < edm
    rows = table[table["published"].notna()]
    assert len(rows) == 36
    assert (abs(rows["value"] / rows["published"] - 1) < 0.1).all()


def test_the_first_order_schedule_without_saturation_has_the_least_path_kl(table):
    costs = table[table["quantity"] == "path_kl"].set_index(["toy", "nfe", "schedule"])["value"]
    for toy in TOYS:
        for steps in (5, 7, 10):
            assert costs[toy, steps].idxmin() == "LAS, lambda 0"
    expected = {5: 21.05, 7: 11.82, 10: 6.81}
    for steps, value in expected.items():
        assert costs["circle8", steps, "LAS, lambda 0"] == pytest.approx(value, rel=0.05)


def test_the_schedule_of_the_circle():
    """Risk and LAS(0.05) levels of the reference, the latter within its 3 %."""
    mixture, lams = TOYS["circle8"](), ddpm_log_snrs()
    denoiser = MixtureDenoiser.of(
        mixture.means, mixture.variance, mixture.weights, np.zeros(8, int)
    )
    risk, error = risk_curve(
        denoiser, mixture.draw(10_000, np.random.default_rng(0)), lams, jax.random.key(0)
    )
    probe = [0, 250, 500, 750, 900, 999]
    expected = np.array([16.03, 15.59, 9.125, 0.7722, 0.08134, 1.997e-4])
    assert (np.abs(risk[probe] - expected) < 4 * np.hypot(error[probe], 0.01 * expected)).all()
    sigmas = np.exp(-0.5 * lams[las(np.exp(lams), risk, 5, 0.05)])
    np.testing.assert_allclose(sigmas, [157.4, 2.515, 1.419, 0.836, 0.466, 0.0100], rtol=0.03)


def test_terminal_kl_falls_like_one_over_the_square_of_the_steps():
    for steps, expected in ((5, 5.351e-2), (10, 1.2010e-2), (20, 2.856e-3)):
        assert bit_terminal_kl(steps) == pytest.approx(expected, rel=0.005)
