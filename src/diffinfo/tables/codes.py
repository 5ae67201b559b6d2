"""Tables of what the codes of autoencoders hold, and of what lies on the early side of a splitting
time; averaged over seeds, in nats.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from diffinfo.errors import DataError
from diffinfo.estimate.statistics import half_width
from diffinfo.files import read_json
from diffinfo.process.schedule import schedule_of
from diffinfo.runs import Run, by_experiment
from diffinfo.tables.runs import case_columns, combine


def _crossing(table: pd.DataFrame, quantity: str) -> dict[str, float]:
    """The tau at which I(Z_sem;Y) and I(Z_per;Y) are equal, by straight lines between the values of
    tau: its `value`, `standard_error` and the `half_width` of its 95 % interval.

    They are those of 4,000 draws of all values, normal and as wide as their 95 % intervals, which
    at few seeds are Student's. All are NaN if the two cross in no more than half of the draws.
    """
    nothing = dict.fromkeys(("value", "standard_error", "half_width"), np.nan)
    rows = table[table["quantity"] == quantity].pivot(
        index="tau", columns="latent", values=["value", "half_width"]
    )
    rows = rows.dropna()
    if len(rows) < 2:
        return nothing
    difference = (rows["value"]["semantic"] - rows["value"]["perceptual"]).to_numpy()
    error = np.hypot(rows["half_width"]["semantic"], rows["half_width"]["perceptual"]).to_numpy()
    tau, rng, crossings = rows.index.to_numpy(), np.random.default_rng(0), []
    for drawn in difference + error / half_width(1.0) * rng.standard_normal((4000, len(tau))):
        falls = np.flatnonzero((drawn[:-1] > 0) & (drawn[1:] <= 0))
        if len(falls):
            i = falls[0]
            crossings.append(tau[i] + (tau[i + 1] - tau[i]) * drawn[i] / (drawn[i] - drawn[i + 1]))
    if len(crossings) <= 2000:
        return nothing
    low, high = np.quantile(crossings, [0.025, 0.975])
    return {
        "value": float(np.mean(crossings)),
        "standard_error": float(np.std(crossings)),
        "half_width": float(high - low) / 2,
    }


def codes(runs: Sequence[Run]) -> pd.DataFrame:
    """What the latents of autoencoders hold, averaged over seeds, in nats: KL, use, I(Z;Y).

    `kl` is a bound on I(Z;X), and so on I(Z;Y). `use` is what the bound on -log p(x|z) loses with
    the codes of another image. I(Z;Y) is given by every estimator, bounded by H(Y)
    (`upper_bound`). `collapsed` is the share of seeds whose decoder does without the codes;
    `neighbour_accuracy` is a fraction. Rows of latent `both` say at which tau the I(Z;Y) of the two
    latents cross, for each sweep over tau and each price in it.
    """
    rows = []
    for experiment, seeds in by_experiment(runs).items():
        results = [read_json(run.file("latents")) for run in seeds]
        first = results[0]
        for latent in first["latents"]:
            held = [result["latents"][latent] for result in results]
            information = held[0]["mutual_information"]
            members = {
                name: [each[name] for each in held] for name in ("kl", "use", "neighbour_accuracy")
            }
            members |= {
                name: [each["mutual_information"][name] for each in held] for name in information
            }
            for quantity, estimates in members.items():
                each = pd.DataFrame(estimates)
                rows.append(
                    {
                        "experiment": experiment,
                        "data": first["data"]["name"],
                        "tau": first["tau"],
                        "weighting": first["settings"]["train"]["weighting"],
                        "kl_weight": first["settings"]["train"]["kl_weight"],
                        "steps": first["settings"]["train"]["steps"],
                        "latent": latent,
                        "quantity": quantity,
                        **combine(each["value"], each["standard_error"]),
                        "upper_bound": first["label_entropy"]
                        if quantity in information
                        else np.nan,
                        "collapsed": float(np.mean([each["collapsed"] for each in held])),
                        "seeds": len(seeds),
                        "examples": first["examples"],
                        "draws": first["draws"],
                        "split": first["split"],
                        "lam_min": first["lam_min"],
                        "lam_max": first["lam_max"],
                        **case_columns(first),
                    }
                )
    table, crossings = pd.DataFrame(rows), []
    trained_alike = ["data", "sweep", "weighting", "kl_weight", "steps"]
    for about, alike in table.groupby(trained_alike, sort=False, dropna=False):
        if alike["tau"].nunique() < 2:
            continue
        about = dict(zip(trained_alike, about, strict=True)) | {
            "latent": "both",
            "seeds": alike["seeds"].min(),
        }
        for quantity in ("classification_bound", "plain_classifier"):
            row = {"quantity": f"crossing_tau_{quantity}"} | _crossing(alike, quantity)
            crossings.append(about | row)
    return pd.concat([table, pd.DataFrame(crossings)], ignore_index=True) if crossings else table


def _shares_of(run: Run, quantity: str, splits: np.ndarray) -> pd.DataFrame:
    """`shares` of a quantity of the run's profile. Raises: DataError if the profile lacks it."""
    strata = pd.read_csv(run.file("profile"))
    rows = strata[strata["quantity"] == quantity]
    if rows.empty:
        raise DataError(
            f"{run.folder}: its estimates have no {quantity}; "
            "give the experiment a section `classifier`"
        )
    return shares(rows, splits)


