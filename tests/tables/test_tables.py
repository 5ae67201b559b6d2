import numpy as np
import pandas as pd
import pytest

from diffinfo.config import complete, expand
from diffinfo.data.dataset import save_dataset
from diffinfo.data.sources import make_dataset
from diffinfo.errors import DataError
from diffinfo.estimate.integrand import Strata, Terms
from diffinfo.estimate.profiles import classifier_profile, profiles
from diffinfo.files import read_json, write_json, write_table
from diffinfo.process.schedule import VPSchedule
from diffinfo.runs import Run
from diffinfo.tables import runs as tables
from diffinfo.tables.codes import codes, separation, separation_as_markdown
from diffinfo.tables.cutoff import cutoff
from diffinfo.tables.few_steps import few_steps
from diffinfo.tables.likelihood import likelihoods
from diffinfo.tables.runs import combine


def _run(root, seed, value, error, experiment="pair"):
    run = Run(experiment, seed, root)
    estimate = {"value": value, "standard_error": error, "n": 100}
    write_json(
        run.file("estimate"),
        {
            "estimates": {"mutual_information": {"loss_difference": estimate}},
            "draws": 8,
            "linear_times": 0,
            "examples": 100,
            "split": "held out",
            "seed": seed,
            "s_min": 1e-5,
            "lam_min": -8.0,
            "lam_max": 13.8,
            "label_entropy": np.log(10),
            "data": {"name": "digits", "source": "digits", "shape": [8, 8, 1]},
        },
    )
    return run


def _of(run, settings):
    """Let the estimate of a run be of the data that a section `data` describes."""
    path = run.root / "data.npz"
    save_dataset(path, make_dataset(complete("data", settings)))
    card = read_json(path.with_suffix(".json"))
    write_json(run.file("estimate"), read_json(run.file("estimate")) | {"data": card})


def test_seeds_are_averaged_and_their_spread_enters_the_error(tmp_path):
    runs = [_run(tmp_path, seed, value, 0.1) for seed, value in enumerate((1.0, 2.0, 3.0))]
    (row,) = tables.estimates(runs).itertuples()
    assert row.value == 2.0
    assert row.seeds == 3
    # Held-out examples are shared between seeds (0.1 stays); the spread between seeds is 1 /
    # sqrt(3).
    assert row.standard_error == pytest.approx(np.sqrt(0.1**2 + 1 / 3))
    assert row.upper_bound == pytest.approx(np.log(10))
    assert np.isnan(row.exact)
    assert "| pair | loss_difference | 2 ± 0.59 |" in tables.estimates_as_markdown(
        pd.DataFrame([row])
    )


SWEEPS = {
    "informed": {"vary": {"data.gaussian.information": [1e-05, 0.1, 5]}},
    "wide": {"vary": {"data.gaussian.dim_x": [3, 4], "train.weighting": ["noise", "velocity"]}},
    "alone": {},
}


@pytest.fixture
def sweeps(tmp_path):
    """One run of each case of two sweeps, and of an experiment that is in none, made by hand."""
    of_all = {"data": {"gaussian": {"dim_x": 3, "dim_y": 2}}, "network": {"mlp": {}}}
    experiments, _ = expand({name: of_all | vary for name, vary in SWEEPS.items()})
    runs = []
    for number, (name, settings) in enumerate(experiments.items()):
        run = _run(tmp_path, 0, 1.0 + number, 0.1, name)
        settings = {"case": settings["case"]} if name != "alone" else {}
        settings |= {"train": {"steps": 70}, "network": {"fields": "one"}}
        card = {"name": "digits", "source": "digits", "shape": [8, 8, 1], "labels_test": [3, 3]}
        result = read_json(run.file("estimate")) | {"settings": settings, "data": card}
        write_json(run.file("estimate"), result)
        write_json(run.file("cost"), {"seconds": 4.5, "threads": 1})
        columns = ("lam_low", "lam_high", "s_low", "s_high", *tables.PROFILE_VALUES)
        errors = [f"{name}_se" for name in tables.PROFILE_VALUES]
        row = pd.DataFrame([[-1.0, 1.0, 0.2, 0.4, *[0.5] * 6]], columns=[*columns, *errors])
        write_table(run.file("profile"), row.assign(quantity="s_nn"))
        runs.append(run)
    return runs


