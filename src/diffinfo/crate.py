"""What a run made as a Workflow Run RO-Crate: a folder, and a zip of it, that says in JSON-LD what
was run, on what, by whom and when, and carries what came out; and checking one.

Profiles: Workflow Run Crate 0.5 and Workflow RO-Crate 1.0 on RO-Crate 1.1.
"""

import csv
import hashlib
import json
import shutil
import zipfile
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO

import yaml

from diffinfo import __version__
from diffinfo.errors import DataError
from diffinfo.files import changed_files, check_below, read_json, sha256, write_atomic, write_bytes
from diffinfo.source import ROOT, files_below

METADATA = "ro-crate-metadata.json"
_LARGEST_METADATA = 1 << 26  # bytes; ours have some 50,000
# With these, and with the package, a crate is a checkout that runs its own config again.
CODE = (
    "Snakefile",
    "workflow",
    "profiles",
    "envs",
    "Makefile",
    "pyproject.toml",
    "requirements.txt",
    "README.md",
    "LICENSE",
    "CITATION.cff",
)
_PROFILES = (
    ("https://w3id.org/ro/wfrun/process/0.5", "Process Run Crate", "0.5"),
    ("https://w3id.org/ro/wfrun/workflow/0.5", "Workflow Run Crate", "0.5"),
    ("https://w3id.org/workflowhub/workflow-ro-crate/1.0", "Workflow RO-Crate", "1.0"),
)
_LICENCE = "https://spdx.org/licenses/MIT"
_BIOSCHEMAS = "https://bioschemas.org/profiles/ComputationalWorkflow/1.0-RELEASE"
_TERMS = {"sha256": "https://w3id.org/ro/terms/workflow-run#sha256"}
_FORMATS = {
    ".pdf": "application/pdf",
    ".png": "image/png",
    ".csv": "text/csv",
    ".md": "text/markdown",
    ".json": "application/json",
    ".yaml": "application/yaml",
}


def run_times(manifest: str | Path) -> tuple[datetime, datetime]:
    """When the first job of a run began and its last one ended, by the benchmarks that Snakemake
    left beside the manifest; when the manifest was written, where there are none.
    """
    written = Path(manifest).stat().st_mtime
    began, ended = [written], [written]
    for path in (Path(manifest).parent / "benchmarks").rglob("*.tsv"):
        end = path.stat().st_mtime
        with path.open(encoding="utf-8") as lines:
            for row in csv.DictReader(lines, delimiter="\t"):
                began.append(end - float(row["s"]))
        ended.append(end)
    return tuple(datetime.fromtimestamp(round(second), UTC) for second in (min(began), max(ended)))


def _is_carried(name: str) -> bool:
    """Whether a crate carries a result: what is read and the cards of the data, no models."""
    return name.startswith(("figures/", "tables/")) or _is_card(name)


def _is_card(name: str) -> bool:
    return name.startswith("data/") and name.endswith(".json")


