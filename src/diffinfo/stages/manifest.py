"""List every result with its checksum, the config and the source that made it."""

from diffinfo.stages.contract import Job, Option

OPTIONS = (
    Option(
        "--files",
        {"nargs": "+", "required": True, "help": "files below the manifest's folder"},
        reads=True,
    ),
    Option("--config-json", {"default": "{}", "help": "the whole configuration, as JSON"}),
    Option(
        "--captions-json",
        {"default": "{}", "help": "captions by name, such as figures/fig12, as JSON"},
    ),
    Option("--out", {"required": True, "help": "the manifest to write"}, writes=("",)),
)
EXAMPLES = """\
  diffinfo manifest --files results/figures/fig12.pdf --out results/manifest.json"""

PACKAGES = ("jax", "jaxlib", "flax", "optax", "numpy", "scipy", "scikit-learn", "snakemake")


def run(job: Job) -> None:
    import json
    import platform
    from importlib.metadata import version
    from pathlib import Path

    from diffinfo.files import sha256, sha256_of, write_json
    from diffinfo.source import package_hash

    config, root = json.loads(job.options.config_json), Path(job.options.out).resolve().parent
    files = {Path(name).resolve().relative_to(root): sha256(name) for name in job.options.files}
    about = {
        "config": config,
        "config_sha256": sha256_of(config),
        "source_sha256": package_hash(),
        "packages": {name: version(name) for name in PACKAGES},
        "python": platform.python_version(),
        "machine": platform.machine(),
        "captions": json.loads(job.options.captions_json),
        "files": {str(name): digest for name, digest in sorted(files.items())},
    }
    write_json(job.options.out, about)
    print(f"{job.options.out}: {len(files)} files")
