"""Settings are plain dictionaries, complete and checked: `config.schema.yaml` names every key, its
range and default.
"""

import itertools
import json
from collections.abc import Iterator, Mapping
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from jsonschema import Draft202012Validator, ValidationError, validators

from diffinfo.errors import ConfigError

SCHEMA = Path(__file__).with_name("config.schema.yaml")


def _filling(validator_class):
    check = validator_class.VALIDATORS["properties"]
    check_type = validator_class.VALIDATORS["type"]

    def fill(validator, properties, instance, schema):
        if isinstance(instance, dict):
            for key, subschema in properties.items():
                if "default" in subschema and key not in instance:
                    # A fresh copy: nested defaults are filled in below and must not be shared.
                    instance[key] = json.loads(json.dumps(subschema["default"]))
        yield from check(validator, properties, instance, schema)

    def whole(validator, kind, instance, schema):
        # JSON Schema takes 20.0 for an integer, and a programme does not.
        if kind == "integer" and isinstance(instance, float):
            yield ValidationError(f"{instance!r} is not a whole number; write {instance:.0f}")
        yield from check_type(validator, kind, instance, schema)

    return validators.extend(validator_class, {"properties": fill, "type": whole})


@cache
def schema() -> dict[str, Any]:
    """The schema of a whole config; its `$defs` hold one per section of an experiment. It is read
    once; leave it unchanged.
    """
    return yaml.safe_load(SCHEMA.read_text(encoding="utf-8"))


@cache
def _validator(section: str):
    definitions = schema()["$defs"]
    return _filling(Draft202012Validator)({"$ref": f"#/$defs/{section}", "$defs": definitions})


def complete(section: str, value: Any) -> dict[str, Any]:
    """`value` with every default of that section filled in.

    Raises: ConfigError naming the first key that is unknown, missing, of the wrong type or out of
    range.
    """
    value = json.loads(json.dumps(value))
    error = next(_validator(section).iter_errors(value), None)
    if error is not None:
        where = ".".join([section, *map(str, error.absolute_path)])
        known = (
            error.schema.get("properties") if error.validator == "additionalProperties" else None
        )
        hint = f"; known keys: {', '.join(known)}" if known else _hint(error)
        raise ConfigError(f"{where}: {error.message}{hint}")
    return value


def _hint(error: ValidationError) -> str:
    """How to write a number that YAML took for text."""
    if error.validator == "type" and isinstance(error.instance, str):
        with suppress(ValueError):
            digits, _, power = repr(float(error.instance)).partition("e")
            power = f"e{power}" if power else ""
            return f"; YAML takes it for text: write {digits}{'' if '.' in digits else '.0'}{power}"
    return ""


class _Loader(yaml.SafeLoader):
    """YAML's safe loader, which refuses a key that is given twice: the last one would win."""


def _mapping(loader: _Loader, node: yaml.MappingNode) -> dict[Any, Any]:
    seen: dict[str, int] = {}
    for key, _ in node.value:
        line = key.start_mark.line + 1
        if isinstance(key, yaml.ScalarNode) and key.value != "<<":
            if key.value in seen:
                raise ConfigError(f"the key {key.value} is in lines {seen[key.value]} and {line}")
            seen[key.value] = line
    loader.flatten_mapping(node)
    return loader.construct_mapping(node, deep=True)


_Loader.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, _mapping)


def read_config(path: str | Path) -> dict[str, Any]:
    """A config file.

    Raises: ConfigError, naming the file and the line, where it is no YAML mapping, or has a key
    twice.
    """
    try:
        config = yaml.load(Path(path).read_text(encoding="utf-8"), _Loader)
    except ConfigError as error:
        raise ConfigError(f"{path}: {error}; leave one of them out") from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: not YAML ({' '.join(str(error).split())})") from None
    if not isinstance(config, dict):
        raise ConfigError(f"{path}: needs keys and values, such as `experiments:`")
    return config


def _set(experiment: dict[str, Any], path: str, value: Any) -> None:
    *sections, key = path.split(".")
    for section in sections:
        experiment = experiment.setdefault(section, {})
        if not isinstance(experiment, dict):
            raise ConfigError(f"vary.{path}: {section} is not a section")
    experiment[key] = value


