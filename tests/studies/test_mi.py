"""`estimate_mi` and `diffinfo mi`: what they refuse, what never changes the number, and known
truths.
"""

import json
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

import diffinfo
from diffinfo.cli import main
from diffinfo.data.canonical import normal_scores
from diffinfo.data.columns import as_labels, opened
from diffinfo.data.table_files import read_columns
from diffinfo.errors import DataError
from diffinfo.estimate.integrand import Terms
from diffinfo.estimate.mutual_information import mutual_information
from diffinfo.estimate.statistics import Estimate
from diffinfo.exact import pairs
from diffinfo.studies import cross_fit, verdict

QUICK = {
    "STEPS": 40,
    "EVERY": 20,
    "BATCH": 128,
    "WIDTH": 16,
    "DEPTH": 1,
    "FOLDS": 2,
    "HALVED_FOLDS": 1,
}

SMALL = {"BATCH": 512, "WIDTH": 64, "FOLDS": 2, "HALVED_FOLDS": 1}


@pytest.fixture
def quick(monkeypatch):
    """A few steps instead of a training: for what does not depend on how well it is done."""
    for name, few in QUICK.items():
        monkeypatch.setattr(cross_fit, name, few)


def _pair(n=400, seed=0):
    return pairs.multinormal("sparse", 2, 2, 0.8).sample(n, np.random.default_rng(seed))


def test_the_number_depends_on_ranks_and_seed_only(quick):
    x, y = _pair()
    measured = diffinfo.estimate_mi(x, y)
    again = diffinfo.estimate_mi(pairs.monotone(x), 1e6 * y - 3)
    assert measured.mi == again.mi
    assert measured.standard_error == again.standard_error
    assert diffinfo.estimate_mi(x, y, random_state=1).mi != measured.mi
    assert measured.bits == measured.mi / np.log(2)
    assert (measured.n, measured.dim_x, measured.dim_y, measured.classes) == (400, 2, 2, None)
    # Gaussian data: the fitted Gaussian is the answer, and training has not made it worse.
    assert abs(measured.mi - 1.02) < 4 * measured.standard_error
    assert measured.converged


def test_labels_give_a_bound_that_holds(quick):
    rng = np.random.default_rng(0)
    names = np.array(["ape", "bee", "cat"])[rng.integers(0, 3, 600)]
    x = rng.standard_normal((600, 2)) + 20 * np.stack([names == "ape", names == "bee"], 1)
    measured = diffinfo.estimate_mi(x, names)
    assert measured.estimator == "classification_bound"
    assert measured.classes == 3
    assert measured.upper_bound == pytest.approx(np.log(3), abs=0.01)
    assert 0.5 * measured.upper_bound < measured.mi <= measured.upper_bound


def test_integers_may_be_numbers_or_labels(quick):
    x, y = _pair()
    several = np.digitize(y[:, 0], [-0.5, 0.5])
    assert diffinfo.estimate_mi(x, several).classes == 3
    assert diffinfo.estimate_mi(x, several, discrete=False).classes is None
    np.testing.assert_array_equal(as_labels(opened(several, "y"), "auto", 8), several)
    assert as_labels(opened(several, "y"), False, 8) is None
    for numbers in (np.arange(400), np.round(3 * y[:, 0]).astype(int)):  # all different; some rare
        assert as_labels(opened(numbers, "y"), "auto", 8) is None


