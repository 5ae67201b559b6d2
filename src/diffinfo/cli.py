"""`diffinfo <stage>`: every step by hand, exactly as the workflow runs it; derived from what each
stage states.
"""

import argparse
import os
import sys
from pathlib import Path

from diffinfo import __version__
from diffinfo.config import describe, read_settings
from diffinfo.data.inputs import source_files
from diffinfo.errors import ConfigError, DataError
from diffinfo.runs import FILES
from diffinfo.stages.contract import RUN_STAGES, STAGES, Job, Stage, whole

DESCRIPTION = f"""\
Information stored in diffusion models, measured in nats. `snakemake` runs all stages of a config;
each also runs by hand.

for every run:  {", ".join(stage.name for stage in RUN_STAGES)}
for all runs:   table, figure, manifest; verify, crate (to check and to cite what came out);
                summary, replication (of several results)
for your own:   mi (information of paired arrays), measure (a model of yours),
                schedule (noise levels to sample at)"""

SETTINGS = (
    "a config file (then also --experiment), or the experiment's sections as JSON, such as "
    '\'{"train": {"steps": 500}}\'; what is left out takes the default that is listed below'
)
THREADS = "CPU threads (0: as XLA likes; the workflow uses 1); train spreads images over so many"

# What the environment may ask of JAX for the sake of other programs. Results rest on data, settings
# and seed alone.
CHANGES_NUMBERS = ("JAX_ENABLE_X64", "JAX_DEFAULT_PRNG_IMPL", "JAX_THREEFRY_PARTITIONABLE")


def _epilog(stage: Stage) -> str:
    """The examples, and the keys of the sections that the stage takes, with defaults."""
    text = f"examples:\n{stage.module.EXAMPLES}"
    keys = [line for section in stage.sections if section != "case" for line in describe(section)]
    return "\n  ".join([text + "\n\nsettings and their defaults:", *keys]) if keys else text


def _add_arguments(parser: argparse.ArgumentParser, stage: Stage) -> None:
    if stage.sections:
        required = bool({"data", "network"} & set(stage.sections))
        parser.add_argument("--settings", default="{}", required=required, help=SETTINGS)
        parser.add_argument("--experiment", help="which experiment of the config file")
        strict = "a section that is missing is an error (the workflow's way)"
        parser.add_argument("--strict", action="store_true", help=strict)
    for option, need in stage.needs.items():
        parser.add_argument(f"--{option}", required=not need.optional, help=need.about)
    for option in stage.options:
        parser.add_argument(option.flag, **option.keywords)
    if stage.writes:
        first, *others = (FILES[name] for name in stage.writes)
        stem = Path(first.path).stem
        beside = [f"{Path(o.path).name.removeprefix(stem)} ({o.about})" for o in others]
        about = f"the {Path(first.path).suffix} to write: {first.about}"
        about += f"; beside it {', '.join(beside)}" if beside else ""
        parser.add_argument("--out", required=True, help=about)
    if stage in RUN_STAGES:
        parser.add_argument("--threads", type=whole(0), default=0, help=THREADS)


def make_parser() -> argparse.ArgumentParser:
    """The whole command line."""
    plain = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(
        prog="diffinfo",
        description=DESCRIPTION,
        epilog="diffinfo <stage> --help shows a stage's options, examples and settings.",
        formatter_class=plain,
    )
    parser.add_argument("--version", action="version", version=__version__)
    subparsers = parser.add_subparsers(dest="stage", required=True, metavar="stage")
    for stage in STAGES.values():
        about, _, _ = stage.module.__doc__.partition("\n\n")
        subparser = subparsers.add_parser(
            stage.name,
            help=" ".join(about.split()),
            description=stage.module.__doc__,
            epilog=_epilog(stage),
            formatter_class=plain,
        )
        _add_arguments(subparser, stage)
    return parser


def _job(stage: Stage, args: argparse.Namespace) -> Job:
    """What the command line asks for."""
    given = {option: getattr(args, option) for option in stage.needs}
    if stage.writes and not Path(args.out).name:
        raise DataError(f"--out {args.out}: is a folder; name a file to write")
    settings = {}
    if stage.sections:
        settings = read_settings(args.settings, args.experiment, stage.sections, strict=args.strict)
    return Job(
        needs={option: Path(path) if path else None for option, path in given.items()},
        writes=stage.written(args.out) if stage.writes else {},
        settings=settings,
        options=args,
    )


def _check_outputs(stage: Stage, job: Job) -> None:
    """Raise DataError, before any work is done, where the result could not be written, or would
    replace what the command reads.
    """
    read = stage.read(job)
    if "data" in job.settings:
        read += source_files(job.settings["data"])
    read = {path.resolve() for path in read}
    for path in stage.made(job):
        if path.resolve() in read:
            raise DataError(f"{path}: is read by this command; name another file to write")
        if path.is_dir():
            raise DataError(f"{path}: is a folder; name a file to write")
        folder = next(parent for parent in path.resolve().parents if parent.exists())
        if not folder.is_dir() or not os.access(folder, os.W_OK):
            raise DataError(f"{path}: {folder} is not a folder that you can write to")


def _flush() -> None:
    """What is printed, now. Raises: OSError, once, where it cannot be."""
    try:
        sys.stdout.flush()
    except OSError:
        # Python would try again at its end, and say so in its own way.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise


def _has_device() -> bool:
    """Whether JAX, if it is in use, has something to compute on."""
    try:
        return "jax" not in sys.modules or bool(sys.modules["jax"].devices())
    except (RuntimeError, AssertionError):  # JAX raises the latter where a plugin is missing
        return False


def main(argv: list[str] | None = None) -> int:
    """Run one stage. The exit status is 0, or 1 with one line on what is wrong and what to do."""
    args = make_parser().parse_args(argv)
    threads = getattr(args, "threads", 0)
    if threads == 1 or (threads > 1 and args.stage in ("train", "classifier")):
        # Small networks gain nothing from a second thread; two jobs side by side do, and so do two
        # halves of a batch of images, each on a device of one thread. JAX must not have started.
        flags = f"{os.environ.get('XLA_FLAGS', '')} --xla_cpu_multi_thread_eigen=false"
        if threads > 1:
            flags += f" --xla_force_host_platform_device_count={threads}"
        os.environ["XLA_FLAGS"] = flags.strip()
    for name in CHANGES_NUMBERS:
        os.environ.pop(name, None)
    stage = STAGES[args.stage]
    try:
        job = _job(stage, args)
        _check_outputs(stage, job)
        stage.module.run(job)
        _flush()
    except (ConfigError, DataError, OSError, FloatingPointError) as error:
        line = " ".join(line.strip() for line in str(error).splitlines())
        print(f"diffinfo {args.stage}: {line}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print(f"diffinfo {args.stage}: interrupted; the same command finishes it", file=sys.stderr)
        return 130
    except Exception:
        if _has_device():
            raise
        asked = f"JAX_PLATFORMS={os.environ.get('JAX_PLATFORMS', '')}"
        hint = "set it to cpu, or install jax for that device"
        print(f"diffinfo {args.stage}: JAX finds no device, with {asked}; {hint}", file=sys.stderr)
        return 1
    return 0
