"""From run folders to tidy tables: averaged over seeds, exact values beside, every number with its
provenance.
"""

from collections.abc import Iterable, Sequence
from importlib.resources import files
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.stats import entropy

from diffinfo.data.sources import joint_gaussian
from diffinfo.errors import DataError
from diffinfo.files import read_json

PROFILE_VALUES = ("amount", "produced", "remaining")


def combine(values: pd.Series, errors: pd.Series) -> tuple[float, float]:
    """Mean over seeds, and its standard error.

    Seeds share their held-out examples, so the error over examples does not shrink with the number
    of seeds; the spread between seeds does.
    """
    n = len(values)
    between = values.var(ddof=1) / n if n > 1 else 0.0
    return float(values.mean()), float(np.sqrt((errors**2).mean() + between))


def by_experiment(runs: Iterable[str | Path]) -> dict[str, list[Path]]:
    """Run folders `<experiment>/seed-<n>` by experiment, in the order given."""
    grouped: dict[str, list[Path]] = {}
    for run in map(Path, runs):
        grouped.setdefault(run.parent.name, []).append(run)
    return grouped


def data_name(card: dict) -> str:
    """The source of a run's data, without who prepared it and which version."""
    return card["source"].removeprefix("tfds ").removeprefix("scikit-learn ").split(":")[0]


def _case(card: dict) -> dict[str, float]:
    """What tells one joint Gaussian from another, or one noise of the labels, as columns; empty for
    other data.
    """
    if "labels_test" in card:
        return {
            "keep_label": card.get("keep_label", 1.0),
            "exact_information": _label_information(card),
        }
    if "gaussian" not in card:
        return {}
    settings = card["gaussian"]
    names = ("dim_x", "dim_y", "guidance_weight", "canonical", "n_train")
    return {name: settings[name] for name in names} | {
        "sigma_eps": np.nan if "information" in settings else settings["sigma_eps"],
        "rank": settings.get("flat", {}).get("rank", settings["dim_x"]),
        "lambda_delta": settings.get("flat", {}).get("lambda_delta", np.nan),
        "effective_size": card["truth"]["effective_size"],
        "exact_information": card["truth"]["mutual_information"],
        "exact_total_entropy": card["truth"]["total_entropy"],
    }


def _label_information(card: dict) -> float:
    """I(X;Y) of labelled data, in nats, where x determines the label as it was before noise: H(Y)
    if there is no noise.
    """
    if "truth" in card:
        return card["truth"]["mutual_information"]
    return float(entropy(card["labels_test"]))


def _exact_profile(card: dict, strata: pd.DataFrame) -> pd.DataFrame:
    """The closed forms of a joint Gaussian on the same strata, in the same columns."""
    model = joint_gaussian(card["gaussian"])
    low, high = strata["lam_low"].to_numpy(), strata["lam_high"].to_numpy()
    frames = []
    for quantity, at in {
        "s_nn": model.total_entropy,
        "s_nn_conditional": model.conditional_total_entropy,
        "mutual_information": model.mutual_information,
    }.items():
        frame = strata[["lam_low", "lam_high", "s_low", "s_high"]].copy()
        frame["quantity"], frame["amount"] = quantity, at(high) - at(low)
        frame["produced"], frame["remaining"] = at(high.max()) - at(low), at(high) - at(low.min())
        frames.append(frame)
    return pd.concat(frames, ignore_index=True)


