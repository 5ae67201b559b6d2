"""Settings: plain dictionaries, complete and checked. `config.schema.yaml` is the only place that
names keys and defaults.
"""

import itertools
import json
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import yaml
from jsonschema import Draft202012Validator, validators


class ConfigError(ValueError):
    """A config that cannot be used; the message names the key, the value and what is allowed."""


def _filling(validator_class):
    check = validator_class.VALIDATORS["properties"]

    def fill(validator, properties, instance, schema):
        if isinstance(instance, dict):
            for key, subschema in properties.items():
                if "default" in subschema and key not in instance:
                    # A fresh copy: nested defaults are filled in below and must not be shared.
                    instance[key] = json.loads(json.dumps(subschema["default"]))
        yield from check(validator, properties, instance, schema)

    return validators.extend(validator_class, {"properties": fill})


@cache
def schema() -> dict[str, Any]:
    """The schema of a whole config; its `$defs` hold one schema per section of an experiment. Read
    once; not to be changed.
    """
    return yaml.safe_load(files("diffinfo").joinpath("config.schema.yaml").read_text())


def complete(section: str, value: Any) -> dict[str, Any]:
    """`value` with every default of that section filled in.

    Raises: ConfigError naming the first key that is unknown, missing, of the wrong type or out of
    range.
    """
    value = json.loads(json.dumps(value))
    whole = schema()
    validator = _filling(Draft202012Validator)(
        {"$ref": f"#/$defs/{section}", "$defs": whole["$defs"]}
    )
    error = next(validator.iter_errors(value), None)
    if error is not None:
        where = ".".join([section, *map(str, error.absolute_path)])
        known = (
            error.schema.get("properties") if error.validator == "additionalProperties" else None
        )
        hint = f"; known keys: {', '.join(known)}" if known else ""
        raise ConfigError(f"{where}: {error.message}{hint}")
    return value


def _with(experiment: dict[str, Any], path: str, value: Any) -> None:
    *sections, key = path.split(".")
    for section in sections:
        experiment = experiment.setdefault(section, {})
        if not isinstance(experiment, dict):
            raise ConfigError(f"vary.{path}: {section} is not a section")
    experiment[key] = value


def expand(
    experiments: Mapping[str, Any],
) -> tuple[dict[str, dict[str, Any]], dict[str, list[str]]]:
    """Experiments with every sweep written out, and which experiments each name stands for.

    An experiment with `vary: {data.gaussian.sigma_eps: [1.0, 0.6]}` becomes `<name>-1` and
    `<name>-0.6`; several keys give their product, in the order written. Raises: ConfigError naming
    the experiment and the key that is wrong.
    """
    whole, groups = {}, {}
    for name, experiment in experiments.items():
        varied = experiment.get("vary", {})
        plain = {key: value for key, value in experiment.items() if key != "vary"}
        groups[name] = []
        for values in itertools.product(*varied.values()):
            case = json.loads(json.dumps(plain))
            for path, value in zip(varied, values, strict=True):
                _with(case, path, value)
            written = [
                format(value, "g") if isinstance(value, (int, float)) else str(value)
                for value in values
            ]
            case_name = "-".join([name, *written])
            if case_name in whole:
                raise ConfigError(f"experiments.{name}: there are two experiments {case_name}")
            try:
                whole[case_name] = complete("experiment", case)
            except ConfigError as error:
                raise ConfigError(f"experiments.{name}: {error}") from error
            groups[name].append(case_name)
    return whole, groups


def read_settings(
    text: str, experiment: str | None, sections: tuple[str, ...]
) -> dict[str, dict[str, Any]]:
    """Completed `sections` of one experiment, from inline JSON of the experiment or from a config
    file and its name.

    Raises: ConfigError, naming the file or key.
    """
    if text.lstrip().startswith("{"):
        try:
            chosen = json.loads(text)
        except json.JSONDecodeError as error:
            raise ConfigError(f"--settings: not valid JSON ({error})") from error
    else:
        path = Path(text)
        if not path.is_file():
            raise ConfigError(
                f"--settings: no file {path} (and not JSON, which starts with a brace)"
            )
        experiments = (yaml.safe_load(path.read_text()) or {}).get("experiments")
        if not isinstance(experiments, Mapping):
            raise ConfigError(f"{path}: has no section `experiments`")
        experiments, _ = expand(experiments)
        if experiment not in experiments:
            raise ConfigError(
                f"{path}: --experiment {experiment}: not one of {', '.join(experiments)}"
            )
        chosen = experiments[experiment]
    known = schema()["$defs"]["experiment"]["properties"]
    for key in chosen:
        if key not in known:
            raise ConfigError(f"experiment: unknown section {key!r}; known: {', '.join(known)}")
    return {section: complete(section, chosen.get(section, {})) for section in sections}
