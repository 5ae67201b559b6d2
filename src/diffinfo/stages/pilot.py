"""The risk curve of an image model, and the loss-adaptive schedule whose pilot samples are nearest
to the training images.
"""

import argparse

EXAMPLE = """examples:
  diffinfo pilot --data digits.npz --model model.msgpack --classifier classifier.msgpack --out pilot.csv

The risk curve goes beside it (pilot.risk.csv), in the form that `diffinfo schedule` takes."""

SECTIONS = ("schedules",)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--data", required=True, help="the .npz of the data stage, images with labels"
    )
    parser.add_argument("--model", required=True, help="a model of the train stage")
    parser.add_argument(
        "--classifier", required=True, help="a classifier of noised images, which scores samples"
    )
    parser.add_argument("--out", required=True, help="the .csv of tries to write")


def run(args: argparse.Namespace) -> None:
    from pathlib import Path

    import jax
    import numpy as np
    import pandas as pd

    from diffinfo.config import read_settings
    from diffinfo.estimate.risk import risk_curve
    from diffinfo.files import write_table
    from diffinfo.process.forward import decoded
    from diffinfo.sample.las import las
    from diffinfo.studies.few_steps import SAMPLERS, FewSteps

    settings = read_settings(args.settings, args.experiment, SECTIONS)["schedules"]
    few = FewSteps.load(args.data, args.model, args.classifier, settings["per_class"])
    lams = np.linspace(*few.lam_range, settings["candidates"])
    chosen = np.random.default_rng(0).permutation(len(few.dataset.x_train))[: settings["examples"]]
    x, y = decoded(few.dataset.x_train[chosen]), few.dataset.y_train[chosen]
    risk, error = risk_curve(few.denoiser, x, lams, jax.random.key(0), y, block=256)
    curve = pd.DataFrame({"snr": np.exp(lams), "risk": risk, "standard_error": error})
    write_table(Path(args.out).with_suffix(".risk.csv"), curve)
    real = few.features(decoded(few.dataset.x_train))
    rows = []
    for sampler in SAMPLERS:
        for steps in settings["evaluations"]:
            for saturation in settings["saturation"]:
                for smoothness in settings["smoothness"]:
                    grid = lams[las(curve["snr"], risk, steps, saturation, smoothness)]
                    # A seed that no comparison uses.
                    found = few.scores(
                        few.sample(sampler, grid, 0.0, settings["seeds"] + 1000), real
                    )
                    about = {
                        "sampler": sampler,
                        "nfe": steps,
                        "saturation": saturation,
                        "smoothness": smoothness,
                    }
                    rows.append(
                        about | found | {"examples": settings["examples"], "split": "train"}
                    )
    table = pd.DataFrame(rows)
    table["chosen"] = (
        table.groupby(["sampler", "nfe"])["frechet_distance"].transform("min")
        == table["frechet_distance"]
    )
    write_table(args.out, table)
    for row in table[table["chosen"]].itertuples():
        print(f"{row.sampler}, {row.nfe} steps: lambda {row.saturation:g}, rho {row.smoothness:g}")