def _with(array, row, column, value):
    array = array.copy()
    array[row, column] = value
    return array


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            lambda x, y: (_with(x, 17, 1, np.nan), y),
            r"x: no value in row 17, column 1 \(1 in all\)",
        ),
        (lambda x, y: (x, _with(y, 3, 0, np.inf)), r"y: inf in row 3, column 0"),
        (lambda x, y: (x[:-1], y), "x has 399 rows and y 400; they must be pairs"),
        (lambda x, y: (np.c_[x, np.ones(400)], y), r"x: column 2 is constant"),
        (lambda x, y: (x[:50], y[:50]), "50 rows are too few for 4 columns: needs at least 200"),
        (
            lambda x, y: (np.random.default_rng(0).standard_normal((400, 90)), y),
            "400 rows are too few for 92 columns",
        ),
        (
            lambda x, y: (x[:, :, None], y),
            r"images of two rows and columns or more; got \(400, 2, 1\)",
        ),
        (lambda x, y: (np.full(400, "a"), y), "x: only one label, 'a'"),
        (lambda x, y: (np.full((400, 2), "a"), y), "x: not numbers but text, such as 'a' in row 0"),
        (lambda x, y: (x, np.zeros(400, int)), "y: only one label"),
        (
            lambda x, y: (x, np.array(["a"] * 397 + ["b"] * 3)),
            "y: the label 'b' has 3 rows, and needs 8; merge or remove it",
        ),
        (lambda x, y: (x, pd.Series(["a", None] * 200)), "y: no value in row 1"),
    ],
)
def test_what_cannot_be_used_is_named(change, message):
    with pytest.raises(DataError, match=message):
        diffinfo.estimate_mi(*change(*_pair()))


@pytest.mark.parametrize(
    ("pair", "steps"),
    [
        (pairs.independent(2), 100),
        (pairs.student("sparse", 2, 2, 0.0, 1), 400),
        (
            pairs.multinormal("sparse", 1, 1, 0.8).mapped("rolled", pairs.rolled, pairs.unchanged),
            300,
        ),
    ],
    ids=["independent", "student", "rolled"],
)
def test_known_truths(pair, steps, monkeypatch):
    # So little is enough for these; benchmarks/mi.py has the whole suite at full length.
    for name, few in (SMALL | {"STEPS": steps}).items():
        monkeypatch.setattr(cross_fit, name, few)
    measured = diffinfo.estimate_mi(*pair.sample(3000, np.random.default_rng(11)))
    assert abs(measured.mi - pair.truth) < 4 * measured.standard_error + 0.005
    assert 1 / 3000 <= measured.standard_error < 0.05, (
        "never none, even of a network that was best untrained"
    )
    assert measured.converged
    assert measured.linear_gaussian <= pair.truth + 0.1


@pytest.mark.parametrize(
    ("gain", "expected"),
    [((0.08, 0.02), 1.08), ((0.02, 0.05), 1.0), ((-0.2, 0.02), 1.0), ((0.4, 0.02), 1.14)],
)
def test_extrapolation_is_for_small_significant_gains(gain, expected):
    known = {
        "aligned_difference": Estimate(1.0, 0.01, 100),
        "loss_difference": Estimate(0.9, 0.03, 100),
    }
    measured = verdict.extrapolated(known, Estimate(*gain, 50))
    assert measured.value == pytest.approx(expected)
    assert measured.standard_error == pytest.approx(np.hypot(0.03, gain[1] if expected > 1 else 0))


def _terms(**known):
    """Terms of 400 rows in one stratum; those not given are zero."""
    names = ("target", "neural_u", "neural_c", "loss_u", "loss_c", "squared", "aligned")
    return Terms(**(dict.fromkeys(names, np.zeros((400, 1))) | known))


@pytest.mark.parametrize(("squared", "converged"), [(1.05, True), (1.2, False), (0.8, False)])
def test_a_network_that_is_not_at_its_optimum_is_said_to_be_one(squared, converged):
    """Exact fields have E<v - v_u, D> = E|D|^2; a tenth is allowed."""
    noise = np.random.default_rng(0).standard_normal((400, 1))
    terms = _terms(aligned=1 + noise, squared=squared + noise)
    warnings = verdict.convergence(terms, mutual_information(terms, np.empty(0)), None, False)
    assert bool(warnings) != converged
    assert converged or "not at its optimum" in warnings[0]


