"""List every result with its checksum, the config and source that made it; or check that nothing
has changed since.
"""

from diffinfo.stages.contract import Job, Option

OPTIONS = (
    Option(
        "--files",
        {"nargs": "+", "default": [], "help": "files below the manifest's folder"},
        reads=True,
    ),
    Option("--config-json", {"default": "{}", "help": "the whole configuration, as JSON"}),
    Option("--out", {"help": "the manifest to write"}, writes=("",)),
    Option("--verify", {"metavar": "MANIFEST", "help": "check the files of this one instead"}),
)
EXAMPLES = """\
  diffinfo manifest --files results/figures/fig12.pdf --out results/manifest.json
  diffinfo manifest --verify results/manifest.json"""

PACKAGES = ("jax", "jaxlib", "flax", "optax", "numpy", "scipy", "scikit-learn", "snakemake")


def run(job: Job) -> None:
    import json
    import platform
    from importlib.metadata import version
    from pathlib import Path

    from diffinfo.errors import DataError
    from diffinfo.files import changed_files, sha256, sha256_of, write_json
    from diffinfo.source import package_hash

    if job.options.verify:
        listed, changed = changed_files(job.options.verify)
        if changed:
            raise DataError(
                f"{job.options.verify}: {len(changed)} of {len(listed)} files are missing or "
                f"changed: {', '.join(changed)}"
            )
        print(f"{job.options.verify}: {len(listed)} files are as they were")
        return
    if not job.options.out:
        raise DataError("--out: name the manifest to write (or one to --verify)")
    config, root = json.loads(job.options.config_json), Path(job.options.out).resolve().parent
    files = {Path(name).resolve().relative_to(root): sha256(name) for name in job.options.files}
    about = {
        "config": config,
        "config_sha256": sha256_of(config),
        "source_sha256": package_hash(),
        "packages": {name: version(name) for name in PACKAGES},
        "python": platform.python_version(),
        "machine": platform.machine(),
        "files": {str(name): digest for name, digest in sorted(files.items())},
    }
    write_json(job.options.out, about)
    print(f"{job.options.out}: {len(files)} files")