@pytest.mark.parametrize("table", [tables.estimates, tables.cases, tables.profiles])
def test_a_table_of_two_sweeps_says_which_case_a_row_is_of(sweeps, table, tmp_path):
    rows = table(sweeps)
    write_table(tmp_path / "table.csv", rows)
    for frame in (rows, pd.read_csv(tmp_path / "table.csv")):
        frame = frame.set_index("experiment")
        assert frame["sweep"].fillna("none").to_list() == 3 * ["informed"] + 4 * ["wide"] + ["none"]
        informed, wide = frame[frame["sweep"] == "informed"], frame[frame["sweep"] == "wide"]
        assert informed["data.gaussian.information"].to_list() == [1e-05, 0.1, 5]
        assert wide["data.gaussian.dim_x"].to_list() == [3, 3, 4, 4]
        assert wide["train.weighting"].to_list() == 2 * ["noise", "velocity"]
        varied = ["data.gaussian.information", "data.gaussian.dim_x", "train.weighting"]
        assert informed[varied[1:]].isna().all(axis=None)
        assert wide[varied[0]].isna().all()
        assert frame.loc["alone", varied].isna().all()


def test_a_varied_list_is_one_value():
    varied = {"network.unet.channels": [8, 16], "train.steps": 3}
    settings = {"case": {"experiment": "a-[8, 16]-3", "sweep": "a", "varied": varied}}
    assert tables.case_columns({"settings": settings}) == {
        "sweep": "a",
        "network.unet.channels": "[8, 16]",
        "train.steps": 3,
    }


def _latents(run, tau, told, settings, **also):
    """What the latents stage says of one split autoencoder: I(Z;Y) of each latent in `told`."""
    latents = {}
    for latent, information in told.items():
        estimate = {"value": information, "standard_error": 0.01}
        latents[latent] = dict.fromkeys(("kl", "use", "neighbour_accuracy"), estimate) | also
        latents[latent]["mutual_information"] = dict.fromkeys(
            ("classification_bound", "plain_classifier"), estimate
        )
    settings = settings | {"train": {"weighting": "noise", "kl_weight": 0.1, "steps": 5}}
    about = {"tau": tau, "examples": 9, "draws": 4, "split": "held out", "settings": settings}
    cut = {"label_entropy": 2.3, "lam_min": -8.0, "lam_max": 12.0}
    card = {"name": "digits", "source": "scikit-learn digits"}
    write_json(run.file("latents"), {"latents": latents, "data": card} | about | cut)


def test_codes_cross_within_their_own_sweep(tmp_path):
    """The second sweep is over the price of codes at one tau, and has no crossing."""
    runs = []
    for sweep, key, value, tau in (
        ("split", "network.autoencoder.tau", 0.1, 0.1),
        ("split", "network.autoencoder.tau", 0.5, 0.5),
        ("price", "train.kl_weight", 1e-05, 0.1),
    ):
        run = Run(f"{sweep}-{value}", 0, tmp_path)
        case = {"experiment": run.experiment, "sweep": sweep, "varied": {key: value}}
        told = {"semantic": 2.0 - 2 * tau, "perceptual": 1.0 + 2 * tau}
        _latents(run, tau, told, {"case": case}, collapsed=False)
        runs.append(run)
    table = codes(runs)
    split, price = table[table["sweep"] == "split"], table[table["sweep"] == "price"]
    both = split[split["latent"] == "both"].set_index("quantity")
    assert both.loc["crossing_tau_classification_bound", "value"] == pytest.approx(0.25, abs=0.01)
    assert not (price["latent"] == "both").any()
    assert sorted(split["network.autoencoder.tau"].dropna().unique()) == [0.1, 0.5]
    assert price["train.kl_weight"].unique().tolist() == [1e-05]
    assert price["network.autoencoder.tau"].isna().all()