def shares(rows: pd.DataFrame, splits: np.ndarray) -> pd.DataFrame:
    """How much of one quantity's profile sits above each log-SNR of `splits` `(K,)`.

    It is given in nats and as a share of the whole. The edges of strata are joined by straight
    lines. The error of a share is that of the delta method, as its two parts are correlated.
    """
    rows = rows.sort_values("lam_low")
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
    share = {"value": above / total, "standard_error": np.sqrt(np.maximum(variance, 0)) / total**2}
    nats = {"value": above, "standard_error": above_se}
    return pd.concat(
        [pd.DataFrame(nats), pd.DataFrame(share)], keys=["nats", "share"], names=["unit", "row"]
    ).reset_index()


def _by_data(runs: Sequence[Run], measured: str) -> dict[str, list[Run]]:
    """Runs by the name of their data, which their file `measured` gives, in the order given."""
    grouped: dict[str, list[Run]] = {}
    for run in runs:
        grouped.setdefault(read_json(run.file(measured))["data"]["name"], []).append(run)
    return grouped


def separation(runs: Sequence[Run], beside: Sequence[Run]) -> pd.DataFrame:
    """What lies on the early side (s < tau) of each splitting time of split autoencoders.

    `s_nn_early` is neural entropy; `information_early` is I(X;Y) - I(X_tau;Y) = I(X;Y|X_tau) by the
    classifier of noised images. Both are those of the field models of the same data among
    `beside`, in nats (`_nats`) and as a share of the whole (`_share`). Then come I(Z;Y) and KL of
    the perceptual and the semantic code, in nats, beside H(Y) (`upper_bound`). All are of held-out
    images and averaged over seeds.

    Raises: DataError if the runs of `beside` have no classifier of noised images.
    """
    held, others, tables = codes(runs), _by_data(beside, "estimate"), []
    for data, split_runs in _by_data(runs, "latents").items():
        first = read_json(split_runs[0].file("latents"))
        kept = held[
            (held["data"] == data)
            & held["quantity"].isin(["classification_bound", "kl"])
            & held["tau"].notna()
        ]
        taus = np.sort(kept["tau"].unique())
        splits = np.asarray(schedule_of(first["settings"]["process"])[0].log_snr(taus), float)
        models, rows = others[data], []
        measured = read_json(models[0].file("estimate"))
        about = {
            "seeds": len(models),
            "examples": measured["examples"],
            "split": "held out",
            "lam_max": measured["lam_max"],
        }
        for name, quantity in (("s_nn", "s_nn"), ("information", "classifier")):
            parts = pd.concat([_shares_of(run, quantity, splits) for run in models])
            for (unit, i), each in parts.groupby(["unit", "row"], sort=False):
                row = {
                    "tau": taus[i],
                    "quantity": f"{name}_early_{unit}",
                    **combine(each["value"], each["standard_error"]),
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
    """The table of separation for reading: one line per data set and splitting time."""
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
        of = rows.set_index("quantity")
        cells = [
            f"{of.loc[name, 'value']:.3f} ± {of.loc[name, 'standard_error']:.3f}"
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
