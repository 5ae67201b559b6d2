"""One table over the image models of several results folders: does the paper's thesis hold on each?

It reads their tables fig16, fig21, estimates and, where there is one, separation.
"""

from collections.abc import Callable

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
  diffinfo summary results --out summary.csv"""


def run(job: Job) -> None:
    from diffinfo.tables.summary import summary, summary_as_markdown

    write_both(job, summary, summary_as_markdown)


def write_both(job: Job, make: Callable, as_markdown: Callable) -> None:
    """Make a table of results folders; write it as CSV and as Markdown, and print the latter."""
    from pathlib import Path

    from diffinfo.files import write_bytes, write_table

    table = make(job.options.results)
    text = as_markdown(table)
    write_bytes(Path(job.options.out).with_suffix(".md"), text.encode())
    write_table(job.options.out, table)
    print(text)