def write_crate(manifest: str | Path, out: str | Path, agent: str) -> int:
    """Write the crate of a finished run as `out`, a .zip, and as the folder of that name beside it.

    manifest: the run's; its results must be as it says. agent: who ran it. Returns the number of
    results that the crate carries.

    Raises: DataError if results have changed, if the workflow is not beside the package (one that
    is installed without its checkout), or if the folder is not a crate of before.
    """
    from rocrate.model.contextentity import ContextEntity
    from rocrate.model.person import Person
    from rocrate.rocrate import ROCrate

    manifest, out = Path(manifest), Path(out)
    checkout, about, results = ROOT.parents[1], read_json(manifest), manifest.parent
    missing = [name for name in CODE if not (checkout / name).exists()]
    if missing:
        raise DataError(f"{checkout / missing[0]}: missing; a crate is made from a checkout")
    folder, partial = out.with_suffix(""), out.with_suffix(".partial")
    if folder.exists() and not (folder / METADATA).is_file():
        raise DataError(f"{folder}: is there and is not a crate; name another file, or remove it")
    _, changed = changed_files(manifest)
    if lacking := {"config", "packages", "python", "source_sha256"} - about.keys():
        raise DataError(f"{manifest}: lacks {', '.join(sorted(lacking))}; run the workflow again")
    if changed:
        raise DataError(
            f"{manifest}: {len(changed)} files are missing or changed ({changed[0]}); run the "
            "workflow again before it is packed"
        )
    shutil.rmtree(partial, ignore_errors=True)
    config_file = partial / "config" / "config.yaml"
    write_bytes(config_file, yaml.safe_dump(about["config"], sort_keys=False, width=100).encode())

    crate = ROCrate(version="1.1")
    crate.metadata.extra_terms.update(_TERMS)
    crate.name = about["config"].get("title", "diffinfo")
    crate.description = "Inputs, workflow, tables and figures of one run of diffinfo."
    crate.license = crate.add(
        ContextEntity(crate, _LICENCE, {"@type": "CreativeWork", "name": "MIT License"})
    )
    person = crate.add(Person(crate, f"#{agent.replace(' ', '-')}", {"name": agent}))
    crate.root_dataset["author"] = person

    def add(source: Path, name: str, add_as: Callable = crate.add_file, **properties: Any):
        known = {"name": name, "sha256": sha256(source)}
        if source.suffix in _FORMATS:
            known["encodingFormat"] = _FORMATS[source.suffix]
        return add_as(source, name, properties=known | properties)

    workflow = crate.add_workflow(
        checkout / "workflow" / "Snakefile",
        "workflow/Snakefile",
        main=True,
        lang="snakemake",
        lang_version=about["packages"].get("snakemake"),
        properties={
            "name": "diffinfo",
            "license": {"@id": _LICENCE},
            "version": __version__,
            "conformsTo": {"@id": _BIOSCHEMAS},
            "sha256": sha256(checkout / "workflow" / "Snakefile"),
        },
    )
    for part in (*(checkout / name for name in CODE), ROOT):
        for path in files_below(part):
            name = path.relative_to(checkout).as_posix()
            if name != "workflow/Snakefile":
                add(path, name)
    packages = {"python": about["python"], **about["packages"]}
    workflow["softwareRequirements"] = [
        crate.add(
            ContextEntity(
                crate,
                f"pkg:pypi/{name}@{version}" if name != "python" else "https://www.python.org/",
                {"@type": "SoftwareApplication", "name": name, "softwareVersion": version},
            )
        )
        for name, version in packages.items()
    ]
    for identifier, name, version in _PROFILES:
        crate.add(
            ContextEntity(
                crate,
                identifier,
                {"@type": ["CreativeWork", "Profile"], "name": name, "version": version},
            )
        )
    crate.root_dataset["conformsTo"] = [{"@id": identifier} for identifier, _, _ in _PROFILES]
    place = Path(about["config"].get("results", "results"))
    place = place.name if place.is_absolute() else place.as_posix()
    inputs = [add(config_file, "config/config.yaml", description="What was asked for.")]
    outputs = [add(manifest, f"{place}/{manifest.name}")]
    for name in filter(_is_carried, about["files"]):
        caption = about.get("captions", {}).get(Path(name).with_suffix("").as_posix())
        entity = add(
            results / name,
            f"{place}/{name}",
            **({"description": caption} if caption else {}),
        )
        (inputs if _is_card(name) else outputs).append(entity)
    began, ended = run_times(manifest)
    crate.datePublished = ended
    action = crate.add_action(
        workflow,
        identifier="#run",
        object=inputs,
        result=outputs,
        properties={
            "name": f"Run of {about['config'].get('title', 'diffinfo')}",
            "startTime": began.isoformat(),
            "endTime": ended.isoformat(),
            "actionStatus": "http://schema.org/CompletedActionStatus",
            "description": f"snakemake with the source whose sha256 is {about['source_sha256']}",
        },
    )
    action["agent"] = person
    crate.root_dataset["mentions"] = action
    crate.get("README.md")["about"] = crate.root_dataset
    crate.write(partial)
    shutil.rmtree(folder, ignore_errors=True)
    partial.rename(folder)
    _zip(folder, out)
    return len(outputs) + len(inputs)


def _zip(folder: Path, out: Path) -> None:
    def write(stream: BinaryIO) -> None:
        with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
            for path in files_below(folder):
                # One date for all: the same files make the same archive.
                member = zipfile.ZipInfo(path.relative_to(folder).as_posix(), (1980, 1, 1, 0, 0, 0))
                member.compress_type, member.external_attr = zipfile.ZIP_DEFLATED, 0o644 << 16
                archive.writestr(member, path.read_bytes())

    write_atomic(out, write)


def _digests(metadata: Mapping[str, Any]) -> dict[str, str]:
    """Checksums by name, of the files that a crate's metadata describe."""
    listed = {e["@id"]: e["sha256"] for e in metadata["@graph"] if "sha256" in e}
    check_below(listed, "it")
    return listed


def changed_in_crate(crate: str | Path) -> tuple[dict[str, str], list[str]]:
    """The files that a crate, a folder or a .zip, describes, with their checksums, and those of
    them that are missing or changed. Nothing is unpacked.

    Raises: DataError if it is not a crate.
    """
    crate = Path(crate)
    try:
        if crate.is_dir():
            listed = _digests(read_json(crate / METADATA))
            found = {name: sha256(crate / name) for name in listed if (crate / name).is_file()}
        else:
            with zipfile.ZipFile(crate) as archive:
                check_below(archive.namelist(), crate)
                if archive.getinfo(METADATA).file_size > _LARGEST_METADATA:
                    raise ValueError(f"{METADATA} takes more than {_LARGEST_METADATA} bytes")
                listed = _digests(json.loads(archive.read(METADATA)))
                there, found = set(archive.namelist()), {}
                for name in there & listed.keys():
                    with archive.open(name) as stream:
                        found[name] = hashlib.file_digest(stream, "sha256").hexdigest()
    except FileNotFoundError as error:
        raise DataError(f"{crate}: no such file") from error
    except Exception as error:  # zipfile raises what it likes of damaged archives
        raise DataError(f"{crate}: not a run crate, or a damaged one ({error})") from error
    return listed, sorted(name for name, digest in listed.items() if found.get(name) != digest)
