"""Train both fields (or a classifier of noised images), with progress; a killed run goes on from its last saved state."""

import argparse
import sys
from contextlib import suppress
from pathlib import Path

EXAMPLE = """examples:
  diffinfo train --settings config/default.yaml --experiment digits --data digits.npz --out model.msgpack
  diffinfo train --settings '{"network": {"mlp": {"width": 64}}, "train": {"steps": 500}}' --data mine.npz --out m.msgpack"""

SECTIONS = ("process", "network", "train")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--data", required=True, help="the .npz of the data stage")
    parser.add_argument("--seed", type=int, default=0, help="of initialisation, batches and noise (default 0)")
    parser.add_argument(
        "--out",
        required=True,
        help="the model file to write; its learning curve (.history.csv) and cost (.cost.json) go beside it",
    )
    parser.add_argument("--steps-per-dispatch", type=int, default=None, help="a machine setting; never changes the numbers")
    parser.add_argument("--save-every", type=float, default=20.0, help="seconds between saved states (default 20)")


def history_path(model: str | Path) -> Path:
    """`model.msgpack` -> `model.history.csv`."""
    return Path(model).with_suffix(".history.csv")


def cost_path(model: str | Path) -> Path:
    """`model.msgpack` -> `model.cost.json`."""
    return Path(model).with_suffix(".cost.json")


def run(args: argparse.Namespace) -> None:
    import time

    import jax
    import numpy as np
    import pandas as pd

    from diffinfo.checkpoint import save_model
    from diffinfo.config import read_settings
    from diffinfo.data.dataset import load_dataset
    from diffinfo.files import sha256_of, write_json, write_table
    from diffinfo.nn.build import network_of
    from diffinfo.source import source_hash
    from diffinfo.train.loop import Trainer, make_objective, summarize, with_split

    settings = read_settings(args.settings, args.experiment, SECTIONS)
    dataset = load_dataset(args.data)
    model = network_of(with_split(settings["network"], settings["process"]), summarize(dataset))
    provenance = {
        "settings": settings,
        "seed": args.seed,
        "data_sha256": dataset.card["sha256"],
        "source_sha256": source_hash("diffinfo.train.loop"),
    }
    # What the result depends on names the state, so that a changed config or code never goes on from an old one.
    out = Path(args.out)
    resume_file = out.parent / ".resume" / f"{out.stem}-{sha256_of(provenance)[:16]}.msgpack"
    began = time.monotonic()
    trained = Trainer(model, make_objective(settings["train"], settings["process"]), settings["train"]).train(
        dataset,
        args.seed,
        resume_file=resume_file,
        chunk=args.steps_per_dispatch,
        save_every=args.save_every,
        report=lambda line: print(line, file=sys.stderr, flush=True),
    )
    columns = [f"loss_{name}_nats" for name in trained.columns[:-1]] + ["held_out_loss"]
    history = pd.DataFrame(trained.history, columns=columns)
    history = history.dropna(axis="columns", how="all")
    history.insert(0, "step", np.arange(1, len(history) + 1))
    write_table(history_path(out), history)
    cost = {"seconds": round(time.monotonic() - began, 2), "steps": len(history), "best_step": trained.best_step}
    device = {"device": jax.devices()[0].device_kind, "devices": jax.device_count()}
    write_json(cost_path(out), cost | {"threads": args.threads} | device)
    save_model(out, model, trained.params, provenance)
    resume_file.unlink(missing_ok=True)
    with suppress(OSError):  # other trainings may keep theirs there
        resume_file.parent.rmdir()
    last = trained.history[-100:, :-1].mean(0)
    losses = ", ".join(f"{name} {value:.4g}" for name, value in zip(trained.columns, last, strict=False))
    print(f"{out}: {len(history)} steps; last losses in nats: {losses}")
