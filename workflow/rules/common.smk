import json
import os
import shlex
import sys
from pathlib import Path

from snakemake.settings.types import DeploymentMethod, SharedFSUsage

# Used as a module, `workflow.basedir` is the importer's folder; this file's own is where the checkout is.
ROOT = Path(workflow.current_basedir.get_path_or_uri(secret_free=True)).resolve().parents[1]
RESULTS = config["results"]
ENV = str(ROOT / "envs" / "diffinfo.yaml")

# Jobs ask for a GPU where a profile names the resource `gpu`, and says how many may be in use at a time. On this machine these
# jobs share one, of whose memory each would take three quarters.
GPUS = workflow.global_resources["gpu"].value if "gpu" in workflow.global_resources else 0
SHARING = max(GPUS, 1) if workflow.local_exec else 1

# Jobs run this checkout's package in the interpreter that runs Snakemake (or in their conda environment), whether or not
# it is first on PATH; compiled programs are shared between jobs. Braces are doubled for the f-string and for Snakemake.
CONDA = workflow.deployment_settings and (
    DeploymentMethod.CONDA in workflow.deployment_settings.deployment_method
)
shell.prefix(
    ("" if CONDA else f'export PATH="{Path(sys.executable).parent}:$PATH"; ')
    + f'export PYTHONPATH="{ROOT}/src${{{{PYTHONPATH:+:$PYTHONPATH}}}}" '
    + f'JAX_COMPILATION_CACHE_DIR="${{{{JAX_COMPILATION_CACHE_DIR:-$PWD/{RESULTS}/.cache/jax}}}}" '
    + 'JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS="${{JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS:-0.2}}" '
    + f'XLA_PYTHON_CLIENT_MEM_FRACTION="${{{{XLA_PYTHON_CLIENT_MEM_FRACTION:-{0.75 / SHARING:.2f}}}}}"; '
)

sys.path.insert(0, str(ROOT / "src"))

from diffinfo.config import read_config
from diffinfo.errors import ConfigError, DataError
from diffinfo.files import lock
from diffinfo.plan import Plan
from diffinfo.resources import memory, minutes
from diffinfo.runs import Run
from diffinfo.source import closure
from diffinfo.stages.contract import RUN_STAGES

# What the config asks for: which files every job reads and makes, and the words of its command line.
try:
    for path in workflow.configfiles:
        read_config(path)  # Snakemake reads them, but not as strictly: a key twice is an error here
    PLAN = Plan(config)
except (ConfigError, DataError) as error:
    raise WorkflowError(str(error)) from None


wildcard_constraints:
    experiment="[A-Za-z0-9][A-Za-z0-9._-]*",
    data="[A-Za-z0-9][A-Za-z0-9._-]*",
    seed=r"\d+",


# Without a shared file system (a bucket as storage) jobs run the package of their container, and inputs would be looked for in
# the bucket: there, after a change of the code, say which rules to run again (-R).
SHARED = SharedFSUsage.INPUT_OUTPUT in workflow.storage_settings.shared_fs_usage

HELD = []


def held(folder):
    """A lock that ends with this process, so that no killed run leaves it behind (as Snakemake's own, which profiles/default
    switches off, would be): of two runs in one folder, one would remove what the other reads.
    """
    Path(folder).mkdir(parents=True, exist_ok=True)
    stream = open(Path(folder) / ".lock", "w")
    try:
        lock(stream)
    except BlockingIOError:
        raise WorkflowError(
            f"{folder}: another run is at work there; wait for its end, or give `results` in the config another folder"
        ) from None
    except (OSError, ImportError):
        pass  # a file system, or a system, without locks
    return stream


def sources(*modules):
    """Package files that these modules rest on: editing one reruns what depends on it, and nothing else."""
    if not SHARED:
        return []
    return [os.path.relpath(path) for path in closure(*(f"diffinfo.{name}" for name in modules))]


def of_run(method, stage):
    """What the plan's `method` says of a stage and a job's run; a wrong config stops with its own message."""

    def of(wildcards):
        try:
            if "data" in stage.writes:  # all runs that use it say the same
                return method(stage, PLAN.users_of(wildcards.data)[0])
            run = Run(wildcards.experiment, int(wildcards.seed), Path(RESULTS) / "runs")
            return method(stage, run)
        except (ConfigError, DataError) as error:
            raise WorkflowError(str(error)) from None

    return of


def placed(command):
    """A job's words with the files of results where Snakemake keeps them, below a folder of its own if they are in a bucket.

    Elsewhere they say nothing of where files are: what follows from an output starts no job when it changes.
    """
    if SHARED:
        return command

    def of(wildcards, output):
        kept = output[0][: output[0].rindex(f"{RESULTS}/")]
        return [
            kept + word if word.startswith(f"{RESULTS}/") else word for word in command(wildcards)
        ]

    return of


def taken(function, stage):
    """What a function of `diffinfo.resources` says that a job takes."""
    return of_run(lambda _, run: function(PLAN.experiments, run.experiment, stage.name), stage)


def at_most(function, stage):
    """The same, times the attempts."""
    amount = taken(function, stage)
    return lambda wildcards, attempt: attempt * amount(wildcards)


def logged(kind, name):
    """The log (or benchmark) of a job, by its stage and what it makes."""
    suffix = {"logs": "log", "benchmarks": "tsv"}[kind]
    return f"{RESULTS}/{kind}/{name}.{suffix}"


def any_of(names):
    """A wildcard's constraint: one of these names, which may be none at all."""
    return "|".join(names) or "(?!)"
