"""List every result with its checksum, the config and source that made it; or check that nothing
has changed since.
"""

import argparse

EXAMPLE = """examples:
  diffinfo manifest --files results/figures/fig12.pdf --config-json '{...}' --out results/manifest.json
  diffinfo manifest --verify results/manifest.json"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--files", nargs="+", default=[], help="files to list, below the manifest's own folder"
    )
    parser.add_argument("--config-json", default="{}", help="the whole configuration, as JSON")
    parser.add_argument("--out", help="the manifest to write")
    parser.add_argument(
        "--verify", metavar="MANIFEST", help="check the files of this manifest instead"
    )


def run(args: argparse.Namespace) -> None:
    import json
    import platform
    from importlib.metadata import version
    from pathlib import Path

    from diffinfo.errors import DataError
    from diffinfo.files import read_json, sha256, sha256_of, write_json
    from diffinfo.source import ROOT

    if args.verify:
        path = Path(args.verify)
        listed = read_json(path)["files"]
        wrong = [
            name
            for name, digest in listed.items()
            if not (f := path.parent / name).is_file() or sha256(f) != digest
        ]
        if wrong:
            raise DataError(
                f"{path}: {len(wrong)} of {len(listed)} files are missing or changed: {', '.join(wrong)}"
            )
        print(f"{path}: {len(listed)} files are as they were")
        return
    if not args.out:
        raise DataError("--out: name the manifest to write (or one to --verify)")
    config = json.loads(args.config_json)
    packages = ("jax", "jaxlib", "flax", "optax", "numpy", "scipy", "scikit-learn", "snakemake")
    root = Path(args.out).resolve().parent
    manifest = {
        "config": config,
        "config_sha256": sha256_of(config),
        "source_sha256": sha256_of(
            {str(path.relative_to(ROOT)): sha256(path) for path in sorted(ROOT.rglob("*.py"))}
        ),
        "packages": {name: version(name) for name in packages},
        "python": platform.python_version(),
        "machine": platform.machine(),
        "files": {
            str(Path(name).resolve().relative_to(root)): sha256(name) for name in sorted(args.files)
        },
    }
    write_json(args.out, manifest)
    print(f"{args.out}: {len(manifest['files'])} files")
