import re
from pathlib import Path

import numpy as np
import pytest
import yaml

from diffinfo.config import complete, describe, expand, read_config, read_settings, schema
from diffinfo.errors import ConfigError
from diffinfo.plan import Plan
from diffinfo.resources import TimeLeft, memory, minutes, seconds
from diffinfo.stages.contract import STAGES

# That one only adds to another config.
CONFIGS = sorted(
    path for path in Path(__file__).parents[1].glob("config/*.yaml") if path.stem != "seeds"
)


def test_defaults_are_complete_and_not_shared():
    one, two = complete("train", {}), complete("train", {})
    assert one["steps"] == 1500
    assert one["density"] == {
        "even_in_time": False,
        "center": 1.5,
        "scale": 3.0,
        "uniform": 0.3,
    }
    one["density"]["center"] = 9
    assert two["density"]["center"] == 1.5
    assert complete("train", {})["density"]["center"] == 1.5


@pytest.mark.parametrize(
    ("section", "value", "message"),
    [
        ("train", {"stepz": 5}, r"train: .*'stepz' was unexpected.*known keys: steps"),
        ("train", {"steps": 0}, r"train\.steps: 0 is less than the minimum of 1"),
        ("train", {"steps": "many"}, r"train\.steps: 'many' is not of type 'integer'"),
        ("train", {"weighting": "elbo"}, r"train\.weighting: 'elbo' is not one of"),
        ("train", {"density": {"centre": 1}}, r"train\.density: .*'centre' was unexpected"),
        (
            "data",
            {"gaussian": {"flat": {}}},
            r"data\.gaussian\.flat: 'rank' is a required property",
        ),
        ("data", {}, "data: "),
        ("data", {"digits": {}, "npz": {"path": "a"}}, "data: .*too many properties"),
        ("network", {"fields": "two"}, "network: "),
        ("process", {"s_min": 2}, r"process\.s_min: 2 is greater than or equal to the maximum"),
    ],
)
def test_bad_keys_and_values_are_named(section, value, message):
    with pytest.raises(ConfigError, match=message):
        complete(section, value)


def test_settings_from_json_or_from_a_config_file(tmp_path):
    found = read_settings('{"train": {"steps": 7}}', None, ("train", "process"))
    assert found["train"]["steps"] == 7
    assert found["process"]["s_min"] == 1e-5
    with pytest.raises(ConfigError, match="unknown section 'trian'"):
        read_settings('{"trian": {}}', None, ("train",))
    with pytest.raises(ConfigError, match="no file"):
        read_settings(str(tmp_path / "none.yaml"), "a", ("train",))
    default = str(Path(__file__).parents[1] / "config" / "config.yaml")
    assert (
        read_settings(default, "determinism-0.6", ("data",))["data"]["gaussian"]["sigma_eps"] == 0.6
    )
    with pytest.raises(
        ConfigError, match=r"--experiment nope: not one of determinism-1, determinism-0\.6"
    ):
        read_settings(default, "nope", ("data",))


def test_strict_settings_name_the_section_that_is_missing():
    given = '{"latents": {}, "process": {}}'
    assert (
        read_settings(given, None, ("latents", "process"), strict=True)["process"]["s_min"] == 1e-5
    )
    with pytest.raises(ConfigError, match="the section process is missing; with --strict, all of"):
        read_settings('{"latents": {}}', None, ("latents", "process"), strict=True)


def test_a_case_is_not_written_by_hand():
    by_hand = {"data": {"digits": {}}, "network": {"unet": {}}, "case": {"sweep": "mine"}}
    with pytest.raises(
        ConfigError, match=r"experiments\.a\.case: this section is written by `vary`"
    ):
        expand({"a": by_hand})


