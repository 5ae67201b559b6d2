from pathlib import Path

import pytest
import yaml

from diffinfo.config import ConfigError, complete, expand, read_settings, schema

# Those two only add to another config.
CONFIGS = sorted(
    path
    for path in Path(__file__).parents[1].glob("config/*.yaml")
    if path.stem not in ("seeds", "together")
)


def test_defaults_are_complete_and_not_shared():
    one, two = complete("train", {}), complete("train", {})
    assert one["steps"] == 1500
    assert one["density"] == {"center": 1.5, "scale": 3.0, "uniform": 0.3}
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
    default = str(Path(__file__).parents[1] / "config" / "default.yaml")
    assert (
        read_settings(default, "determinism-0.6", ("data",))["data"]["gaussian"]["sigma_eps"] == 0.6
    )
    with pytest.raises(
        ConfigError, match=r"--experiment nope: not one of determinism-1, determinism-0\.6"
    ):
        read_settings(default, "nope", ("data",))


def test_every_key_of_an_experiment_is_in_its_schema_with_a_default_or_required():
    experiment = schema()["$defs"]["experiment"]
    for name, section in experiment["properties"].items():
        assert "default" in section or name in [*experiment["required"], "vary", "classifier"], name


@pytest.mark.parametrize("path", CONFIGS, ids=lambda p: p.stem)
def test_shipped_configs_are_valid(path):
    config = yaml.safe_load(path.read_text())
    whole, groups = expand(config["experiments"])
    for names in config["figures"].values():
        assert {*names} <= {*whole, *groups}


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
