"""One table over the image models of several results folders: does the paper's thesis hold on each?

It reads their tables fig16, fig21, estimates and, where there is one, separation.
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
  diffinfo summary results --out summary.csv"""


def run(job: Job) -> None:
    from pathlib import Path

    from diffinfo.files import write_bytes, write_table
    from diffinfo.tables.summary import summary, summary_as_markdown

    table = summary(job.options.results)
    text = summary_as_markdown(table)
    write_bytes(Path(job.options.out).with_suffix(".md"), text.encode())
    write_table(job.options.out, table)
    print(text)
