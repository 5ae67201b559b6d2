import json
import os
import re
import shlex
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
    + f'JAX_COMPILATION_CACHE_DIR="${{{{JAX_COMPILATION_CACHE_DIR:-$PWD/{RESULTS}/.cache/jax}}}}" '
    + 'JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS="${{JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS:-0.2}}"; '
)

sys.path.insert(0, str(ROOT / "src"))

from diffinfo.config import ConfigError, expand
from diffinfo.source import closure

try:
    EXPERIMENTS, GROUPS = expand(config["experiments"])
except ConfigError as error:
    raise WorkflowError(str(error)) from None


wildcard_constraints:
    experiment="[A-Za-z0-9][A-Za-z0-9._-]*",
    seed=r"\d+",


def sources(*modules):
    """Package files that these modules rest on: editing one reruns what depends on it, and nothing else."""
    files = {path for module in modules for path in closure(f"diffinfo.{module}")}
    return [os.path.relpath(path) for path in sorted(files)]


def sections_of(experiment, *sections):
    """Those sections of an experiment, as one JSON string."""
    return json.dumps({key: EXPERIMENTS[experiment][key] for key in sections}, sort_keys=True)


def settings(*sections):
    """Those sections of the experiment, as one JSON string: the command line of a job, and what Snakemake tracks."""

    def of(wildcards):
        return sections_of(wildcards.experiment, *sections)

    return of


# With `together`, the cases and seeds of a sweep over tau are one job: sweep -> its run folders.
def _together(name):
    vary = config["experiments"][name].get("vary", {})
    autoencoder = "autoencoder" in EXPERIMENTS[GROUPS[name][0]]["network"]
    return autoencoder and set(vary) <= {"network.autoencoder.tau"}


TRAIN = ("process", "network", "train")  # what the train stage takes
TOGETHER = {}
if config.get("together"):
    for name in filter(_together, GROUPS):
        folders = [
            (case, seed, f"{RESULTS}/runs/{case}/seed-{seed}")
            for case in GROUPS[name]
            for seed in EXPERIMENTS[case]["seeds"]
        ]
        if len(folders) > 1:
            TOGETHER[name] = folders


def members(name):
    """The train stage's arguments for all members of a sweep that train together, quoted for the shell."""
    (case, seed, folder), *others = TOGETHER[name]
    words = [
        "--settings",
        sections_of(case, *TRAIN),
        "--seed",
        seed,
        "--out",
        f"{folder}/model.msgpack",
    ]
    for case, seed, folder in others:
        words += ["--also", sections_of(case, *TRAIN), seed, f"{folder}/model.msgpack"]
    return shlex.join(map(str, words))


def classifier_settings(wildcards):
    """The train stage's settings of an experiment's classifier of noised images."""
    experiment = EXPERIMENTS[wildcards.experiment]
    network = {"classifier": experiment["classifier"]["network"]}
    train = experiment["classifier"]["train"]
    return json.dumps(
        {"process": experiment["process"], "network": network, "train": train}, sort_keys=True
    )


def classifier_of(wildcards):
    """The classifier that an experiment's estimates use: one file, or none."""
    folder = f"{RESULTS}/runs/{wildcards.experiment}/seed-{wildcards.seed}"
    return [f"{folder}/classifier.msgpack"] * ("classifier" in EXPERIMENTS[wildcards.experiment])


def other(experiment):
    """The experiment that an autoencoder is compared with, which has a classifier."""
    name = EXPERIMENTS[experiment].get("beside", "")
    if "classifier" not in EXPERIMENTS.get(name, {}):
        raise WorkflowError(
            f"experiments.{experiment}.beside: {name or 'missing'};"
            " needs the name of an experiment with a classifier"
        )
    return name


def beside(name):
    """A file of the experiment that an autoencoder is compared with, the same seed's."""

    def of(wildcards):
        return f"{RESULTS}/runs/{other(wildcards.experiment)}/seed-{wildcards.seed}/{name}"

    return of


def source_files(wildcards):
    """The user's own files that an experiment's data come from."""
    ((source, options),) = EXPERIMENTS[wildcards.experiment]["data"].items()
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
    """Run folders of the named experiments and sweeps, one per seed."""
    folders = []
    for name in names:
        if name not in GROUPS and name not in EXPERIMENTS:
            raise WorkflowError(
                f"figures: {name} is not one of the experiments {', '.join(GROUPS)}"
                f" (nor one case of a sweep, such as {list(EXPERIMENTS)[0]})"
            )
        for case in GROUPS.get(name, [name]):
            folders += [f"{RESULTS}/runs/{case}/seed-{seed}" for seed in EXPERIMENTS[case]["seeds"]]
    return folders