@pytest.mark.parametrize("information", [0, 3])
def test_cases_carry_their_settings_truths_and_costs(tmp_path, information):
    run = _run(tmp_path, 0, 1.5, 0.1)
    size = {"dim_x": 3, "dim_y": 2, "n_train": 20, "n_test": 10}
    _of(run, {"gaussian": size | {"information": information}})
    result = read_json(run.file("estimate"))
    result |= {
        "settings": {"train": {"steps": 70}, "network": {"fields": "one"}},
        "label_entropy": None,
    }
    write_json(run.file("estimate"), result)
    write_json(run.file("cost"), {"seconds": 4.5, "steps": 70, "best_step": 70, "threads": 1})
    (row,) = tables.cases([run]).itertuples()
    assert (row.dim_x, row.dim_y, row.n_train, row.train_steps, row.seconds) == (3, 2, 20, 70, 4.5)
    assert row.exact == pytest.approx(information, abs=1e-6)
    assert np.isnan(row.sigma_eps), "it was chosen for the information"
    # The range of the estimate (-8 to 13.8) holds almost all of it.
    assert 0.98 * information <= row.exact_at_cutoff <= row.exact + 1e-9
    if information:
        assert row.relative_error == pytest.approx(1.5 / information - 1)
    else:
        assert np.isnan(row.relative_error)


def test_cases_of_other_data_are_refused(tmp_path):
    with pytest.raises(DataError, match="pair: this table is of joint Gaussians or labelled data"):
        tables.cases([_run(tmp_path, 0, 1.5, 0.1)])


@pytest.mark.parametrize("keep", [1, 0.5])
def test_cases_of_labels_carry_the_information_that_their_noise_leaves(tmp_path, keep):
    run = _run(tmp_path, 0, 1.5, 0.1)
    _of(run, {"digits": {"keep_label": keep}})
    settings = {"train": {"steps": 70}, "network": {"fields": "one"}}
    write_json(run.file("estimate"), read_json(run.file("estimate")) | {"settings": settings})
    write_json(run.file("cost"), {"seconds": 4.5, "steps": 70, "best_step": 70, "threads": 1})
    (row,) = tables.cases([run]).itertuples()
    truth = np.log(10) + (keep * np.log(keep) + (1 - keep) * np.log(0.5 / 9) if keep < 1 else 0)
    # the ten digits are not quite as many each
    assert row.exact_information == pytest.approx(truth, abs=2e-3)
    assert row.keep_label == keep
    # Of clean labels, the truth is an assumption that only this table makes.
    assert (
        row.relative_error == pytest.approx(1.5 / truth - 1, abs=2e-3)
        if keep < 1
        else np.isnan(row.exact)
    )


def test_likelihoods_stand_beside_published_ones_of_the_same_data(tmp_path):
    run = _run(tmp_path, 0, 1.5, 0.1)
    result = read_json(run.file("estimate"))
    result["estimates"]["likelihood"] = {"nll": {"value": 200.0, "standard_error": 2.0, "n": 100}}
    result["estimates"]["bits_per_dimension"] = {
        "bits_per_dimension": {"value": 3.5, "standard_error": 0.1, "n": 100}
    }
    result["data"] = {"name": "cifar10", "source": "tfds cifar10:3.0.2", "shape": [2, 2, 1]}
    write_json(run.file("estimate"), result)
    table = likelihoods([run])
    assert set(table["data"]) == {"cifar10"}
    (nll,) = table[table["quantity"] == "nll"].itertuples()
    assert (nll.per_dimension, nll.per_dimension_se) == (50, 0.5)
    assert np.isnan(nll.bits_per_dimension)
    (bits,) = table[table["quantity"] == "bits_per_dimension"].itertuples()
    assert (bits.bits_per_dimension, bits.model) == (3.5, "pair (ours)")
    published = table[table["kind"] == "published"].set_index("model")
    assert published.loc["VDM (bound)", "bits_per_dimension"] == 2.65
    with pytest.raises(DataError, match="pair: this table is of images"):
        likelihoods([_run(tmp_path, 1, 1.5, 0.1)])


