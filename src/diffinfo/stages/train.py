"""Train both fields, or an autoencoder, with progress; a killed run goes on from its last state."""

from typing import Any

from diffinfo.stages.contract import SEED, Job, Need, Option, real, whole

NEEDS = {"data": Need("data", "card")}
WRITES = ("model", "history", "risk", "cost")
SECTIONS = ("case", "process", "network", "train")
CHUNK = {"type": whole(1), "help": "a machine setting; it never changes the numbers"}
SAVE = {"type": real(0), "default": 20.0, "help": "seconds between saved states (default 20)"}
OPTIONS = (SEED, Option("--steps-per-dispatch", CHUNK), Option("--save-every", SAVE))
EXAMPLES = """\
  diffinfo train --settings config/config.yaml --experiment digits \\
      --data digits.npz --out model.msgpack
  diffinfo train --settings '{"network": {"mlp": {"width": 64}}, "train": {"steps": 500}}' \\
      --data mine.npz --out m.msgpack"""


def run(job: Job) -> None:
    train(job, job.settings)


def train(job: Job, settings: dict[str, dict[str, Any]]) -> None:
    """Also what the classifier stage does, with other settings."""
    from contextlib import suppress

    from diffinfo.checkpoint import save_model
    from diffinfo.data.dataset import load_dataset
    from diffinfo.files import sha256_of, write_json, write_table
    from diffinfo.source import source_hash
    from diffinfo.studies.training import train_model

    dataset = load_dataset(job.needs["data"])
    out, history, *risk, cost = job.writes.values()
    about = {
        "settings": settings,
        "seed": job.options.seed,
        "data_sha256": dataset.card["sha256"],
        "source_sha256": source_hash("diffinfo.train.loop"),
    }
    # What the result depends on names the state: a changed config or code never goes on from it.
    resume_file = out.parent / ".resume" / f"{out.stem}-{sha256_of(about)[:16]}.msgpack"
    trained = train_model(
        dataset,
        settings,
        job.options.seed,
        resume_file=resume_file,
        chunk=job.options.steps_per_dispatch,
        save_every=job.options.save_every,
        report=job.report,
        threads=job.options.threads,
    )
    write_table(history, trained.history)
    for path in risk:
        write_table(path, trained.risk)
    write_json(cost, trained.cost)
    save_model(out, trained.model, trained.params, about)
    resume_file.unlink(missing_ok=True)
    with suppress(OSError):  # other trainings may keep theirs there
        resume_file.parent.rmdir()
    print(f"{out}: {len(trained.history)} steps")