NEED_CLASSIFIER = ("fig22", "fig27", "maps")
NEED_CODES = ("fig5", "fig14", "fig15", "fig17", "fig18", "price", "separation", "twostage")


def figure_runs(name):
    """The run folders that a figure shows; empty for a figure that the config leaves out."""
    folders = runs(config["figures"].get(name, []))
    if name == "fig5" and folders and "fig18" not in config["figures"]:
        raise WorkflowError(
            "figures.fig5: shows what fig18 does, which needs a sweep over tau; add fig18"
        )
    for folder in folders:
        experiment = Path(folder).parent.name
        if has_codes(folder) != (name in NEED_CODES):
            raise WorkflowError(
                f"figures.{name}: {experiment} is {'' if has_codes(folder) else 'not '}an autoencoder"
            )
        if name in NEED_CLASSIFIER and "classifier" not in EXPERIMENTS[experiment]:
            raise WorkflowError(
                f"figures.{name}: the experiment {experiment} needs a section `classifier`"
            )
    return folders


# Figures that are pictures, or hold some: the file of each run (of its first seed) that they are drawn from.
PICTURES = {
    "samples": "samples",
    "maps": "maps",
    "fig5": "tsne",
    "fig14": "reconstructions",
    "fig15": "latents",
    "fig17": "tsne",
    "twostage": "twostage",
}
WITHOUT_TABLE = ("samples", "maps", "fig5", "fig14", "fig17", "twostage")

ALSO_READS = {
    "fig2": [f"{RESULTS}/tables/fig8.csv"],
    "fig5": [f"{RESULTS}/tables/fig18.csv"],
    "fig16": [f"{RESULTS}/tables/estimates.csv"],
    "fig22": [f"{RESULTS}/tables/estimates.csv"],
}


def figure_inputs(name):
    """Tables (or arrays) that a figure is drawn from: its own, and what it borrows."""
    tables = [] if name in WITHOUT_TABLE else [f"{RESULTS}/tables/{name}.csv"]
    first = (
        {Path(run).parent: run for run in reversed(figure_runs(name))} if name in PICTURES else {}
    )
    pictures = [f"{run}/{PICTURES[name]}.npz" for run in reversed(first.values())]
    return [*tables, *ALSO_READS.get(name, []), *pictures]


def compared_runs(name):
    """The run folders of the experiment that a figure's autoencoders are compared with."""
    others = {other(Path(folder).parent.name): None for folder in figure_runs(name)}
    return runs(others)


def has_codes(folder):
    """Whether a run folder is that of an autoencoder, which has codes, and no fields to estimate."""
    return "autoencoder" in EXPERIMENTS[Path(folder).parent.name]["network"]


def run_files(folders, *more):
    """What tables read of these run folders: estimates (and `more` files of each), and the cards of their data."""
    cards = {f"{Path(folder).parent}/data.json": None for folder in folders}
    names = {
        folder: ("latents.json",) if has_codes(folder) else ("estimate.json", "estimate.levels.csv")
        for folder in folders
    }
    return [f"{folder}/{name}" for folder in folders for name in (*names[folder], *more)] + list(
        cards
    )


def plan():
    """What a run is about to do, in words."""
    lines = [f"\n{config['title']}"]
    for name, cases in GROUPS.items():
        first = EXPERIMENTS[cases[0]]
        (source,) = first["data"]
        (network,) = (key for key in first["network"] if key in ("mlp", "unet", "autoencoder"))
        steps = sorted({EXPERIMENTS[case]["train"]["steps"] for case in cases})
        steps = f"{steps[0]}" if len(steps) == 1 else f"{steps[0]} to {steps[-1]}"
        lines.append(
            f"  {name}: {source}, {network}, {len(cases)} case(s), {steps} steps of "
            f"{first['train']['batch']}, {len(first['seeds'])} seed(s)"
        )
    lines.append(f"  figures: {', '.join(config['figures'])} -> {RESULTS}/figures/")
    lines.append(
        f"About {config['expected_minutes']:g} minutes on 2 CPU cores from nothing; what is made already is kept. "
        f"Progress of long jobs: {RESULTS}/logs/\n"
    )
    return "\n".join(lines)