def test_defaults_are_described_as_they_are_filled_in():
    lines = describe("train")
    assert "train.clip = 1.0  Largest global gradient norm." in lines
    assert "train.density.center = 1.5" in lines
    described = dict(line.split("  ")[0].split(" = ") for line in describe("estimate"))
    flat = {"estimate.density.uniform": complete("estimate", {})["density"]["uniform"]}
    assert all(float(described[key]) == value for key, value in flat.items())


def test_every_key_of_an_experiment_is_in_its_schema_with_a_default_or_required():
    experiment = schema()["$defs"]["experiment"]
    for name, section in experiment["properties"].items():
        assert "default" in section or name in [*experiment["required"], "vary", "classifier"], name


@pytest.mark.parametrize("path", CONFIGS, ids=lambda p: p.stem)
def test_shipped_configs_are_valid(path):
    config = yaml.safe_load(path.read_text())
    plan = Plan(config)
    assert plan.all_runs
    assert set(plan.tables) <= {*config["figures"], "estimates"}


def test_the_longest_trainings_come_first_and_all_others_before_them():
    (path,) = (path for path in CONFIGS if path.stem == "cifar10-cpu")
    plan = Plan(yaml.safe_load(path.read_text()))
    runs = {run.experiment: run for run in plan.all_runs}

    def priority(stage, experiment):
        return plan.priority(STAGES[stage], runs[experiment])

    trainings = [priority("train", name) for name in ("cifar10", "noisy-labels-0.6", "split-0.1")]
    assert trainings == sorted(trainings, reverse=True)
    assert len(set(trainings)) == 3
    assert priority("data", "vae") > priority("estimate", "cifar10") > max(trainings)
    assert priority("estimate", "cifar10") > priority("classifier", "cifar10") > min(trainings)


def test_a_sweep_is_written_out():
    sweep = {
        "seeds": [3],
        "vary": {"data.gaussian.dim_y": [5, 10], "data.gaussian.guidance_weight": [0, 0.5]},
        "data": {"gaussian": {"dim_x": 7}},
        "network": {"mlp": {}},
    }
    whole, groups = expand(
        {"guided": sweep, "one": {"data": {"digits": {}}, "network": {"unet": {}}}}
    )
    assert groups == {
        "guided": ["guided-5-0", "guided-5-0.5", "guided-10-0", "guided-10-0.5"],
        "one": ["one"],
    }
    gaussian = whole["guided-10-0.5"]["data"]["gaussian"]
    assert (gaussian["dim_x"], gaussian["dim_y"], gaussian["guidance_weight"]) == (7, 10, 0.5)
    assert whole["guided-5-0"]["seeds"] == [3]
    assert whole["guided-10-0.5"]["case"] == {
        "experiment": "guided-10-0.5",
        "sweep": "guided",
        "varied": {"data.gaussian.dim_y": 10, "data.gaussian.guidance_weight": 0.5},
    }
    assert whole["one"]["case"] == {"experiment": "one", "sweep": "", "varied": {}}
    assert "vary" not in whole["guided-5-0"]
    assert "dim_y" not in sweep["data"]["gaussian"], "the config itself is left as it was"


@pytest.mark.parametrize(
    ("path", "values", "message"),
    [
        (
            "data.gaussian.dim_z",
            [1],
            r"experiments\.a: .*'dim_z' was unexpected.*known keys: dim_x",
        ),
        (
            "data.gaussian.dim_y",
            [0],
            r"experiments\.a: experiment\.data\.gaussian\.dim_y: 0 is less than",
        ),
        (
            "data.gaussian.dim_x.more",
            [1],
            r"vary\.data\.gaussian\.dim_x\.more: dim_x is not a section",
        ),
    ],
)
def test_a_sweep_over_what_is_not_there(path, values, message):
    with pytest.raises(ConfigError, match=message):
        expand(
            {
                "a": {
                    "vary": {path: values},
                    "data": {"gaussian": {"dim_x": 3}},
                    "network": {"mlp": {}},
                }
            }
        )