def _cases(name: str, experiment: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Name and settings of every case of one experiment; one without `vary` is its only case."""
    if any(experiment.get("case", {}).values()):
        raise ConfigError(
            f"experiments.{name}.case: this section is written by `vary`, not by hand"
        )
    varied = experiment.get("vary", {})
    for values in itertools.product(*varied.values()):
        case = {
            key: value for key, value in json.loads(json.dumps(experiment)).items() if key != "vary"
        }
        for path, value in zip(varied, values, strict=True):
            _set(case, path, value)
        written = (
            format(value, "g") if isinstance(value, int | float) else str(value) for value in values
        )
        case_name = "-".join([name, *written])
        case["case"] = {
            "experiment": case_name,
            "sweep": name if varied else "",
            "varied": dict(zip(varied, values, strict=True)),
        }
        yield case_name, case


def expand(
    experiments: Mapping[str, Any],
) -> tuple[dict[str, dict[str, Any]], dict[str, list[str]]]:
    """Complete experiments with every sweep written out, and which of them each name of the config
    stands for.

    An experiment with `vary: {data.gaussian.sigma_eps: [1.0, 0.6]}` becomes `<name>-1` and
    `<name>-0.6`; several keys give their product, in the order written. Each has a section `case`
    that says so (`experiment`, `sweep`, `varied`: key -> value) and travels with its results, so
    that nobody has to take names apart. Raises: ConfigError naming the experiment and the key that
    is wrong.
    """
    whole, groups = {}, {}
    for name, experiment in experiments.items():
        if not isinstance(name, str):
            raise ConfigError(f"experiments: the name {name} is no text to YAML; put it in quotes")
        groups[name] = []
        for case_name, case in _cases(name, experiment):
            if case_name in whole:
                raise ConfigError(f"experiments.{name}: there are two experiments {case_name}")
            try:
                whole[case_name] = complete("experiment", case)
            except ConfigError as error:
                raise ConfigError(f"experiments.{name}: {error}") from error
            groups[name].append(case_name)
    return whole, groups


def _chosen(text: str, experiment: str | None) -> dict[str, Any]:
    """An experiment's sections, from JSON, or from a config file and its name."""
    if text.lstrip().startswith("{"):
        try:
            return json.loads(text)
        except json.JSONDecodeError as error:
            raise ConfigError(f"--settings: not valid JSON ({error})") from error
    path = Path(text)
    if not path.is_file():
        raise ConfigError(f"--settings: no file {path} (and not JSON, which starts with a brace)")
    experiments = read_config(path).get("experiments")
    if not isinstance(experiments, Mapping):
        raise ConfigError(f"{path}: has no section `experiments`")
    whole, _ = expand(experiments)
    if experiment not in whole:
        raise ConfigError(f"{path}: --experiment {experiment}: not one of {', '.join(whole)}")
    return whole[experiment]


def read_settings(
    text: str, experiment: str | None, sections: tuple[str, ...], *, strict: bool = False
) -> dict[str, dict[str, Any]]:
    """Complete `sections` of one experiment, from inline JSON of the experiment or from a config
    file and its name.

    A section that is left out takes its defaults, as `describe` lists them; strict: it is an error
    instead. Raises: ConfigError, naming the file, section or key.
    """
    chosen = _chosen(text, experiment)
    known = schema()["$defs"]["experiment"]["properties"]
    for key in chosen:
        if key not in known:
            raise ConfigError(f"experiment: unknown section {key!r}; known: {', '.join(known)}")
    if strict and (missing := [section for section in sections if section not in chosen]):
        raise ConfigError(
            f"experiment: the section {missing[0]} is missing; with --strict, "
            f"all of {', '.join(sections)} must be given"
        )
    return {section: complete(section, chosen.get(section, {})) for section in sections}


def describe(section: str) -> list[str]:
    """One line per key of a section, with its default and meaning, for help texts; deeper keys are
    dotted.
    """

    def resolved(node: dict[str, Any]) -> dict[str, Any]:
        if "$ref" in node:
            return schema()["$defs"][node["$ref"].rsplit("/", 1)[1]] | {
                k: v for k, v in node.items() if k != "$ref"
            }
        return node

    def lines(node: dict[str, Any], prefix: str, given: Any) -> Iterator[str]:
        for key, below in node.get("properties", {}).items():
            below = resolved(below)
            default = (
                given[key] if isinstance(given, dict) and key in given else below.get("default")
            )
            if "properties" in below:
                yield from lines(below, f"{prefix}{key}.", default)
            elif "default" in below or default is not None:
                meaning = f"  {below['description']}" if "description" in below else ""
                yield f"{prefix}{key} = {json.dumps(default)}{meaning}"

    return list(lines(resolved({"$ref": f"#/$defs/{section}"}), f"{section}.", {}))
