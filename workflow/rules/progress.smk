import logging
import time

from snakemake.logging import logger
from snakemake_interface_logger_plugins.common import LogEvent

from diffinfo.resources import DRAWING, TimeLeft, seconds


def expected(job):
    """Seconds that a job takes, about."""
    stage = next((stage for stage in RUN_STAGES if stage.name == job.rule.name), None)
    if stage is None:
        return DRAWING.get(job.wildcards.get("table"), DRAWING["any"])
    return taken(seconds, stage)(job.wildcards)


class Remaining(logging.Handler):
    """Hears of Snakemake's jobs; says how far the whole run is, after a job and at most every 30 seconds."""

    def __init__(self, jobs):
        super().__init__()
        self.left = TimeLeft({job.jobid: expected(job) for job in jobs})
        self.begin = self.said = time.time()

    def emit(self, record):
        event, now = getattr(record, "event", None), time.time()
        if event == LogEvent.JOB_STARTED:
            for job in record.jobs:
                self.left.start(job, now)
        elif event == LogEvent.JOB_FINISHED:
            self.left.finish(record.job_id)
            share = self.left.share(now)
            if now - self.said >= 30 and share >= 0.02:
                self.said = now
                rest = (now - self.begin) * (1 - share) / share
                end = time.strftime("%H:%M", time.localtime(now + rest))
                print(
                    f"About {share:.0%} of the run is done; {rest / 60:.0f} minutes left, until {end}.",
                    file=sys.stderr,
                    flush=True,
                )
