"""`diffinfo <stage>`: every step by hand, exactly as the workflow runs it."""

import argparse
import os
import sys

from diffinfo import __version__
from diffinfo.stages import (
    data,
    estimate,
    figure,
    illustrate,
    latents,
    manifest,
    maps,
    mi,
    pilot,
    reconstruct,
    sample,
    schedule,
    schedules,
    table,
    theory,
    train,
    tsne,
    twostage,
)

STAGES = {
    "data": data,
    "train": train,
    "estimate": estimate,
    "sample": sample,
    "maps": maps,
    "latents": latents,
    "tsne": tsne,
    "reconstruct": reconstruct,
    "twostage": twostage,
    "pilot": pilot,
    "schedules": schedules,
    "table": table,
    "illustrate": illustrate,
    "theory": theory,
    "figure": figure,
    "manifest": manifest,
    "schedule": schedule,
    "mi": mi,
}

SETTINGS_HELP = (
    "a config file (then also --experiment), or the experiment's sections as JSON, "
    'such as \'{"train": {"steps": 500}}\'; what is left out takes its default (see config/README.md)'
)


def make_parser() -> argparse.ArgumentParser:
    """The whole command line; each stage module brings its own arguments."""
    parser = argparse.ArgumentParser(
        prog="diffinfo",
        description="Information stored in diffusion models, measured in nats. The stages in order: data, train; then "
        "estimate, sample, maps, pilot and schedules of fields, latents, tsne, reconstruct and twostage of autoencoders; then "
        "table and figure. `snakemake` runs all of them; each also runs by hand. `mi` measures your own paired arrays; "
        "`schedule` turns the training loss of your own diffusion model into the noise levels to sample at.",
        epilog="diffinfo <stage> --help shows a stage's options and examples.",
    )
    parser.add_argument("--version", action="version", version=__version__)
    stages = parser.add_subparsers(dest="stage", required=True, metavar="stage")
    for name, module in STAGES.items():
        stage = stages.add_parser(
            name,
            help=module.__doc__,
            description=module.__doc__,
            epilog=module.EXAMPLE,
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        if name in (
            "data",
            "train",
            "estimate",
            "sample",
            "maps",
            "latents",
            "twostage",
            "pilot",
            "schedules",
        ):
            stage.add_argument(
                "--settings", default="{}", required=name in ("data", "train"), help=SETTINGS_HELP
            )
            stage.add_argument("--experiment", help="which experiment of the config file")
        if name in (
            "data",
            "train",
            "estimate",
            "sample",
            "maps",
            "latents",
            "reconstruct",
            "twostage",
            "pilot",
            "schedules",
        ):
            stage.add_argument(
                "--threads",
                type=int,
                default=0,
                help="CPU threads (0: as XLA likes; the workflow uses 1); train spreads batches of images over so many",
            )
        module.add_arguments(stage)
    return parser


def main(argv: list[str] | None = None) -> int:
    """Run one stage. Exit status 0, or 1 with one line on what is wrong and what to do."""
    args = make_parser().parse_args(argv)
    threads = getattr(args, "threads", 0)
    if threads == 1 or (threads > 1 and args.stage == "train"):
        # Small networks gain nothing from a second thread; two jobs side by side do, and so do two
        # halves of a batch of images, each on a device of one thread. Must be set before JAX
        # starts.
        flags = f"{os.environ.get('XLA_FLAGS', '')} --xla_cpu_multi_thread_eigen=false"
        flags += f" --xla_force_host_platform_device_count={threads}" if threads > 1 else ""
        os.environ["XLA_FLAGS"] = flags.strip()
    from diffinfo.config import ConfigError
    from diffinfo.errors import DataError

    try:
        STAGES[args.stage].run(args)
    except (ConfigError, DataError, OSError, FloatingPointError) as error:
        print(f"diffinfo {args.stage}: {error}", file=sys.stderr)
        return 1
    return 0
