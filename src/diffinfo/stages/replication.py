"""Every number that the papers print beside ours, with a verdict: reproduced, better, differs, or
no run.

It reads the tables estimates and, where there is one, fig23 of results folders; of two folders that
have a number, the later one's is taken.
"""

from diffinfo.stages.contract import Job
from diffinfo.stages.summary import OPTIONS as OPTIONS
from diffinfo.stages.summary import write_both

EXAMPLES = """\
  diffinfo replication results --out replication.csv"""


def run(job: Job) -> None:
    from diffinfo.tables.replication import replication, replication_as_markdown

    write_both(job, replication, replication_as_markdown)
