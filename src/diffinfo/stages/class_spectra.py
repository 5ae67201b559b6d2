"""Where in noise level labels would sit if every class were a random field with the mean and the
spectrum of its images: what the data alone predict.
"""

from diffinfo.stages.contract import Job, Need

NEEDS = {"data": Need("data", "card", about="the data set, images with labels")}
WRITES = ("spectra",)
SECTIONS = ("process",)
EXAMPLES = """\
  diffinfo class_spectra --data digits.npz --out spectra.csv"""

LEVELS = 45  # of log-SNR; and one at the paper's splitting time


def run(job: Job) -> None:
    import numpy as np

    from diffinfo.data.dataset import load_dataset
    from diffinfo.files import write_table
    from diffinfo.process.schedule import TAU, schedule_of
    from diffinfo.studies.spectra import class_spectra

    schedule, lam_range = schedule_of(job.settings["process"])
    lams = np.union1d(np.linspace(*lam_range, LEVELS), schedule.log_snr(TAU))
    table = class_spectra(load_dataset(job.needs["data"]), schedule, lams)
    write_table(job.writes["spectra"], table)
    told = table[table["quantity"] == "information"].iloc[-1]
    print(f"{job.writes['spectra']}: fields of these spectra tell {told['value']:.3f} nats")