def profiles(runs: Sequence[str | Path]) -> pd.DataFrame:
    """Profiles of several experiments against both clocks, in nats, with rates per unit of s and of
    log-SNR.

    `kind` is `network` (mean over seeds) or `exact` (joint Gaussians: the closed form).
    """
    tables = []
    for experiment, folders in by_experiment(runs).items():
        levels = [pd.read_csv(folder / "estimate.levels.csv") for folder in folders]
        card = read_json(folders[0].parent / "data.json")
        keys = ["quantity", "lam_low", "lam_high", "s_low", "s_high"]
        table = levels[0][keys].copy()
        if any(not level[keys].equals(table) for level in levels[1:]):
            raise DataError(
                f"{experiment}: its seeds were estimated at different levels; estimate them with one config"
            )
        for column in PROFILE_VALUES:
            values = np.stack([level[column] for level in levels])
            errors = np.stack([level[f"{column}_se"] for level in levels])
            pairs = [
                combine(pd.Series(v), pd.Series(e)) for v, e in zip(values.T, errors.T, strict=True)
            ]
            table[column], table[f"{column}_se"] = np.array(pairs).T
        table["kind"], table["seeds"] = "network", len(folders)
        parts = [table]
        if "gaussian" in card and "correlations" not in card:
            strata = table[table["quantity"] == "s_nn"]
            parts.append(_exact_profile(card, strata).assign(kind="exact", seeds=0))
        merged = pd.concat(parts, ignore_index=True)
        merged.insert(0, "experiment", experiment)
        for name, value in _case(card).items():
            merged[name] = value
        for clock in ("s", "lam"):
            width = merged[f"{clock}_high"] - merged[f"{clock}_low"]
            merged[f"rate_{clock}"], merged[f"rate_{clock}_se"] = (
                merged["amount"] / width,
                merged["amount_se"] / width,
            )
        tables.append(merged)
    return pd.concat(tables, ignore_index=True)


def _exact_values(card: dict, result: dict) -> dict[str, float]:
    """Known truths: I(X;Y) itself, and total entropies over the log-SNR range of the estimate."""
    if "keep_label" in card:
        return {"mutual_information": _label_information(card)}
    if "gaussian" not in card:
        return {}
    model = joint_gaussian(card["gaussian"])
    if "correlations" in card:  # other coordinates: other entropies, the same information
        return {"mutual_information": float(model.mutual_information())}
    low, high = result["lam_min"], result["lam_max"]
    total = float(model.total_entropy(high) - model.total_entropy(low))
    conditional = float(
        model.conditional_total_entropy(high) - model.conditional_total_entropy(low)
    )
    return {
        "mutual_information": float(model.mutual_information()),
        "s_nn": total,
        "s_bound": total,
        "s_nn_conditional": conditional,
        "s_bound_conditional": conditional,
    }


def estimates(runs: Sequence[str | Path]) -> pd.DataFrame:
    """Every estimate of several experiments, averaged over seeds; nats except for `accuracy`."""
    rows = []
    for experiment, folders in by_experiment(runs).items():
        results = [read_json(folder / "estimate.json") for folder in folders]
        first, card = results[0], read_json(folders[0].parent / "data.json")
        truths = _exact_values(card, first)
        for group, members in first["estimates"].items():
            for quantity in members:
                each = pd.DataFrame([result["estimates"][group][quantity] for result in results])
                value, error = combine(each["value"], each["standard_error"])
                information = quantity not in truths and group in (
                    "mutual_information",
                    "linear_grid",
                )
                exact = truths.get("mutual_information" if information else quantity, np.nan)
                rows.append(
                    {
                        "experiment": experiment,
                        "group": group,
                        "quantity": quantity,
                        "value": value,
                        "standard_error": error,
                        "exact": exact,
                        "relative_error": value / exact - 1 if exact else np.nan,
                        "upper_bound": first["label_entropy"]
                        if information and first["label_entropy"]
                        else np.nan,
                        "seeds": len(folders),
                        "examples": first["examples"],
                        "draws": first["linear_times"]
                        if group == "linear_grid"
                        else first["draws"],
                        "split": first["split"],
                        "s_min": first["s_min"],
                        "lam_min": first["lam_min"],
                        "lam_max": first["lam_max"],
                    }
                )
    return pd.DataFrame(rows)


