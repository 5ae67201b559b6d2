"""Every number that the papers print beside ours, with a verdict: reproduced, better, differs, or
no run.

It reads the tables estimates and, where there is one, fig23 of results folders; of two folders that
have a number, the later one's is taken.
"""

from diffinfo.stages.contract import Job, Option

OPTIONS = (
    Option("results", {"nargs": "+", "help": "folders with `tables/` in them"}),
    Option(
        "--out",
        {"required": True, "help": "the CSV to write; .md goes beside it"},
        writes=("", ".md"),
    ),
)
EXAMPLES = """\
  diffinfo replication results --out replication.csv"""


def run(job: Job) -> None:
    from pathlib import Path

    from diffinfo.files import write_bytes, write_table
    from diffinfo.tables.replication import replication, replication_as_markdown

    table = replication(job.options.results)
    text = replication_as_markdown(table)
    write_bytes(Path(job.options.out).with_suffix(".md"), text.encode())
    write_table(job.options.out, table)
    print(text)