def test_an_untrained_network_is_said_to_be_one(monkeypatch):
    monkeypatch.setattr(cross_fit, "STEPS", 100)
    monkeypatch.setattr(cross_fit, "EVERY", 50)
    pair = pairs.multinormal("sparse", 3, 3, 0.95).mapped("rolled", pairs.rolled)
    measured = diffinfo.estimate_mi(*pair.sample(1000, np.random.default_rng(0)))
    assert abs(measured.mi - pair.truth) > 0.3
    assert not measured.converged
    assert "not at its optimum" in " ".join(measured.warnings)


def test_files_of_every_kind_hold_the_same_columns(tmp_path):
    x, y = _pair()
    table = pd.DataFrame(np.hstack([x, y]), columns=["a", "b", "c", "d"])
    table.to_csv(tmp_path / "t.csv", index=False)
    table.to_parquet(tmp_path / "t.parquet")
    np.save(tmp_path / "x.npy", x)
    np.savez(tmp_path / "both.npz", x=x, y=y)
    for name in ("t.csv:a,b", "t.parquet:a,b", "x.npy", "both.npz:x"):
        np.testing.assert_array_equal(read_columns(str(tmp_path / name)), x)


def test_the_command_prints_json_and_draws(quick, tmp_path, capsys):
    for name, values in zip("xy", _pair(), strict=True):
        np.save(tmp_path / f"{name}.npy", values)
    plot = tmp_path / "where.pdf"
    files = ["--x", str(tmp_path / "x.npy"), "--y", str(tmp_path / "y.npy")]
    assert main(["mi", *files, "--json", "--plot", str(plot)]) == 0
    printed = json.loads(capsys.readouterr().out)
    assert {"mi", "standard_error", "estimator", "converged", "bits", "estimates"} <= set(printed)
    assert plot.stat().st_size > 1000
    assert len(pd.read_csv(plot.with_suffix(".csv"))) > 10


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("none.npy", "none.npy: no such file"),
        ("both.npz", "holds x, y; say which"),
        ("both.npz:z", "has no array 'z'; it holds x, y"),
        ("t.csv:a,q", "has no column 'q'; it has a, b"),
        ("cut.npy", "cut.npy: cannot be read"),
        ("t.txt", "unknown kind .txt"),
    ],
)
def test_files_that_cannot_be_used_are_named(tmp_path, capsys, text, message):
    x, y = _pair()
    np.savez(tmp_path / "both.npz", x=x, y=y)
    pd.DataFrame(x, columns=["a", "b"]).to_csv(tmp_path / "t.csv", index=False)
    np.save(tmp_path / "x.npy", x)
    (tmp_path / "cut.npy").write_bytes((tmp_path / "x.npy").read_bytes()[:300])
    (tmp_path / "t.txt").write_text("1 2")
    assert main(["mi", "--x", str(tmp_path / text), "--y", str(tmp_path / "x.npy")]) == 1
    assert message in capsys.readouterr().err


def test_minutes_end_training(quick):
    measured = diffinfo.estimate_mi(*_pair(), minutes=1e-9)
    assert max(measured.steps) == 0, "the time was up before the first dispatch"
    assert not measured.converged
    assert any("time was up" in warning for warning in measured.warnings)