def cases(runs: Sequence[str | Path]) -> pd.DataFrame:
    """`estimates` with what makes each case: its settings, exact values, training steps and
    seconds.

    Of joint Gaussians, or of labelled data, whose information is taken to be that of their labels'
    noise. exact_at_cutoff: what of I(X;Y) there is up to the estimate's largest log-SNR. seconds:
    of one training, compilation included, in a job with `threads` CPU threads (0: all).
    """
    frames = []
    table = estimates(runs)
    for experiment, folders in by_experiment(runs).items():
        card, result = (
            read_json(folders[0].parent / "data.json"),
            read_json(folders[0] / "estimate.json"),
        )
        case = _case(card)
        if not case:
            raise DataError(
                f"{experiment}: this table is of joint Gaussians or labelled data, and its data are neither"
            )
        costs = [read_json(folder / "model.cost.json") for folder in folders]
        frame = table[table["experiment"] == experiment].copy()
        for name, value in case.items():
            frame[name] = value
        if "gaussian" in card:
            exact = joint_gaussian(card["gaussian"]).mutual_information
            frame["exact_at_cutoff"] = float(exact(result["lam_max"]) - exact(result["lam_min"]))
        frame["train_steps"], frame["fields"] = (
            result["settings"]["train"]["steps"],
            result["settings"]["network"]["fields"],
        )
        frame["seconds"] = np.mean([cost["seconds"] for cost in costs])
        frame["threads"] = costs[0]["threads"]
        frames.append(frame)
    return pd.concat(frames, ignore_index=True)


def likelihoods(runs: Sequence[str | Path]) -> pd.DataFrame:
    """Total entropy, total correlation and bits per dimension of image models, and published bits
    per dimension.

    `kind` is `measured` or `published`; `data` the source without version. Published models differ
    in more than the network (padding, augmentation, dequantisation): compare first digits.
    """
    table = estimates(runs)
    frames = []
    for experiment, folders in by_experiment(runs).items():
        card = read_json(folders[0].parent / "data.json")
        frame = table[
            (table["experiment"] == experiment)
            & (table["group"].isin(["likelihood", "bits_per_dimension"]))
        ].copy()
        if frame.empty:
            raise DataError(f"{experiment}: this table is of images, and its data are not")
        dimension = int(np.prod(card["shape"]))
        frame["kind"], frame["data"] = "measured", data_name(card)
        nats = frame["group"] == "likelihood"
        for column, name in (("value", ""), ("standard_error", "_se")):
            frame[f"per_dimension{name}"] = np.where(nats, frame[column] / dimension, np.nan)
            frame[f"bits_per_dimension{name}"] = np.where(nats, np.nan, frame[column])
        independent = frame["quantity"] == "bits_per_dimension_independent"
        frame["model"] = np.where(independent, "independent pixels", f"{experiment} (ours)")
        frames.append(frame)
    ours = pd.concat(frames, ignore_index=True)
    published = pd.read_csv(files("diffinfo").joinpath("published_bits.csv"))
    published = published[published["data"].isin(set(ours["data"]))].assign(kind="published")
    return pd.concat([ours, published], ignore_index=True)


def as_markdown(frame: pd.DataFrame) -> str:
    """The estimates for reading: value and error in one column, grouped by experiment."""
    lines = [
        "| experiment | quantity | nats | exact | error | upper bound | seeds | held-out examples | log-SNR range |",
        "|---|---|---|---|---|---|---|---|---|",
    ]

    def number(value: float, form: str) -> str:
        return "" if np.isnan(value) else format(value, form)

    for row in frame.itertuples():
        name = row.quantity + (" (linear grid)" if row.group == "linear_grid" else "")
        lines.append(
            f"| {row.experiment} | {name} | {row.value:.4g} ± {row.standard_error:.2g} | {number(row.exact, '.5g')} "
            f"| {number(row.relative_error, '+.2%')} | {number(row.upper_bound, '.4g')} | {row.seeds} | {row.examples} "
            f"| {row.lam_min:.2f} to {row.lam_max:.2f} |"
        )
    return "\n".join(lines) + "\n"
