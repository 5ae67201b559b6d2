"""Pack a finished run as a Workflow Run RO-Crate: what was run, on what, by whom and when, and what
came out.

It holds the tables, the figures and their captions, the cards of the data (with checksums of the
sources), the config, and the workflow with its package: unpacked, `make figures` in it runs the
same config again. Models are not in it; the manifest, which is, lists their checksums.
"""

from diffinfo.stages.contract import Job, Option

OPTIONS = (
    Option("manifest", {"help": "of the run, such as results/manifest.json"}, reads=True),
    Option(
        "--out",
        {"required": True, "help": "the .zip to write; the same as a folder goes beside it"},
        writes=("",),
    ),
    Option("--agent", {"metavar": "NAME", "help": "who ran it (default: the login name)"}),
)
EXAMPLES = """\
  diffinfo crate results/manifest.json --out crate.zip --agent "Ada Lovelace"
  diffinfo verify crate.zip"""


def run(job: Job) -> None:
    import getpass
    from pathlib import Path

    from diffinfo.crate import write_crate
    from diffinfo.errors import DataError

    if Path(job.options.out).suffix != ".zip":
        raise DataError(f"--out {job.options.out}: must end in .zip")
    try:
        agent = job.options.agent or getpass.getuser()
    except (KeyError, OSError):
        raise DataError("--agent: this user has no login name; give a name") from None
    count = write_crate(job.options.manifest, job.options.out, agent)
    print(f"{job.options.out}: {count} inputs and results")
