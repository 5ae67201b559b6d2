"""Tidy tables of runs: each number is averaged over the seeds of an experiment, and stands beside
its exact value, where there is one, and its provenance.

A table recovers nothing from names. What a case of a sweep is, its results say: `sweep` is the name
of the sweep (NaN for an experiment that is none), and there is a column for each key that any of
the experiments varies, under its dotted name, such as `data.gaussian.information`.
"""

import json
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from scipy.special import entr

from diffinfo.errors import DataError
from diffinfo.estimate.statistics import half_width
from diffinfo.files import read_json
from diffinfo.runs import Run, by_experiment

PROFILE_VALUES = ("amount", "produced", "remaining")


def combine(values: pd.Series, errors: pd.Series) -> dict[str, float]:
    """Mean over seeds (`value`), its `standard_error`, and the `half_width` of its 95 % interval.

    Seeds share their held-out examples, so the error over examples does not shrink with the number
    of seeds; the spread between seeds does. That spread has as many degrees of freedom as there are
    seeds, less one, and the whole has those of Welch and Satterthwaite. Of one seed the error is
    that over examples only, and says nothing of another training.
    """
    n = len(values)
    between = values.var(ddof=1) / n if n > 1 else 0.0
    variance = (errors**2).mean() + between
    degrees = (n - 1) * (variance / between) ** 2 if between else np.inf
    error = float(np.sqrt(variance))
    return {
        "value": float(values.mean()),
        "standard_error": error,
        "half_width": float(half_width(error, degrees)),
    }


def case_columns(result: dict[str, Any]) -> dict[str, Any]:
    """The columns that say which case of which sweep a result is of.

    They come from the section `case` that `diffinfo.config.expand` writes. A run made by hand may
    lack it and is then of no sweep. A varied list, such as channels, is one value: its JSON.
    """
    case = result.get("settings", {}).get("case", {})
    varied = {
        key: json.dumps(value) if isinstance(value, list | dict) else value
        for key, value in case.get("varied", {}).items()
    }
    return {"sweep": case.get("sweep") or np.nan} | varied


