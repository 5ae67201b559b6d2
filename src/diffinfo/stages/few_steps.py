"""The loss-adaptive schedule against common grids on an image model, in few steps, scored by a
classifier.
"""

import argparse

EXAMPLE = """examples:
  diffinfo pilot --data digits.npz --model model.msgpack --classifier classifier.msgpack --out pilot.csv
  diffinfo schedules --data digits.npz --model model.msgpack --classifier classifier.msgpack \\
      --pilot pilot.csv --out schedules.csv"""

SECTIONS = ("schedules",)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--data", required=True, help="the .npz of the data stage, images with labels"
    )
    parser.add_argument("--model", required=True, help="a model of the train stage")
    parser.add_argument(
        "--classifier", required=True, help="a classifier of noised images, which scores samples"
    )
    parser.add_argument(
        "--pilot", required=True, help="the .csv of the pilot stage, its risk curve beside it"
    )
    parser.add_argument(
        "--out",
        required=True,
        help="the .csv to write: one row per sampler, schedule, steps, guidance and seed",
    )


def run(args: argparse.Namespace) -> None:
    from pathlib import Path

    import numpy as np
    import pandas as pd

    from diffinfo.config import read_settings
    from diffinfo.files import write_table
    from diffinfo.process.forward import decoded
    from diffinfo.sample.grids import edm_grid, log_snr_grid, time_grid
    from diffinfo.sample.las import las
    from diffinfo.studies.few_steps import SAMPLERS, FewSteps

    settings = read_settings(args.settings, args.experiment, SECTIONS)["schedules"]
    few = FewSteps.load(args.data, args.model, args.classifier, settings["per_class"])
    tries = pd.read_csv(args.pilot)
    curve = pd.read_csv(Path(args.pilot).with_suffix(".risk.csv"))
    x, labels = few.held_out()
    real, rows = few.features(x), []
    # As many training images as samples, by class as they come: what a perfect sampler would score.
    floor = np.random.default_rng(0).permutation(len(few.dataset.x_train))[: len(few.y)]
    found = few.scores(decoded(few.dataset.x_train[floor]), real, few.dataset.y_train[floor])
    rows.append(
        {"sampler": "data", "schedule": "data", "nfe": 0, "guidance": 0.0, "seed": 0} | found
    )
    for sampler in SAMPLERS:
        for steps in settings["evaluations"]:
            best = tries[
                (tries["sampler"] == sampler) & (tries["nfe"] == steps) & tries["chosen"]
            ].iloc[0]
            levels = las(curve["snr"], curve["risk"], steps, best["saturation"], best["smoothness"])
            grids = {
                "LAS": np.log(curve["snr"].to_numpy()[levels]),
                "time": time_grid(few.schedule, *few.lam_range, steps),
                "log-SNR": log_snr_grid(*few.lam_range, steps),
                "EDM": edm_grid(*few.lam_range, steps),
            }
            for schedule, grid in grids.items():
                for weight in settings["guidance"]:
                    for seed in range(settings["seeds"]):
                        found = few.scores(few.sample(sampler, grid, weight, seed), real)
                        about = {
                            "sampler": sampler,
                            "schedule": schedule,
                            "nfe": steps,
                            "guidance": weight,
                            "seed": seed,
                        }
                        rows.append(about | found)
        print(f"{sampler}: {len(rows)} sets of {len(few.y)} images scored", flush=True)
    table = pd.DataFrame(rows).assign(
        images=len(few.y), held_out=len(labels), lam_min=few.lam_range[0], lam_max=few.lam_range[1]
    )
    write_table(args.out, table)