def test_more_than_radial_factors_must_lose_less_by_the_error_of_that():
    rng = np.random.default_rng(0)
    noise, one, other = rng.standard_normal((400, 1)), np.zeros(1), np.ones(1)

    def lost(unconditional, conditional):
        return _terms(loss_u=unconditional + noise, loss_c=conditional + rng.permutation(noise))

    def chosen(*candidates):
        ways, terms = zip(*candidates, strict=True)
        return cross_fit.better(terms, [SimpleNamespace(x=x, depth=depth) for x, depth in ways])

    radial, deep = ((one, 0), lost(3, 2)), ((one, 3), lost(2, 1.5))
    assert chosen(radial, deep) == 1, "though it tells less"
    assert chosen(radial, ((one, 3), lost(3, 1.99))) == 0
    assert chosen(((one, 3), lost(3, 2)), ((other, 3), lost(9, 5))) == 1
    assert chosen(deep, radial, ((other, 3), lost(3, 2.7)), ((other, 0), lost(4, 2))) == 0


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"discrete": "maybe"}, "discrete: 'maybe'"),
        ({"discrete": 1}, "discrete: 1"),
        ({"missing": "fill"}, "missing: 'fill'"),
        ({"minutes": 0}, "minutes: 0; it is a positive number"),
        ({"minutes": -1}, "minutes: -1"),
        ({"minutes": float("nan")}, "minutes: nan"),
        ({"minutes": "5"}, "minutes: '5'"),
        ({"random_state": -1}, "random_state: -1"),
        ({"random_state": 2**40}, f"random_state: {2**40}"),
        ({"random_state": 0.5}, "random_state: 0.5"),
    ],
)
def test_options_that_mean_nothing_are_refused(options, message):
    with pytest.raises(DataError, match=message):
        diffinfo.estimate_mi(*_pair(), **options)


def test_seeds_may_come_from_generators(quick):
    x, y = _pair()
    state = int(np.random.default_rng(5).integers(2**32))
    one = diffinfo.estimate_mi(x, y, random_state=np.random.default_rng(5))
    assert one.random_state == state
    assert diffinfo.estimate_mi(x, y, random_state=state).mi == one.mi
    assert diffinfo.estimate_mi(x, y, random_state=None).random_state != state


def test_rows_without_a_value_are_left_out_where_that_is_asked_for(quick):
    x, y = _pair()
    more = np.concatenate([x, [[np.nan, 0.0]]]), np.concatenate([y, [[0.0, 0.0]]])
    measured = diffinfo.estimate_mi(*more, missing="drop")
    assert (measured.n, measured.dropped) == (400, 1)
    assert measured.mi == diffinfo.estimate_mi(x, y).mi
    assert "400 rows (1 more lack a value)" in measured.summary()


def test_arrays_turned_on_their_side_are_asked_about():
    x, y = _pair()
    with pytest.raises(DataError, match=r"2 rows .*are they turned on their side"):
        diffinfo.estimate_mi(x.T, y.T)


def test_few_values_on_both_sides_are_counted():
    rng = np.random.default_rng(0)
    bits = rng.integers(0, 2, (10_000, 4))
    counts = rng.poisson(2.0, 10_000)
    three = rng.integers(0, 3, (10_000, 2))
    names = np.array(["ape", "bee", "cat", "dog"])[rng.integers(0, 4, 10_000)]
    of_counts = np.bincount(counts) / len(counts)
    of_counts = of_counts[of_counts > 0]
    for x, y, truth in (
        (bits[:, :3], bits[:, :3].sum(1) % 2, np.log(2)),
        (bits.astype(float), bits.sum(1) % 2, np.log(2)),
        (three, three.sum(1) % 2, -(4 / 9 * np.log(4 / 9) + 5 / 9 * np.log(5 / 9))),
        (names, names, np.log(4)),
        (counts, counts, -(of_counts * np.log(of_counts)).sum()),
        (counts, rng.permutation(counts), 0.0),
    ):
        measured = diffinfo.estimate_mi(x, y)
        assert (measured.estimator, measured.converged) == ("counted", True)
        assert abs(measured.mi - truth) < 4 * measured.standard_error + 1e-3
        assert "counted" in measured.summary()
        json.dumps(measured.as_dict(), allow_nan=False)


def test_labels_may_stand_on_either_side(quick):
    rng = np.random.default_rng(0)
    names = np.array(["ape", "bee"])[rng.integers(0, 2, 600)]
    x = rng.standard_normal((600, 2)) + 5 * (names == "ape")[:, None]
    one, other = diffinfo.estimate_mi(x, names), diffinfo.estimate_mi(names, x)
    assert one.mi == other.mi
    assert (one.dim_x, one.dim_y, other.dim_x, other.dim_y) == (2, 1, 1, 2)
    assert other.classes == 2


