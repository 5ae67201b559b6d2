"""Tables of what codes of autoencoders hold, and of what a splitting time parts: averaged over
seeds, in nats.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from diffinfo.errors import DataError
from diffinfo.files import read_json
from diffinfo.process.schedule import schedule_of
from diffinfo.tables.runs import by_experiment, combine, data_name


def _crossing(table: pd.DataFrame, quantity: str) -> tuple[float, float]:
    """Where I(Z_sem;Y) and I(Z_per;Y) are equal, by straight lines between the values of tau: mean
    and standard deviation.

    Over draws of all values within their errors; NaN where they do not cross.
    """
    rows = table[table["quantity"] == quantity].pivot(
        index="tau", columns="latent", values=["value", "standard_error"]
    )
    rows = rows.dropna()
    if len(rows) < 2:
        return np.nan, np.nan
    difference = (rows["value"]["semantic"] - rows["value"]["perceptual"]).to_numpy()
    error = np.hypot(
        rows["standard_error"]["semantic"], rows["standard_error"]["perceptual"]
    ).to_numpy()
    tau, rng, found = rows.index.to_numpy(), np.random.default_rng(0), []
    for drawn in difference + error * rng.standard_normal((1000, len(tau))):
        falls = np.flatnonzero((drawn[:-1] > 0) & (drawn[1:] <= 0))
        if len(falls):
            i = falls[0]
            found.append(tau[i] + (tau[i + 1] - tau[i]) * drawn[i] / (drawn[i] - drawn[i + 1]))
    return (float(np.mean(found)), float(np.std(found))) if len(found) > 500 else (np.nan, np.nan)


def codes(runs: Sequence[str | Path]) -> pd.DataFrame:
    """What latents of autoencoders hold, averaged over seeds, in nats; where the two of a sweep
    over tau cross.

    kl: a bound on I(Z;X), and so on I(Z;Y); use: what the bound on -log p(x|z) loses with codes of
    another image; collapsed: the share of seeds whose decoder does without them;
    neighbour_accuracy: a fraction.
    """
    rows = []
    for experiment, folders in by_experiment(runs).items():
        results = [read_json(folder / "latents.json") for folder in folders]
        first = results[0]
        for latent in first["latents"]:
            found = [result["latents"][latent] for result in results]
            members = {
                name: [f[name] for f in found] for name in ("kl", "use", "neighbour_accuracy")
            }
            members |= {
                q: [f["mutual_information"][q] for f in found]
                for q in found[0]["mutual_information"]
            }
            for quantity, each in members.items():
                each = pd.DataFrame(each)
                value, error = combine(each["value"], each["standard_error"])
                rows.append(
                    {
                        "experiment": experiment,
                        "data": data_name(read_json(folders[0].parent / "data.json")),
                        "tau": first["tau"],
                        "weighting": first["settings"]["train"]["weighting"],
                        "kl_weight": first["settings"]["train"]["kl_weight"],
                        "steps": first["settings"]["train"]["steps"],
                        "latent": latent,
                        "quantity": quantity,
                        "value": value,
                        "standard_error": error,
                        "upper_bound": first["label_entropy"]
                        if quantity in found[0]["mutual_information"]
                        else np.nan,
                        "collapsed": float(np.mean([f["collapsed"] for f in found])),
                        "seeds": len(folders),
                        "examples": first["examples"],
                        "draws": first["draws"],
                        "split": first["split"],
                        "lam_min": first["lam_min"],
                        "lam_max": first["lam_max"],
                    }
                )
    table, crossings = pd.DataFrame(rows), []
    for data, sweep in table.groupby("data", sort=False):
        for quantity in (
            ("classification_bound", "plain_classifier") if sweep["tau"].nunique() > 1 else ()
        ):
            tau, error = _crossing(sweep, quantity)
            row = {
                "data": data,
                "latent": "both",
                "quantity": f"crossing_tau_{quantity}",
                "value": tau,
                "standard_error": error,
            }
            crossings.append(row)
    return pd.concat([table, pd.DataFrame(crossings)], ignore_index=True) if crossings else table


def _shares(folder: Path, quantity: str, splits: np.ndarray) -> pd.DataFrame:
    """What of a quantity of `estimate.levels.csv` sits above each log-SNR of `splits`, in nats and
    as a share of all of it.

    Straight lines between the levels' edges; errors of a share by the delta method, its two parts
    being correlated.
    """
    levels = pd.read_csv(folder / "estimate.levels.csv")
    rows = levels[levels["quantity"] == quantity].sort_values("lam_low")
    if rows.empty:
        raise DataError(
            f"{folder}: its estimates have no {quantity}; give the experiment a section `classifier`"
        )
    edges = np.append(rows["lam_low"], rows["lam_high"].iloc[-1])
    above, above_se = (
        np.interp(splits, edges, np.append(rows[name], 0.0)) for name in ("produced", "produced_se")
    )
    below, below_se = (
        np.interp(splits, edges, np.insert(rows[name].to_numpy(), 0, 0.0))
        for name in ("remaining", "remaining_se")
    )
    total, total_se = rows["produced"].iloc[0], rows["produced_se"].iloc[0]
    covariance = 0.5 * (total_se**2 - above_se**2 - below_se**2)
    variance = (below * above_se) ** 2 + (above * below_se) ** 2 - 2 * above * below * covariance
    shares = {"value": above / total, "standard_error": np.sqrt(np.maximum(variance, 0)) / total**2}
    nats = {"value": above, "standard_error": above_se}
    return pd.concat(
        [pd.DataFrame(nats), pd.DataFrame(shares)], keys=["nats", "share"], names=["unit", "row"]
    ).reset_index()


def _by_data(runs: Sequence[str | Path]) -> dict[str, list[Path]]:
    grouped: dict[str, list[Path]] = {}
    for run in map(Path, runs):
        grouped.setdefault(data_name(read_json(run.parent / "data.json")), []).append(run)
    return grouped


def separation(runs: Sequence[str | Path], beside: Sequence[str | Path]) -> pd.DataFrame:
    """What lies on the early side (s < tau) of each splitting time of a sweep of split
    autoencoders, averaged over seeds.

    `s_nn`: neural entropy; `information`: I(X;Y) - I(X_tau;Y) = I(X;Y|X_tau) by the classifier of
    noised images, both of the field model of the same data, among `beside`, in nats and as a share
    of the whole; then I(Z;Y) and KL of both codes.
    """
    held, others, tables = codes(runs), _by_data(beside), []
    for data, folders in _by_data(runs).items():
        first = read_json(folders[0] / "latents.json")
        kept = held[
            (held["data"] == data)
            & held["quantity"].isin(["classification_bound", "kl"])
            & held["tau"].notna()
        ]
        taus = np.sort(kept["tau"].unique())
        splits = np.asarray(schedule_of(first["settings"]["process"])[0].log_snr(taus), float)
        models, rows = others[data], []
        about = {
            "seeds": len(models),
            "examples": read_json(models[0] / "estimate.json")["examples"],
            "split": "held out",
        }
        for name, quantity in (("s_nn", "s_nn"), ("information", "classifier")):
            found = pd.concat([_shares(folder, quantity, splits) for folder in models])
            for (unit, i), each in found.groupby(["unit", "row"], sort=False):
                value, error = combine(each["value"], each["standard_error"])
                row = {
                    "tau": taus[i],
                    "quantity": f"{name}_early_{unit}",
                    "value": value,
                    "standard_error": error,
                }
                rows.append(row | about)
        kept = kept.assign(quantity=kept["quantity"] + "_" + kept["latent"])[
            [*rows[0], "collapsed"]
        ]
        table = pd.concat([pd.DataFrame(rows), kept], ignore_index=True).sort_values(
            "tau", kind="stable"
        )
        tables.append(
            table.assign(
                log_snr=np.interp(table["tau"], taus, splits),
                upper_bound=first["label_entropy"],
                data=data,
            )
        )
    return pd.concat(tables, ignore_index=True)


def separation_as_markdown(table: pd.DataFrame) -> str:
    """The separation table for reading: one line per data set and splitting time."""
    columns = {
        "s_nn_early_share": "S_NN at s < tau (share)",
        "information_early_share": "I(X;Y\\|X_tau) (share of I(X;Y))",
        "classification_bound_perceptual": "I(Z_per;Y)",
        "classification_bound_semantic": "I(Z_sem;Y)",
        "kl_perceptual": "KL of Z_per",
        "kl_semantic": "KL of Z_sem",
    }
    lines = [
        f"| data | tau / T | {' | '.join(columns.values())} |",
        "|---" * (2 + len(columns)) + "|",
    ]
    for (data, tau), rows in table.groupby(["data", "tau"], sort=False):
        found = rows.set_index("quantity")
        cells = [
            f"{found.loc[name, 'value']:.3f} ± {found.loc[name, 'standard_error']:.3f}"
            for name in columns
        ]
        lines.append(f"| {data} | {tau:g} | {' | '.join(cells)} |")
    bounds = ", ".join(
        f"{bound:.3f} ({data})"
        for data, bound in table.groupby("data", sort=False)["upper_bound"].first().items()
    )
    return "\n".join(
        [*lines, "", f"Nats where nothing else is said; H(Y): {bounds}; held-out images.", ""]
    )
