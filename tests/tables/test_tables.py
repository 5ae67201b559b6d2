import numpy as np
import pandas as pd
import pytest

from diffinfo import code_tables, schedule_tables, tables
from diffinfo.config import complete
from diffinfo.data.dataset import save_dataset
from diffinfo.data.sources import make_dataset
from diffinfo.errors import DataError
from diffinfo.estimate.integrand import Strata, Terms
from diffinfo.estimate.profiles import profiles
from diffinfo.files import read_json, write_json, write_table
from diffinfo.process.schedule import VPSchedule


def _run(root, seed, value, error):
    run = root / "pair" / f"seed-{seed}"
    estimate = {"value": value, "standard_error": error, "n": 100}
    write_json(
        run / "estimate.json",
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
        },
    )
    write_json(root / "pair" / "data.json", {"source": "digits"})
    return run


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
    assert "| pair | loss_difference | 2 ± 0.59 |" in tables.as_markdown(pd.DataFrame([row]))


@pytest.mark.parametrize("information", [0, 3])
def test_cases_carry_their_settings_truths_and_costs(tmp_path, information):
    run = _run(tmp_path, 0, 1.5, 0.1)
    settings = complete(
        "data",
        {
            "gaussian": {
                "dim_x": 3,
                "dim_y": 2,
                "information": information,
                "n_train": 20,
                "n_test": 10,
            }
        },
    )
    save_dataset(tmp_path / "pair" / "data.npz", make_dataset(settings))
    result = read_json(run / "estimate.json")
    result |= {
        "settings": {"train": {"steps": 70}, "network": {"fields": "one"}},
        "label_entropy": None,
    }
    write_json(run / "estimate.json", result)
    write_json(
        run / "model.cost.json", {"seconds": 4.5, "steps": 70, "best_step": 70, "threads": 1}
    )
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
    save_dataset(
        tmp_path / "pair" / "data.npz",
        make_dataset(complete("data", {"digits": {"keep_label": keep}})),
    )
    settings = {"train": {"steps": 70}, "network": {"fields": "one"}}
    write_json(run / "estimate.json", read_json(run / "estimate.json") | {"settings": settings})
    write_json(
        run / "model.cost.json", {"seconds": 4.5, "steps": 70, "best_step": 70, "threads": 1}
    )
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
    result = read_json(run / "estimate.json")
    result["estimates"]["likelihood"] = {"nll": {"value": 200.0, "standard_error": 2.0, "n": 100}}
    result["estimates"]["bits_per_dimension"] = {
        "bits_per_dimension": {"value": 3.5, "standard_error": 0.1, "n": 100}
    }
    write_json(run / "estimate.json", result)
    write_json(
        tmp_path / "pair" / "data.json", {"source": "tfds cifar10:3.0.2", "shape": [2, 2, 1]}
    )
    table = tables.likelihoods([run])
    assert set(table["data"]) == {"cifar10"}
    (nll,) = table[table["quantity"] == "nll"].itertuples()
    assert (nll.per_dimension, nll.per_dimension_se) == (50, 0.5)
    assert np.isnan(nll.bits_per_dimension)
    (bits,) = table[table["quantity"] == "bits_per_dimension"].itertuples()
    assert (bits.bits_per_dimension, bits.model) == (3.5, "pair (ours)")
    published = table[table["kind"] == "published"].set_index("model")
    assert published.loc["VDM (bound)", "bits_per_dimension"] == 2.65
    with pytest.raises(DataError, match="pair: this table is of images"):
        tables.likelihoods([_run(tmp_path, 1, 1.5, 0.1)])


def test_what_lies_on_the_early_side_of_a_split(tmp_path):
    """Even rates of both quantities, and a constant number of nats per level and example."""
    schedule, process = VPSchedule(), complete("process", {})
    for tau, told in ((0.1, 0.2), (0.5, 1.5)):
        estimate = {"value": told, "standard_error": 0.01}
        latent = dict.fromkeys(("kl", "use", "neighbour_accuracy"), estimate) | {
            "collapsed": tau == 0.1
        }
        latent["mutual_information"] = dict.fromkeys(
            ("classification_bound", "plain_classifier"), estimate
        )
        result = {
            "latents": {"semantic": latent, "perceptual": latent},
            "tau": tau,
            "examples": 9,
            "draws": 4,
            "split": "held out",
        }
        result |= {
            "settings": {
                "process": process,
                "train": {"weighting": "noise", "kl_weight": 0.1, "steps": 5},
            },
            "label_entropy": 2.3,
        }
        write_json(
            tmp_path / f"split-{tau}" / "seed-0" / "latents.json",
            result | {"lam_min": -8.0, "lam_max": 12.0},
        )
    edges = np.linspace(-8, 12, 41)
    strata = Strata.between(edges)
    noise = np.random.default_rng(0).standard_normal((500, 40))
    zeros = dict.fromkeys(
        ("target", "neural_c", "loss_u", "loss_c", "squared", "aligned", "loss_mixture"),
        np.zeros((500, 40)),
    )
    terms = Terms(**zeros, neural_u=0.5 + 0.01 * noise)
    write_table(tmp_path / "digits" / "seed-0" / "estimate.levels.csv",
                profiles(terms, strata, schedule, classifier=np.cumsum(0.05 + 0 * noise, axis=1)))  # fmt: skip
    write_json(tmp_path / "digits" / "seed-0" / "estimate.json", {"examples": 500})
    for name in ("split-0.1", "split-0.5", "digits"):
        write_json(tmp_path / name / "data.json", {"source": "scikit-learn digits"})
    runs = [tmp_path / f"split-{tau}" / "seed-0" for tau in (0.1, 0.5)]
    table = code_tables.separation(runs, [tmp_path / "digits" / "seed-0"])
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
    assert "| digits | 0.5 |" in code_tables.separation_as_markdown(table)
    levels_without = pd.read_csv(tmp_path / "digits" / "seed-0" / "estimate.levels.csv").query(
        "quantity != 'classifier'"
    )
    write_table(tmp_path / "digits" / "seed-0" / "estimate.levels.csv", levels_without)
    with pytest.raises(DataError, match="give the experiment a section `classifier`"):
        code_tables.separation(runs, [tmp_path / "digits" / "seed-0"])


def test_schedules_are_averaged_over_sets_of_samples(tmp_path):
    sets = [
        {
            "sampler": "DDIM",
            "schedule": "LAS",
            "nfe": 5,
            "guidance": 0.0,
            "seed": seed,
            "frechet_distance": value,
            "accuracy": 0.9,
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
    run = tmp_path / "digits" / "seed-0"
    run.mkdir(parents=True)
    frame = pd.DataFrame([data, *sets]).assign(images=40, held_out=450, lam_min=-8.0, lam_max=13.8)
    frame.to_csv(run / "schedules.csv", index=False)
    table = schedule_tables.schedules([run]).set_index(["quantity", "schedule"])
    assert table.loc[("frechet_distance", "LAS"), "value"] == 2.0
    assert table.loc[("frechet_distance", "LAS"), "standard_error"] == pytest.approx(1 / np.sqrt(3))
    assert table.loc[("frechet_distance", "data"), "value"] == 0.5
    assert np.isnan(table.loc[("frechet_distance", "data"), "standard_error"])
    assert table.loc[("accuracy", "LAS"), "sets"] == 3