def test_a_copied_column_changes_nothing(quick):
    x, y = _pair()
    assert diffinfo.estimate_mi(np.c_[x, np.exp(x)], y).mi == diffinfo.estimate_mi(x, y).mi


def test_of_many_rows_half_are_measured(quick, monkeypatch):
    monkeypatch.setattr(cross_fit, "MANY_ROWS", 400)
    x, y = _pair()
    measured = diffinfo.estimate_mi(x, y)
    assert (measured.n, measured.measured, len(measured.steps)) == (400, 200, 1)
    assert "400 rows, 200 of them measured," in measured.summary()
    assert abs(measured.mi - 1.02) < 4 * measured.standard_error
    labelled = diffinfo.estimate_mi(x, (y[:, 0] > 0).astype(int), groups=np.arange(400) // 2)
    assert (labelled.measured, labelled.groups) == (200, 200)


def test_where_rows_abound_they_are_not_halved(monkeypatch):
    of = {n: cross_fit.halved_folds(n, cross_fit.STEPS) for n in (10_000, 199_999, 200_000, 10**6)}
    assert of == {10_000: 2, 199_999: 2, 200_000: 1, 10**6: 0}
    monkeypatch.setattr(cross_fit, "FEW_PASSES", 1000)
    for name, few in QUICK.items():
        monkeypatch.setattr(cross_fit, name, few)
    x, y = _pair()
    measured = diffinfo.estimate_mi(x, y)
    aligned = measured.estimates["aligned_difference"]
    assert (measured.estimator, measured.mi) == ("extrapolated_difference", aligned.value)


def test_rows_of_a_group_stay_in_one_fold():
    rng = np.random.default_rng(0)
    groups = rng.integers(0, 37, 1000)
    fold = cross_fit.deal(None, groups, 1000, rng)
    assert all(len(set(fold[groups == group])) == 1 for group in range(37))
    assert np.ptp(np.bincount(fold)) < 60


def test_copies_of_rows_are_named_and_groups_of_them_tell_nothing_false(monkeypatch):
    for name, few in (SMALL | {"STEPS": 300}).items():
        monkeypatch.setattr(cross_fit, name, few)
    rng = np.random.default_rng(0)
    x, y = rng.standard_normal((2, 300, 1))
    rows = rng.permutation(np.repeat(np.arange(300), 10))
    fooled = diffinfo.estimate_mi(x[rows], y[rows])
    assert not fooled.converged
    assert "2700 of 3000 rows repeat" in fooled.warnings[0]
    assert "neighbours" not in fooled.estimates, "each row's nearest ones are its copies"
    measured = diffinfo.estimate_mi(x[rows], y[rows], groups=[f"example {row}" for row in rows])
    assert abs(measured.mi) < 3 * measured.standard_error
    assert measured.groups == 300
    assert not any("repeat" in warning for warning in measured.warnings)
    assert "3000 rows in 300 groups" in measured.summary()


def test_series_are_named_and_blocks_tell_nothing_false(monkeypatch):
    for name, few in (SMALL | {"STEPS": 300}).items():
        monkeypatch.setattr(cross_fit, name, few)
    noise, series = np.random.default_rng(0).standard_normal((8000, 2)), np.zeros((8000, 2))
    for t in range(1, 8000):
        series[t] = 0.95 * series[t - 1] + noise[t]
    x, y = series[:, :1], series[:, 1:]
    fooled = diffinfo.estimate_mi(x, y)
    assert "pass block=" in fooled.warnings[0]
    measured = diffinfo.estimate_mi(x, y, block=400)
    assert abs(measured.mi) < 3 * measured.standard_error
    assert measured.groups == 20
    assert not any("block" in warning for warning in measured.warnings)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"groups": ["a"] * 400}, "groups: 1 different ones; at least 20"),
        ({"groups": range(399)}, r"groups: has shape \(399,\) for 400 rows"),
        ({"groups": [None, *range(399)]}, "groups: no value in row 0"),
        ({"groups": range(400), "block": 5}, "block: 5"),
        ({"block": 2.5}, "block: 2.5"),
        ({"block": 0}, "block: 0; of 400 rows, blocks of 1 to 20"),
        ({"block": 21}, "block: 21"),
        ({"permutations": -1}, "permutations: -1"),
        ({"permutations": 0.5}, "permutations: 0.5"),
    ],
)
def test_groups_that_cannot_be_used_are_named(options, message):
    with pytest.raises(DataError, match=message):
        diffinfo.estimate_mi(*_pair(), **options)


