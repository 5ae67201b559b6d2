"""What must hold in the tables of Figs. 23 to 26, made small."""

import jax
import numpy as np
import pytest

from diffinfo.estimate.risk import risk_curve
from diffinfo.estimate.statistics import exponent
from diffinfo.exact.toys import TOYS, energy_distance, mode_scores, negative_log_likelihood
from diffinfo.process.schedule import ddpm_alphas_cumprod, log_snr_of_alpha
from diffinfo.sample.las import las
from diffinfo.tables.theory import (
    bit_terminal_kl,
    entropy_against_dimension,
    levels_against_dimension,
    path_costs,
    toys,
)


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
    return toys(samples=6_000, curve=4000)


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
    mixture, lams = TOYS["circle8"](), log_snr_of_alpha(ddpm_alphas_cumprod())[::-1]
    risk, error = risk_curve(
        mixture.denoiser(), mixture.draw(10_000, np.random.default_rng(0)), lams, jax.random.key(0)
    )
    probe = [0, 250, 500, 750, 900, 999]
    expected = np.array([16.03, 15.59, 9.125, 0.7722, 0.08134, 1.997e-4])
    assert (np.abs(risk[probe] - expected) < 4 * np.hypot(error[probe], 0.01 * expected)).all()
    sigmas = las(np.exp(lams), risk, 5, 0.05).sigma
    np.testing.assert_allclose(sigmas, [157.4, 2.515, 1.419, 0.836, 0.466, 0.0100], rtol=0.03)


def test_terminal_kl_falls_like_one_over_the_square_of_the_steps():
    for steps, expected in ((5, 5.351e-2), (10, 1.2010e-2), (20, 2.856e-3)):
        assert bit_terminal_kl(steps) == pytest.approx(expected, rel=0.005)


def _values(table, *columns):
    """The table's values with a column for every combination of `columns`."""
    index = ["steps"] if "target" in columns else ["dimension"]
    return table.pivot_table(index=index, columns=list(columns), values="value")


def test_small_path_costs():
    costs = _values(path_costs(paths=500, counts=(4, 16), levels=48), "target", "quantity")
    for target in ("two points", "three modes"):
        best = costs[target, "best_schedule"]
        assert (best < costs[target, "discretisation"]).all()
        assert best[16] < best[4]
    assert (costs["two points", "bound"] > costs["two points", "discretisation"]).all()
    parts = costs["three modes", "discretisation"] + costs["three modes", "approximation"]
    np.testing.assert_allclose(costs["three modes", "imperfect"], parts, atol=1e-8)


def test_small_entropy_against_dimension():
    table = entropy_against_dimension(
        draws=4000,
        paths=100,
        codewords=(2, 4),
        dimensions=(2, 32),
        sizes=(2, 4, 8, 16),
        bits=(1, 2, 8, 10),
        amplitudes=(4, 8, 32),
        points=401,
        lattice_dimensions=(2, 32),
    )
    books = _values(table[table["experiment"] == "codebook"], "entropy", "quantity")
    for entropy in np.log([2, 4]):
        assert books[entropy, "plain"][32] > 2 * books[entropy, "plain"][2]
        assert books[entropy, "structured"][32] < 1.1 * books[entropy, "structured"][2]
        assert (books[entropy, "structured"] < books[entropy, "theorem"]).all()
    # With R / H fixed steps grow like H; with R fixed, like H log(1 + R / H).
    for family, expected in (("even weights", 0.97), ("uneven weights", 0.77)):
        rows = table[table["experiment"] == family].pivot(
            index="entropy", columns="quantity", values="value"
        )
        np.testing.assert_allclose(rows["path"], rows["limit"], rtol=0.06)
        assert (rows["path"] < rows["theorem"]).all()
        assert exponent(rows.index, rows["path"])[0] == pytest.approx(expected, abs=0.05)
    bits = _values(table[table["experiment"] == "hypercube"], "quantity")
    assert list(bits["path"]) == [35, 68, 266, 332]
    assert (bits["terminal"] < bits["path"]).all()
    # With R / H fixed, 33 steps more for each bit. Where log R grows like H, steps do like H^2.
    levels = _values(table[table["experiment"] == "hierarchy"], "quantity")
    assert list(levels["path"]) == [35, 87, 925, 1422]
    assert exponent(levels.index[2:], levels["path"][2:])[0] == pytest.approx(2, abs=0.1)
    # With H fixed, steps for the path KL grow like log R, and those for the terminal KL do not.
    four = table[table["experiment"] == "four bits"].pivot(
        index="spread", columns="quantity", values="value"
    )
    np.testing.assert_allclose(four["path"].diff()[1:], four["limit"].diff()[1:], rtol=0.05)
    assert four["terminal"].max() <= 10


def test_small_levels_against_dimension():
    table = levels_against_dimension(
        samples=500, dimensions=(32, 128), planted=(64, 256), codebooks=(64, 256), shares=(64,)
    )
    levels = _values(table[table["quantity"] != "planted_fraction"], "quantity")
    for quantity in levels.drop(columns="visible_width"):
        assert levels[quantity].dropna().is_monotonic_increasing
    assert levels["visible_width"].dropna().is_monotonic_decreasing
    shares = table.loc[table["quantity"] == "planted_fraction", "value"].to_numpy()
    assert shares[0] < 0.1 < 0.3 < shares[-1]
