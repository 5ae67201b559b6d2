"""One table over data sets, from the published tables of several configs' results."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from diffinfo.errors import DataError
from diffinfo.estimate.statistics import in_words
from diffinfo.files import read_table
from diffinfo.process.schedule import TAU, VPSchedule
from diffinfo.tables.codes import shares

# Tables that are read, and columns of them: of profiles, likelihoods and estimates; and separation.
_VALUES = ["experiment", "quantity", "value", "standard_error"]
_PARTS = ["produced", "produced_se", "remaining", "remaining_se"]
READ = {
    "fig16": ["experiment", "quantity", "dimension", "lam_low", "lam_high", "s_low", *_PARTS],
    "fig21": [*_VALUES, "kind", "data", "bits_per_dimension"],
    "estimates": [*_VALUES, "group", "upper_bound", "seeds", "examples", "split"],
}
SEPARATION = "separation"
CUTOFFS = (1e-2, 1e-3, 1e-5)  # of the process's time s
_NAMES = {
    "total_correlation": "total_correlation",
    "bits_per_dimension": "bits_per_dimension",
    "classification_bound": "information_bound",
    "classifier": "information_classifier",
    "mixture_difference": "information_mixture",
    "squared_difference": "information_squared",
}
_CODES = {
    "classification_bound_semantic": "semantic_code",
    "classification_bound_perceptual": "perceptual_code",
}


def _of_model(profile: pd.DataFrame, estimates: pd.DataFrame, where: str) -> list[dict]:
    """Rows of one model: entropy per dimension at each cut-off, estimates, and early shares."""
    schedule, rows = VPSchedule(), []
    s_nn = profile[profile["quantity"] == "s_nn"].sort_values("lam_high")
    if abs(schedule.log_snr(s_nn["s_low"].iloc[-1]) - s_nn["lam_high"].iloc[-1]) > 0.01:
        raise DataError(f"{where}: its process is not the paper's, whose times the summary is of")
    dimension = s_nn["dimension"].iloc[0]
    for s in CUTOFFS:
        value, error = (
            np.interp(schedule.log_snr(s), s_nn["lam_high"], s_nn[name]) / dimension
            for name in ("remaining", "remaining_se")
        )
        row = {"quantity": f"s_nn_per_dimension_{s:g}", "value": value, "standard_error": error}
        rows.append(row)
    of = estimates[estimates["group"] != "linear_grid"].set_index("quantity")
    for quantity, name in _NAMES.items():
        if quantity in of.index:
            row = {"quantity": name} | of.loc[quantity, ["value", "standard_error"]].to_dict()
            rows.append(row)
    bound = float(of["upper_bound"].max())
    rows.append({"quantity": "label_entropy", "value": bound, "standard_error": 0.0})
    split, early = np.array([schedule.log_snr(TAU)]), {}
    for quantity, name in (("s_nn", "early_share_s_nn"), ("classifier", "early_share_information")):
        chosen = profile[profile["quantity"] == quantity]
        if len(chosen):
            share = shares(chosen, split).query("unit == 'share'").iloc[0]
            early[name] = share["value"], share["standard_error"]
            row = {"quantity": name, "value": share["value"]}
            rows.append(row | {"standard_error": share["standard_error"]})
    if len(early) == 2:
        (entropy, entropy_se), (told, told_se) = early.values()
        row = {"quantity": "early_share_difference", "value": entropy - told}
        rows.append(row | {"standard_error": float(np.hypot(entropy_se, told_se))})
    return rows


def summary(folders: Sequence[Path]) -> pd.DataFrame:
    """What image models of all data sets say of the paper's thesis, from their published tables.

    For each experiment (`config` is its folder's name): S_NN per dimension up to times CUTOFFS,
    total correlation and I(X;Y) in nats, by two lower bounds and by two differences,
    H(Y), bits per dimension beside the least published ones, the shares of S_NN and of I(X;Y) (by
    the classifier of noised images) at s < TAU and their difference, whose errors are taken to be
    independent, and I(Z;Y) of both codes of autoencoders split there.

    Raises: DataError, naming the file, for a folder without the tables that this reads.
    """
    frames = []
    for folder in map(Path, folders):
        tables = folder / "tables"
        profiles, likelihoods, estimates = (
            read_table(tables / f"{name}.csv", columns) for name, columns in READ.items()
        )
        published = likelihoods[likelihoods["kind"] == "published"]
        least = published.groupby("data")["bits_per_dimension"].min()
        measured = likelihoods[likelihoods["kind"] == "measured"]
        split = None
        if (tables / f"{SEPARATION}.csv").is_file():
            split = read_table(tables / f"{SEPARATION}.csv")
        for experiment, data in measured.groupby("experiment", sort=False)["data"].first().items():
            profile = profiles[profiles["experiment"] == experiment]
            if profile.empty:
                continue
            of = estimates[estimates["experiment"] == experiment]
            rows = _of_model(profile, of, f"{folder}, {experiment}")
            if data in least:
                row = {"quantity": "bits_per_dimension_published", "value": least[data]}
                rows.append(row | {"standard_error": np.nan})
            if split is not None:
                at = split[(split["data"] == data) & np.isclose(split["tau"], TAU)]
                for quantity, name in _CODES.items():
                    for each in at[at["quantity"] == quantity].to_dict("records"):
                        row = {key: each[key] for key in ("value", "standard_error")}
                        rows.append({"quantity": name} | row)
            about = {"config": folder.name, "experiment": experiment, "data": data}
            about |= {"dimension": int(profile["dimension"].iloc[0])}
            about |= {name: of[name].iloc[0] for name in ("seeds", "examples", "split")}
            frames.append(pd.DataFrame(rows).assign(**about))
    if not frames:
        raise DataError(f"{', '.join(map(str, folders))}: no image model is in both of its tables")
    return pd.concat(frames, ignore_index=True)


def summary_as_markdown(table: pd.DataFrame) -> str:
    """The summary for reading: one line per model, with the verdict on the paper's thesis."""
    columns = {
        **{f"s_nn_per_dimension_{s:g}": f"S_NN / D, s ≥ {s:g}" for s in CUTOFFS},
        "total_correlation": "TC",
        "bits_per_dimension": "bits/dim",
        "bits_per_dimension_published": "published",
        "label_entropy": "H(Y)",
        "information_bound": "I, bound",
        "information_classifier": "I, classifier",
        "information_mixture": "I, mixture",
        "information_squared": "I, squared",
        "early_share_s_nn": "S_NN at s < .1 T",
        "early_share_information": "I at s < .1 T",
        "semantic_code": "I(Z_sem;Y)",
        "perceptual_code": "I(Z_per;Y)",
    }
    header = ["data", "D", *columns.values(), "less of I than of S_NN is early"]
    lines = [f"| {' | '.join(header)} |", "|---" * len(header) + "|"]

    def cell(row) -> str:
        if np.isnan(row["standard_error"]) or not row["standard_error"]:
            return f"{row['value']:.4g}"
        return in_words(row["value"], row["standard_error"])

    for (config, experiment), rows in table.groupby(["config", "experiment"], sort=False):
        of, first = rows.set_index("quantity"), rows.iloc[0]
        cells = [f"{first['data']} ({config}, {experiment})", f"{first['dimension']}"]
        cells += [cell(of.loc[name]) if name in of.index else "" for name in columns]
        verdict = ""
        if "early_share_difference" in of.index:
            difference = of.loc["early_share_difference"]
            errors = difference["value"] / difference["standard_error"]
            verdict = f"{'yes' if errors > 0 else 'no'}, by {abs(errors):.0f} standard errors"
        lines.append(f"| {' | '.join([*cells, verdict])} |")
    note = (
        f"Nats where nothing else is said; held-out images; codes of autoencoders split at "
        f"tau = {TAU:g} T. Seeds and examples are in the CSV."
    )
    return "\n".join([*lines, "", note, ""])