def test_what_lies_on_the_early_side_of_a_split(tmp_path):
    """Even rates of both quantities, and a constant number of nats per level and example."""
    schedule, process = VPSchedule(), complete("process", {})
    runs = [Run(f"split-{tau}", 0, tmp_path) for tau in (0.1, 0.5)]
    field = Run("digits", 0, tmp_path)
    for run, tau, told in zip(runs, (0.1, 0.5), (0.2, 1.5), strict=True):
        both = dict.fromkeys(("semantic", "perceptual"), told)
        _latents(run, tau, both, {"process": process}, collapsed=tau == 0.1)
    edges = np.linspace(-8, 12, 41)
    strata = Strata.between(edges)
    noise = np.random.default_rng(0).standard_normal((500, 40))
    zeros = dict.fromkeys(
        ("target", "neural_c", "loss_u", "loss_c", "squared", "aligned", "loss_mixture"),
        np.zeros((500, 40)),
    )
    terms = Terms(**zeros, neural_u=0.5 + 0.01 * noise)
    told = np.cumsum(0.05 + 0 * noise, axis=1) - 0.025  # at the middles of the strata
    told[:, -1] = 2.0
    both = [profiles(terms, strata, schedule), classifier_profile(told, strata, schedule)]
    write_table(field.file("profile"), pd.concat(both))
    card = {"name": "digits", "source": "scikit-learn digits"}
    write_json(field.file("estimate"), {"examples": 500, "lam_max": 13.8, "data": card})
    table = separation(runs, [field])
    for tau, rows in table.groupby("tau"):
        rows = rows.set_index("quantity")
        above = (12 - schedule.log_snr(tau)) / 20
        assert rows.loc["s_nn_early_share", "value"] == pytest.approx(
            above, abs=4 * rows.loc["s_nn_early_share", "standard_error"]
        )
        # 40 even levels of 0.01 deviation, of 500 examples, and the share of as many of them.
        expected = 0.01 * np.sqrt(above * (1 - above) / 40 / 500) / 0.5
        assert rows.loc["s_nn_early_share", "standard_error"] == pytest.approx(expected, rel=0.2)
        assert rows.loc["information_early_nats", "value"] == pytest.approx(2 * above)
        assert rows.loc["classification_bound_perceptual", "value"] == (0.2 if tau == 0.1 else 1.5)
        assert rows.loc["classification_bound_perceptual", "collapsed"] == (tau == 0.1)
    assert "| digits | 0.5 |" in separation_as_markdown(table)
    without = pd.read_csv(field.file("profile")).query("quantity != 'classifier'")
    write_table(field.file("profile"), without)
    with pytest.raises(DataError, match="give the experiment a section `classifier`"):
        separation(runs, [field])


