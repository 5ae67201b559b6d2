"""Train both fields (or a classifier of noised images), with progress; a killed run goes on from
its last saved state.
"""

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
    parser.add_argument(
        "--seed", type=int, default=0, help="of initialisation, batches and noise (default 0)"
    )
    parser.add_argument(
        "--out",
        required=True,
        help="the model file to write; learning curve (.history.csv), risk curve (.risk.csv), cost (.cost.json) go beside it",
    )
    parser.add_argument(
        "--also",
        nargs=3,
        action="append",
        default=[],
        metavar=("SETTINGS", "SEED", "OUT"),
        help="train this one, too, in one vectorised program (for GPUs; repeatable); only network.autoencoder.tau may differ",
    )
    parser.add_argument(
        "--steps-per-dispatch",
        type=int,
        default=None,
        help="a machine setting; never changes the numbers",
    )
    parser.add_argument(
        "--save-every", type=float, default=20.0, help="seconds between saved states (default 20)"
    )


def history_path(model: str | Path) -> Path:
    """`model.msgpack` -> `model.history.csv`."""
    return Path(model).with_suffix(".history.csv")


def risk_path(model: str | Path) -> Path:
    """`model.msgpack` -> `model.risk.csv`."""
    return Path(model).with_suffix(".risk.csv")


def cost_path(model: str | Path) -> Path:
    """`model.msgpack` -> `model.cost.json`."""
    return Path(model).with_suffix(".cost.json")


def _without_tau(settings: dict) -> dict:
    """Settings, but for the splitting time of an autoencoder's codes, and only whether there is
    one.
    """
    network = settings["network"]
    if not network.get("autoencoder", {}).get("tau"):
        return settings
    return settings | {
        "network": network | {"autoencoder": network["autoencoder"] | {"tau": "some"}}
    }


def _risk_curve(risk, lam_range):
    """Sums and counts by bins of log-SNR as a table: `snr` (of the bins' middles), `risk`, `rows`;
    no empty bins.
    """
    import numpy as np
    import pandas as pd

    edges = np.linspace(*lam_range, risk.shape[-1] + 1)
    sums, rows = risk
    seen = rows > 0
    snr = np.exp(0.5 * (edges[1:] + edges[:-1]))[seen]
    return pd.DataFrame(
        {"snr": snr, "risk": sums[seen] / rows[seen], "rows": rows[seen].astype(int)}
    )


def run(args: argparse.Namespace) -> None:
    import time

    import jax
    import numpy as np
    import pandas as pd

    from diffinfo.checkpoint import save_model
    from diffinfo.config import ConfigError, read_settings
    from diffinfo.data.dataset import load_dataset
    from diffinfo.files import sha256_of, write_json, write_table
    from diffinfo.nn.build import NoisyClassifier, network_of
    from diffinfo.process.schedule import schedule_of
    from diffinfo.source import source_hash
    from diffinfo.train.loop import Trainer, make_objective, summarize, with_split

    dataset = load_dataset(args.data)
    asked = [(args.settings, args.seed, args.out), *args.also]
    models, provenance = [], []
    for text, seed, _ in asked:
        settings = read_settings(text, args.experiment, SECTIONS)
        models.append(
            network_of(with_split(settings["network"], settings["process"]), summarize(dataset))
        )
        about = {"settings": settings, "seed": int(seed), "data_sha256": dataset.card["sha256"]}
        provenance.append(about | {"source_sha256": source_hash("diffinfo.train.loop")})
    first = provenance[0]["settings"]
    if any(_without_tau(about["settings"]) != _without_tau(first) for about in provenance):
        raise ConfigError(
            "--also: what trains together may differ in network.autoencoder.tau (if it has one) and seed only"
        )
    outs = [Path(out) for _, _, out in asked]
    # What the result depends on names the state, so that a changed config or code never goes on
    # from an old one.
    name = sha256_of(provenance if len(asked) > 1 else provenance[0])[:16]
    resume_file = outs[0].parent / ".resume" / f"{outs[0].stem}-{name}.msgpack"
    lam_range = schedule_of(first["process"])[1]
    began = time.monotonic()
    trained = Trainer(
        models[0], make_objective(first["train"], first["process"]), first["train"]
    ).train_together(
        dataset,
        [(model, about["seed"]) for model, about in zip(models, provenance, strict=True)],
        resume_file=resume_file,
        chunk=args.steps_per_dispatch,
        save_every=args.save_every,
        report=lambda line: print(line, file=sys.stderr, flush=True),
    )
    seconds = round((time.monotonic() - began) / len(asked), 2)
    device = {"device": jax.devices()[0].device_kind, "devices": jax.device_count()}
    for out, model, about, one in zip(outs, models, provenance, trained, strict=True):
        columns = [f"loss_{name}_nats" for name in one.columns[:-1]] + ["held_out_loss"]
        history = pd.DataFrame(one.history, columns=columns).dropna(axis="columns", how="all")
        history.insert(0, "step", np.arange(1, len(history) + 1))
        write_table(history_path(out), history)
        if not isinstance(model, NoisyClassifier):
            write_table(risk_path(out), _risk_curve(one.risk, lam_range))
        cost = {
            "seconds": seconds,
            "steps": len(history),
            "best_step": one.best_step,
            "together": len(asked),
        }
        write_json(cost_path(out), cost | {"threads": args.threads} | device)
        save_model(out, model, one.params, about)
        last = ", ".join(
            f"{name} {value:.4g}"
            for name, value in zip(one.columns, one.history[-100:, :-1].mean(0), strict=False)
        )
        print(f"{out}: {len(history)} steps; last losses in nats: {last}")
    resume_file.unlink(missing_ok=True)
    with suppress(OSError):  # other trainings may keep theirs there
        resume_file.parent.rmdir()
