import json
import os
import sys
from pathlib import Path

from snakemake.settings.types import DeploymentMethod

ROOT = Path(workflow.basedir).resolve()
ROOT = ROOT.parent if ROOT.name == "workflow" else ROOT
RESULTS = config["results"]
ENV = str(ROOT / "envs" / "diffinfo.yaml")

# Jobs run this checkout's package in the interpreter that runs Snakemake (or in their conda environment), whether or not
# it is first on PATH; compiled programs are shared between jobs. Braces are doubled for the f-string and for Snakemake.
CONDA = workflow.deployment_settings and (
    DeploymentMethod.CONDA in workflow.deployment_settings.deployment_method
)
shell.prefix(
    ("" if CONDA else f'export PATH="{Path(sys.executable).parent}:$PATH"; ')
    + f'export PYTHONPATH="{ROOT}/src${{{{PYTHONPATH:+:$PYTHONPATH}}}}" '
    + f'JAX_COMPILATION_CACHE_DIR="${{{{JAX_COMPILATION_CACHE_DIR:-$PWD/{RESULTS}/.cache/jax}}}}"; '
)

sys.path.insert(0, str(ROOT / "src"))

from diffinfo.source import closure


wildcard_constraints:
    experiment="[A-Za-z0-9][A-Za-z0-9._-]*",
    seed=r"\d+",


def sources(*modules):
    """Package files that these modules rest on: editing one reruns what depends on it, and nothing else."""
    files = {path for module in modules for path in closure(f"diffinfo.{module}")}
    return [os.path.relpath(path) for path in sorted(files)]


def settings(*sections):
    """Those sections of the experiment, as one JSON string: the command line of a job, and what Snakemake tracks."""

    def of(wildcards):
        experiment = config["experiments"][wildcards.experiment]
        return json.dumps({key: experiment[key] for key in sections}, sort_keys=True)

    return of


def source_files(wildcards):
    """The user's own files that an experiment's data come from."""
    ((source, options),) = config["experiments"][wildcards.experiment]["data"].items()
    if source == "npz":
        return [options["path"]]
    if source == "folder":
        files = sorted(path for path in Path(options["path"]).rglob("*") if path.is_file())
        if not files:
            raise WorkflowError(
                f"experiments.{wildcards.experiment}.data.folder.path: no files under {options['path']}"
            )
        return [str(path) for path in files]
    return []


def runs(names):
    """Run folders of the named experiments, one per seed."""
    for name in names:
        if name not in config["experiments"]:
            raise WorkflowError(
                f"figures: {name} is not one of the experiments {', '.join(config['experiments'])}"
            )
    return [
        f"{RESULTS}/runs/{name}/seed-{seed}"
        for name in names
        for seed in config["experiments"][name]["seeds"]
    ]


def figure_runs(name):
    """The run folders that a figure shows; empty for a figure that the config leaves out."""
    return runs(config["figures"].get(name, []))


def run_files(names):
    """What a table reads of the named experiments."""
    estimates = [
        f"{run}/{file}" for run in runs(names) for file in ("estimate.json", "estimate.levels.csv")
    ]
    return estimates + [f"{RESULTS}/runs/{name}/data.json" for name in names]


def plan():
    """What a run is about to do, in words."""
    experiments = config["experiments"]
    lines = [f"\n{config['title']}"]
    for name, experiment in experiments.items():
        (source,) = experiment["data"]
        (network,) = (key for key in experiment["network"] if key in ("mlp", "unet"))
        lines.append(
            f"  {name}: {source}, {network}, {experiment['train']['steps']} steps of "
            f"{experiment['train']['batch']}, {len(experiment['seeds'])} seed(s)"
        )
    lines.append(f"  figures: {', '.join(config['figures'])} -> {RESULTS}/figures/")
    lines.append(
        f"About {config['expected_minutes']:g} minutes on 2 CPU cores from nothing; what is made already is kept. "
        f"Progress of long jobs: {RESULTS}/logs/\n"
    )
    return "\n".join(lines)