def test_two_experiments_of_one_name():
    plain = {"data": {"digits": {}}, "network": {"unet": {}}}
    with pytest.raises(ConfigError, match="there are two experiments a-5"):
        expand({"a-5": plain, "a": plain | {"vary": {"train.steps": [5]}}})


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("experiments: {a: {}}\nexperiments: {b: {}}", "the key experiments is in lines 1 and 2"),
        ("experiments:\n\ta: 1", "not YAML"),
        ("- 1", "needs keys and values"),
        ("", "needs keys and values"),
        ("experiments: {no: {data: {digits: {}}, network: {mlp: {}}}}", "False is no text to YAML"),
        (
            "experiments: {a: {data: {digits: {}}, network: {mlp: {}}, train: "
            "{learning_rate: 1e-5}}}",
            "'1e-5' is not of type 'number'; YAML takes it for text: write 1.0e-05",
        ),
    ],
)
def test_traps_of_yaml_are_named(tmp_path, text, message):
    path = tmp_path / "mine.yaml"
    path.write_text(text)
    with pytest.raises(ConfigError, match=re.escape(message)):
        read_settings(str(path), "a", ("train",))
    assert yaml.safe_load("1.0e-05") == 1e-5


def test_anchors_and_merges_are_read_as_usual(tmp_path):
    path = tmp_path / "mine.yaml"
    path.write_text("a: &a {x: 1, y: 2}\nb: {<<: *a, y: 3}\n")
    assert read_config(path) == {"a": {"x": 1, "y": 2}, "b": {"x": 1, "y": 3}}


def test_clusters_give_a_job_what_it_took_here():
    """Long jobs on one thread, measured, in minutes."""
    took = {
        ("cifar10-cpu", "cifar10", "train"): 40,
        ("cifar10-cpu", "split-0.1", "train"): 9.5,
        ("cifar10-cpu", "noisy-labels-0.6", "estimate"): 4.1,
        ("mnist-cpu", "mnist", "pilot"): 5.6,
        ("steps-cpu", "mnist", "few_steps"): 9.4,
        ("steps-cpu", "digits", "few_steps"): 1.6,
    }
    for (config, name, stage), minutes_taken in took.items():
        experiments = Plan(read_config(CONFIGS[0].parent / f"{config}.yaml")).experiments
        assert 0.5 < seconds(experiments, name, stage) / (60 * minutes_taken) < 2, (name, stage)
        assert minutes(experiments, name, stage) > 2 * minutes_taken
        assert memory(experiments, name, stage) == 5000
    vectors = Plan(read_config(CONFIGS[0].parent / "config.yaml")).experiments
    assert memory(vectors, "determinism-1", "train") == 1500
    assert minutes(vectors, "determinism-1", "train") < 20


def test_the_time_that_is_left_follows_the_work_that_is_done():
    """After a tenth of a run on two cores, what is said to be left is within 30 % of what is, on a
    machine of another speed where every kind of job takes up to 1.3 times as long as it should.
    """
    rng = np.random.default_rng(0)
    for _ in range(20):
        kind = rng.integers(0, 6, 300)
        expected = rng.uniform(1, 100, 6)[kind]
        takes = 2.5 * expected * rng.uniform(1, 1.3, 6)[kind]
        left, waiting, ends, now, said = (
            TimeLeft(dict(enumerate(expected))),
            list(range(300)),
            {},
            0,
            [],
        )
        while waiting or ends:
            while waiting and len(ends) < 2:
                job = waiting.pop()
                left.start(job, now)
                ends[job] = now + takes[job]
            job = min(ends, key=ends.get)
            now = ends.pop(job)
            left.finish(job)
            said.append((now, left.share(now)))
        assert said[-1][1] == pytest.approx(1)
        for time, share in said:
            if 0.1 * now < time < 0.9 * now:
                assert abs(time * (1 - share) / share / (now - time) - 1) < 0.3
