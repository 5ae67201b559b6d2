"""Check that results are still what their manifest, or their run crate, says that they are."""

from diffinfo.stages.contract import Job, Option

OPTIONS = (
    Option(
        "listed",
        {"metavar": "PATH", "help": "a manifest.json, a crate as .zip, or the folder of one"},
        reads=True,
    ),
)
EXAMPLES = """\
  diffinfo verify results/manifest.json"""


def run(job: Job) -> None:
    from pathlib import Path

    from diffinfo.crate import changed_in_crate
    from diffinfo.errors import DataError
    from diffinfo.files import changed_files

    path = Path(job.options.listed)
    listed, changed = (changed_files if path.suffix == ".json" else changed_in_crate)(path)
    if changed:
        raise DataError(
            f"{path}: {len(changed)} of {len(listed)} files are missing or changed: "
            f"{', '.join(changed)}"
        )
    print(f"{path}: {len(listed)} files are as they were")
