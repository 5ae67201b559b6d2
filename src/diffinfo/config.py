"""Settings: plain dictionaries, complete and checked. `config.schema.yaml` is the only place that names keys and defaults."""

import json
from collections.abc import Mapping
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


def schema() -> dict[str, Any]:
    """The schema of a whole config; its `$defs` hold one schema per section of an experiment."""
    return yaml.safe_load(files("diffinfo").joinpath("config.schema.yaml").read_text())


def complete(section: str, value: Any) -> dict[str, Any]:
    """`value` with every default of that section filled in.

    Raises: ConfigError naming the first key that is unknown, missing, of the wrong type or out of range.
    """
    value = json.loads(json.dumps(value))
    whole = schema()
    validator = _filling(Draft202012Validator)({"$ref": f"#/$defs/{section}", "$defs": whole["$defs"]})
    error = next(validator.iter_errors(value), None)
    if error is not None:
        where = ".".join([section, *map(str, error.absolute_path)])
        known = error.schema.get("properties") if error.validator == "additionalProperties" else None
        hint = f"; known keys: {', '.join(known)}" if known else ""
        raise ConfigError(f"{where}: {error.message}{hint}")
    return value


def read_settings(text: str, experiment: str | None, sections: tuple[str, ...]) -> dict[str, dict[str, Any]]:
    """Completed `sections` of one experiment, from inline JSON of the experiment or from a config file and its name.

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
            raise ConfigError(f"--settings: no file {path} (and not JSON, which starts with a brace)")
        experiments = (yaml.safe_load(path.read_text()) or {}).get("experiments")
        if not isinstance(experiments, Mapping):
            raise ConfigError(f"{path}: has no section `experiments`")
        if experiment not in experiments:
            raise ConfigError(f"{path}: --experiment {experiment}: not one of {', '.join(experiments)}")
        chosen = experiments[experiment]
    known = schema()["$defs"]["experiment"]["properties"]
    for key in chosen:
        if key not in known:
            raise ConfigError(f"experiment: unknown section {key!r}; known: {', '.join(known)}")
    return {section: complete(section, chosen.get(section, {})) for section in sections}
