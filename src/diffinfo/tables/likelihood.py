"""Likelihoods of image models beside published ones."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from diffinfo.errors import DataError
from diffinfo.files import read_json
from diffinfo.runs import Run, by_experiment
from diffinfo.tables.runs import estimates


def likelihoods(runs: Sequence[Run]) -> pd.DataFrame:
    """Total entropy and total correlation (nats) and bits per dimension of held-out images.

    All are variational bounds. `kind` is `measured` or `published`: published bits per dimension of
    other models of the same `data` stand beside ours. These models differ in more than the network
    (padding, augmentation, dequantisation), so compare first digits only.

    Raises: DataError, naming the experiment, for data that are not images.
    """
    table = estimates(runs)
    frames = []
    for experiment, seeds in by_experiment(runs).items():
        card = read_json(seeds[0].file("estimate"))["data"]
        frame = table[
            (table["experiment"] == experiment)
            & (table["group"].isin(["likelihood", "bits_per_dimension"]))
        ].copy()
        if frame.empty:
            raise DataError(f"{experiment}: this table is of images, and its data are not")
        dimension = int(np.prod(card["shape"]))
        frame["kind"], frame["data"] = "measured", card["name"]
        nats = frame["group"] == "likelihood"
        for column, name in (
            ("value", ""),
            ("standard_error", "_se"),
            ("half_width", "_half"),
        ):
            frame[f"per_dimension{name}"] = np.where(nats, frame[column] / dimension, np.nan)
            frame[f"bits_per_dimension{name}"] = np.where(nats, np.nan, frame[column])
        independent = frame["quantity"] == "bits_per_dimension_independent"
        frame["model"] = np.where(independent, "independent pixels", f"{experiment} (ours)")
        frames.append(frame)
    ours = pd.concat(frames, ignore_index=True)
    published = pd.read_csv(Path(__file__).with_name("published_bits.csv"))
    published = published[published["data"].isin(set(ours["data"]))].assign(kind="published")
    return pd.concat([ours, published], ignore_index=True)