def _data_columns(card: dict) -> dict[str, float]:
    """The columns that tell one joint Gaussian, or one noise of labels, from another.

    There are none for other data. Exact values are in nats.
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
    """I(X;Y) of labelled data in nats, if x determines the label as it was before any noise.

    It is H(Y) where there is no noise.
    """
    if "truth" in card:
        return card["truth"]["mutual_information"]
    counts = np.asarray(card["labels_test"], float)
    return float(entr(counts / counts.sum()).sum())


def _joint_gaussian(card: dict):
    """The model that the data are drawn from."""
    from diffinfo.data.sources import joint_gaussian  # loads JAX, which most tables do without

    return joint_gaussian(card["gaussian"])


def _exact_profile(card: dict, strata: pd.DataFrame) -> pd.DataFrame:
    """The closed forms of a joint Gaussian on the same strata and in the same columns, in nats."""
    model = _joint_gaussian(card)
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


def profiles(runs: Sequence[Run]) -> pd.DataFrame:
    """Profiles: where in log-SNR, and when, entropies and I(X;Y) sit.

    Each row is a quantity's integral over one stratum of log-SNR (`amount`), from the data up to
    time `s_high` (`produced`) and from equilibrium up to `lam_high` (`remaining`), in nats, with
    standard errors over held-out examples and seeds (`_se`) and half-widths of 95 % intervals
    (`_half`). `rate_s` and `rate_lam` are the amount
    per unit of time s and of log-SNR; `dimension` is that of x. `kind` is `network` (the mean over
    seeds) or `exact` (the closed form of a joint Gaussian).

    Raises: DataError, naming the experiment, if its seeds were estimated at different levels.
    """
    tables = []
    for experiment, seeds in by_experiment(runs).items():
        levels = [pd.read_csv(run.file("profile")) for run in seeds]
        result = read_json(seeds[0].file("estimate"))
        card, columns = result["data"], case_columns(result)
        keys = ["quantity", "lam_low", "lam_high", "s_low", "s_high"]
        table = levels[0][keys].copy()
        if any(not level[keys].equals(table) for level in levels[1:]):
            raise DataError(
                f"{experiment}: its seeds were estimated at different levels; "
                "estimate them with one config"
            )
        for column in PROFILE_VALUES:
            values = np.stack([level[column] for level in levels])
            errors = np.stack([level[f"{column}_se"] for level in levels])
            combined = [
                combine(pd.Series(v), pd.Series(e)) for v, e in zip(values.T, errors.T, strict=True)
            ]
            for name, suffix in (("value", ""), ("standard_error", "_se"), ("half_width", "_half")):
                table[f"{column}{suffix}"] = [each[name] for each in combined]
        table["kind"], table["seeds"] = "network", len(seeds)
        parts = [table]
        if "gaussian" in card and "correlations" not in card:
            strata = table[table["quantity"] == "s_nn"]
            parts.append(_exact_profile(card, strata).assign(kind="exact", seeds=0))
        merged = pd.concat(parts, ignore_index=True)
        merged.insert(0, "experiment", experiment)
        columns["dimension"] = int(np.prod(card["shape"]))
        for name, value in (columns | _data_columns(card)).items():
            merged[name] = value
        for clock in ("s", "lam"):
            width = merged[f"{clock}_high"] - merged[f"{clock}_low"]
            for suffix in ("", "_se", "_half"):
                merged[f"rate_{clock}{suffix}"] = merged[f"amount{suffix}"] / width
        tables.append(merged)
    return pd.concat(tables, ignore_index=True)


def _exact_values(card: dict, result: dict) -> dict[str, float]:
    """Exact values in nats where they are known, by quantity; total entropies are those over the
    log-SNR range of the estimate.
    """
    if "keep_label" in card:
        return {"mutual_information": _label_information(card)}
    if "gaussian" not in card:
        return {}
    model = _joint_gaussian(card)
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


def estimates(runs: Sequence[Run]) -> pd.DataFrame:
    """Every estimate, averaged over seeds, with its standard error and 95 % half-width.

    Beside it stand the number of seeds, held-out examples and draws per example, the log-SNR range,
    the exact value where it is known, and H(Y) where it bounds the mutual information
    (`upper_bound`). Values are in nats, except `classification_accuracy` (a fraction) and bits per
    dimension.
    """
    rows = []
    for experiment, seeds in by_experiment(runs).items():
        results = [read_json(run.file("estimate")) for run in seeds]
        first = results[0]
        truths = _exact_values(first["data"], first)
        for group, members in first["estimates"].items():
            for quantity in members:
                each = pd.DataFrame([result["estimates"][group][quantity] for result in results])
                mean = combine(each["value"], each["standard_error"])
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
                        **mean,
                        "exact": exact,
                        "relative_error": mean["value"] / exact - 1 if exact else np.nan,
                        "upper_bound": first["label_entropy"]
                        if information and first["label_entropy"]
                        else np.nan,
                        "seeds": len(seeds),
                        "examples": first["examples"],
                        "draws": first["linear_times"]
                        if group == "linear_grid"
                        else first["draws"],
                        "split": first["split"],
                        "s_min": first["s_min"],
                        "lam_min": first["lam_min"],
                        "lam_max": first["lam_max"],
                        **case_columns(first),
                    }
                )
    return pd.DataFrame(rows)


def cases(runs: Sequence[Run]) -> pd.DataFrame:
    """The `estimates` of joint Gaussians or labelled data, with what makes each case.

    That is its settings and exact values (nats), and the steps and `seconds` of one training,
    compilation included, in a job with `threads` CPU threads (0: all). I(X;Y) of labelled data is
    taken to be what the noise of their labels leaves. `exact_at_cutoff` is what of I(X;Y) there is
    up to the estimate's largest log-SNR.

    Raises: DataError, naming the experiment, for other data.
    """
    frames = []
    table = estimates(runs)
    for experiment, seeds in by_experiment(runs).items():
        result = read_json(seeds[0].file("estimate"))
        card, columns = result["data"], _data_columns(result["data"])
        if not columns:
            raise DataError(
                f"{experiment}: this table is of joint Gaussians or labelled data, "
                "and its data are neither"
            )
        costs = [read_json(run.file("cost")) for run in seeds]
        frame = table[table["experiment"] == experiment].copy()
        for name, value in columns.items():
            frame[name] = value
        if "gaussian" in card:
            exact = _joint_gaussian(card).mutual_information
            frame["exact_at_cutoff"] = float(exact(result["lam_max"]) - exact(result["lam_min"]))
        frame["train_steps"], frame["fields"] = (
            result["settings"]["train"]["steps"],
            result["settings"]["network"]["fields"],
        )
        frame["seconds"] = np.mean([cost["seconds"] for cost in costs])
        frame["threads"] = costs[0]["threads"]
        frames.append(frame)
    return pd.concat(frames, ignore_index=True)


def estimates_as_markdown(table: pd.DataFrame) -> str:
    """The table of estimates for reading: one line per estimate, value and error in one column."""
    header = (
        "experiment",
        "quantity",
        "nats",
        "exact",
        "error",
        "upper bound",
        "seeds",
        "held-out examples",
        "log-SNR range",
    )
    lines = [f"| {' | '.join(header)} |", "|---" * len(header) + "|"]

    def number(value: float, form: str) -> str:
        return "" if np.isnan(value) else format(value, form)

    for row in table.itertuples():
        cells = (
            row.experiment,
            row.quantity + (" (linear grid)" if row.group == "linear_grid" else ""),
            f"{row.value:.4g} ± {row.standard_error:.2g}",
            number(row.exact, ".5g"),
            number(row.relative_error, "+.2%"),
            number(row.upper_bound, ".4g"),
            f"{row.seeds}",
            f"{row.examples}",
            f"{row.lam_min:.2f} to {row.lam_max:.2f}",
        )
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"