def test_p_values_are_uniform_without_dependence_and_small_with_it(quick):
    found = []
    for seed in range(40):
        x, y = np.random.default_rng(seed).standard_normal((2, 240, 1))
        measured = diffinfo.estimate_mi(x, y, permutations=19, random_state=seed)
        found.append(measured.p_value)
    # Multiples of 1/20: Kolmogorov and Smirnov's test of that, at 1 in 1,000.
    assert np.abs(np.sort(found) - (np.arange(40) + 0.5) / 40).max() < 1.95 / np.sqrt(40) + 0.05
    x, y = _pair()
    measured = diffinfo.estimate_mi(x, y, permutations=99)
    assert measured.p_value == 0.01
    assert "independence has p = 0.01" in measured.summary()
    labelled = diffinfo.estimate_mi(x, (y[:, 0] > 0).astype(int), permutations=99)
    assert labelled.p_value == 0.01
    whole = diffinfo.estimate_mi(x, y, block=4, permutations=99)
    assert whole.p_value == 0.01


def test_p_values_of_what_is_counted():
    rng = np.random.default_rng(0)
    found = []
    for seed in range(100):
        x, y = rng.integers(0, 3, (2, 300))
        found.append(diffinfo.estimate_mi(x, y, permutations=19, random_state=seed).p_value)
    assert np.abs(np.sort(found) - (np.arange(100) + 0.5) / 100).max() < 1.95 / 10 + 0.05
    x = rng.integers(0, 3, 300)
    dependent = np.where(rng.random(300) < 0.5, x, rng.integers(0, 3, 300))
    assert diffinfo.estimate_mi(x, dependent, permutations=199).p_value == 1 / 200


def test_one_number_of_each_side_tells_no_more_than_both_sides_do():
    rng = np.random.default_rng(4)
    for pair in (
        pairs.multinormal("sparse", 5, 5, 0.8),
        pairs.multinormal("sparse", 25, 25, 0.8).mapped("spiralled", pairs.spiralled),
        pairs.bimodal(2, 6.0, 1.0),
        pairs.independent(20),
    ):
        x, y = (normal_scores(side, rng) for side in pair.sample(10_000, rng))
        simple = verdict.seen_at_once(x, y, None, rng)
        assert simple.value < pair.truth + 0.001 + 3 * simple.standard_error, pair.name
        nothing = Estimate(0.0, 0.001, 10_000)
        assert bool(verdict.short_of_simple(nothing, simple)) == (pair.truth > 0), pair.name


def test_networks_that_find_less_than_a_t_are_said_to():
    assert not verdict.short_of_t(Estimate(1.0, 0.01, 100), 1.04)
    (warning,) = verdict.short_of_t(Estimate(1.0, 0.01, 100), 1.06)
    assert "would hold 1.06 nats" in warning