def test_schedules_are_averaged_over_sets_of_samples(tmp_path):
    sets = [
        {
            "sampler": "DDIM",
            "schedule": "LAS",
            "nfe": 5,
            "guidance": 0.0,
            "seed": seed,
            "frechet_distance": value,
            "accuracy": 1.0,
            "path_cost": 70.0,
        }
        for seed, value in enumerate((1.0, 2.0, 3.0))
    ]
    data = {
        "sampler": "data",
        "schedule": "data",
        "nfe": 0,
        "guidance": 0.0,
        "seed": 0,
        "frechet_distance": 0.5,
        "accuracy": 1.0,
    }
    run = Run("digits", 0, tmp_path)
    frame = pd.DataFrame([data, *sets]).assign(images=40, held_out=450, lam_min=-8.0, lam_max=13.8)
    write_table(run.file("few_steps"), frame)
    table = few_steps([run]).set_index(["quantity", "schedule"])
    assert table.loc[("frechet_distance", "LAS"), "value"] == 2.0
    assert table.loc[("frechet_distance", "LAS"), "standard_error"] == pytest.approx(1 / np.sqrt(3))
    assert table.loc[("frechet_distance", "data"), "value"] == 0.5
    assert list(table.loc["path_cost", "value"]) == [70.0]
    assert table.loc["path_cost", "standard_error"].isna().all()
    assert np.isnan(table.loc[("frechet_distance", "data"), "standard_error"])
    # Two degrees of freedom.
    low, high = table.loc[("frechet_distance", "LAS"), ["low", "high"]]
    assert (low + high) / 2 == 2.0
    assert high - 2.0 == pytest.approx(4.3027 / np.sqrt(3), rel=1e-4)
    accuracy = table.loc["accuracy"]
    assert list(accuracy["sets"]) == [1, 3]
    # All are right, of 40 images and of 120, which the interval knows.
    assert (accuracy["value"] == 1).all()
    z = 1.95996**2
    np.testing.assert_allclose(accuracy["low"], [40 / (40 + z), 120 / (120 + z)], rtol=1e-4)
    np.testing.assert_allclose(accuracy["high"], 1)
    np.testing.assert_allclose(accuracy["half_width"], (1 - accuracy["low"]) / 2)


def test_cutoffs_by_both_rules(tmp_path):
    """A rate of half a nat per pixel from log-SNR 0 on: both rules have closed forms."""
    run, schedule = Run("mnist", 0, tmp_path), VPSchedule()
    edges = np.linspace(*schedule.log_snr_range(1e-5), 401)
    rate = 392.0 * ((edges[:-1] + edges[1:]) / 2 > 0)
    profile = pd.DataFrame({"lam_low": edges[:-1], "lam_high": edges[1:], "quantity": "s_nn"})
    profile["s_low"], profile["s_high"] = schedule.time(edges[1:]), schedule.time(edges[:-1])
    profile["amount"] = rate * np.diff(edges)
    profile["produced"] = profile["amount"][::-1].cumsum()[::-1]
    profile["remaining"] = profile["amount"].cumsum()
    for name in ("amount", "produced", "remaining"):
        profile[f"{name}_se"] = 0.0
    write_table(run.file("profile"), profile)
    result = {"s_min": 1e-5, "examples": 9, "split": "held out"}
    result["settings"] = {"process": {"beta_min": 0.1, "beta_max": 16.0, "s_min": 1e-5}}
    result["data"] = {"name": "mnist", "shape": [28, 28, 1]}
    write_json(run.file("estimate"), result)
    table = cutoff([run])
    whole = table[table["kind"] == "integral"]
    assert whole["value"].max() == pytest.approx(392 * edges[-1], rel=5e-3)
    assert table["reaches"].iloc[0] == pytest.approx(2017.9 / 392, abs=0.06)
    times = np.linspace(1e-5, 1, 100)
    integrand = schedule.beta(times) * (1 + np.exp(schedule.log_snr(times)))
    grid = table[table["kind"] == "grid"].iloc[0]
    assert grid["s_min"] == pytest.approx(1e-5)
    # In the last cell before log-SNR 0 the rate is interpolated.
    by_hand = np.trapezoid(392 * integrand * (schedule.log_snr(times) > 0), times)
    assert grid["value"] == pytest.approx(by_hand, rel=5e-3)


def test_intervals_of_few_seeds_are_students():
    """Three seeds that alone make the error have two degrees of freedom; one has none to add."""
    values, none = pd.Series([1.0, 2.0, 3.0]), pd.Series([0.0] * 3)
    three = combine(values, none)
    assert three["standard_error"] == pytest.approx(1 / np.sqrt(3))
    assert three["half_width"] == pytest.approx(4.3027 / np.sqrt(3), rel=1e-4)
    one = combine(values[:1], pd.Series([0.5]))
    assert one["half_width"] == pytest.approx(1.96 * 0.5, rel=1e-3)
    # Where the error over examples is much the larger, seeds hardly matter.
    assert combine(values / 1e4, none + 0.5)["half_width"] == pytest.approx(1.96 * 0.5, rel=1e-3)