def test_folds_that_scatter_more_than_their_rows_explain_are_named():
    rng = np.random.default_rng(0)
    fold, warned = np.arange(400) % 4, 0
    for _ in range(200):
        told = 1 + rng.standard_normal((400, 1))
        warned += bool(verdict.disagreement(_terms(aligned=told), fold))
    assert warned <= 8  # of 1 % by chance, with four in a thousand probability
    low = told - 0.6 * (fold == 2)[:, None]
    (warning,) = verdict.disagreement(_terms(aligned=low), fold)
    assert "folds disagree" in warning
    # In groups of a hundred rows that are all alike, such scatter is to be expected.
    alike = np.repeat(rng.standard_normal(4 * 5), 20)[:, None]
    assert verdict.disagreement(_terms(aligned=1 + alike), np.arange(400) // 100)
    groups = np.arange(400) // 20
    grouped = _terms(aligned=1 + alike, groups=groups)
    assert not verdict.disagreement(grouped, np.arange(400) // 100)
    large = _terms(aligned=low, groups=np.where(fold == 2, 0, 1 + np.arange(400) % 20))
    assert not verdict.disagreement(large, fold)


def test_fine_turns_are_told_by_neighbours(quick):
    rng = np.random.default_rng(0)
    x = rng.random((4000, 2))
    y = np.sin(4 * np.pi * x[:, :1]) + 0.2 * rng.standard_normal((4000, 1))
    alone = diffinfo.estimate_mi(x[:, :1], y)
    assert alone.estimator == "neighbours"
    assert abs(alone.mi - 1.1542) < 4 * alone.standard_error  # by quadrature
    beside = diffinfo.estimate_mi(x, y)
    assert beside.estimator == "extrapolated_difference"
    assert any("nearest neighbours" in warning for warning in beside.warnings)
    assert not verdict.few_neighbours(Estimate(1.0, 0.01, 100), Estimate(0.96, 0.01, 50))
    (warning,) = verdict.few_neighbours(Estimate(1.0, 0.01, 100), Estimate(0.94, 0.01, 50))
    assert "half of them tell 0.06 nats less" in warning


def test_what_one_column_tells_is_a_bound_for_all(quick):
    rng = np.random.default_rng(0)
    x = rng.random((2000, 4))
    y = (8 * x[:, 2]).astype(int) % 2
    near = verdict.by_neighbours(x, y, None, rng)
    assert abs(near.value - np.log(2)) < 0.02 * np.log(2) + 4 * near.standard_error
    assert verdict.by_neighbours(x, y, np.arange(2000) // 2, rng) is None
    assert verdict.by_neighbours(x, np.where(np.arange(2000) < 9, 2, y), None, rng) is None
    assert verdict.by_neighbours(x, rng.random((2000, 5)), None, rng) is None


def test_labels_that_are_as_good_as_known_are_not_doubted():
    """Fields may say more than H(Y), which labels cannot."""
    labels, sure = np.arange(400) % 2, np.full((400, 2), np.log(1e-3))
    sure[np.arange(400), labels] = np.log(1 - 1e-3)
    assert not verdict.short_bound(_terms(aligned=np.full((400, 1), 0.9)), sure, labels)
    guessed = np.full((400, 2), np.log(0.5))
    assert verdict.short_bound(_terms(aligned=np.full((400, 1), 0.9)), guessed, labels)


def test_labels_may_miss_half_of_the_tolerance_only():
    """Of the parity of four signs half of the rows told .017 nats less, and .032 were missing."""
    assert verdict.few_rows_of_labels(Estimate(0.661, 0.003, 100), Estimate(0.0174, 0.004, 100))
    assert not verdict.few_rows_of_labels(Estimate(0.872, 0.006, 100), Estimate(0.01, 0.004, 100))


def test_what_goes_on_beyond_the_range_is_said(quick):
    x, noise = np.random.default_rng(0).standard_normal((2, 600, 1))
    measured = diffinfo.estimate_mi(x, x + 1e-4 * noise)
    assert not measured.converged
    assert "end of the range" in " ".join(measured.warnings)


def test_ties_of_numbers_are_named(quick):
    x, y = _pair()
    table = pd.DataFrame({"dose": np.round(x[:, 0], 1), "age": x[:, 1]})
    measured = diffinfo.estimate_mi(table, y)
    assert "x, column 'dose': " in measured.warnings[0]
    assert "share their value" in measured.warnings[0]
