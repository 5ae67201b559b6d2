"""Where in noise level a label sits: in worlds where it is known, random fields whose classes
differ in coarse structure, in texture, in both, or in one pixel; and in data, as the spectra of
their classes predict it and as models measure it.
"""

from collections.abc import Sequence
from functools import partial

import numpy as np
import pandas as pd

from diffinfo.errors import DataError
from diffinfo.estimate.statistics import half_width, mean_and_error, shares_of_last
from diffinfo.exact.random_fields import RandomFields, frequencies
from diffinfo.exact.worlds import BANDS, calibrated, world, world_with_information
from diffinfo.files import read_json
from diffinfo.process.schedule import TAU, VPSchedule
from diffinfo.runs import Run, by_experiment
from diffinfo.tables.codes import codes, shares
from diffinfo.tables.runs import combine


def worlds(examples: int = 3000, levels: int = 45) -> pd.DataFrame:
    """A row for each world, quantity and log-SNR, in nats.

    "information" is I(X_lam;Y), a mean over so many draws with its `standard_error`; "entropy" the
    neural entropy up to that level, "total_correlation" that of the noised images; `share` is of
    the value at the largest level. "power" is of entries of a class's own direction, `value`, and
    of another, `other`, at `frequency`. Rows "late_information" and "late_entropy" are the shares
    at s >= TAU.
    """
    schedule, rows = VPSchedule(), []
    lam_range = schedule.log_snr_range(1e-5)
    tau = float(schedule.log_snr(TAU))
    lams = np.insert(np.linspace(*lam_range, levels), 0, tau)
    for number, name in enumerate(BANDS):
        contrast = calibrated(name, examples=examples)
        fields, rng = world(name, contrast), np.random.default_rng([number, 1])
        add = partial(_add, rows, {"world": name, "contrast": contrast, "examples": examples})
        gained, entropy = _exact(fields, lams, examples, rng)
        means, errors = mean_and_error(gained)
        shares_of_i, share_errors = shares_of_last(gained)
        for at, lam in enumerate(lams[1:], start=1):
            add("information", lam, means[at], errors[at], shares_of_i[at])
            add("entropy", lam, entropy[at], errors[at], entropy[at] / entropy[-1])
            add("total_correlation", lam, fields.total_correlation(lam, means[at]), errors[at])
        add("late_information", tau, shares_of_i[0], share_errors[0])
        add("late_entropy", tau, entropy[0] / entropy[-1], errors[0] / entropy[-1])
        k, _ = frequencies(*fields.power.shape[1:])
        for frequency in range(1, fields.power.shape[1] // 2 + 1):
            ring = fields.power[:, np.abs(k - frequency) < 0.5]
            add("power", tau, ring.max(0).mean(), frequency=frequency, other=ring.min(0).mean())
    table = pd.DataFrame(rows)
    return table.assign(half_width=half_width(table["standard_error"], examples - 1))


def _exact(
    fields: RandomFields, lams: np.ndarray, examples: int, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """What so many draws of a world hold at log-SNRs `lams` `(L,)`, in nats: `(examples, L)`, whose
    means are I(X_lam;Y), and the neural entropy up to there, `(L,)`.
    """
    x, y = fields.draw(examples, rng)
    gained = fields.information(x, y, rng.standard_normal(x.shape), lams)
    given_class = np.array([fields.conditional_entropy_produced(lam) for lam in lams])
    return gained, given_class - gained.mean(0)


def _add(rows, about, quantity, lam, value, error=0.0, share=np.nan, **more) -> None:
    row = {"quantity": quantity, "lam": lam, "value": value, "standard_error": error}
    rows.append(about | row | {"share": share} | more)


def _measured(seeds: Sequence[Run], quantity: str) -> tuple[pd.DataFrame, dict[str, float]]:
    """A profile of runs that differ in their seed: `value` up to every `lam`, in nats with errors,
    and the time `s` there; and its share at s >= TAU, with errors.
    """
    tau = float(VPSchedule().log_snr(TAU))
    profiles = [pd.read_csv(run.file("profile")) for run in seeds]
    of_seeds = [p[p["quantity"] == quantity].sort_values("lam_high") for p in profiles]
    first = of_seeds[0]
    rows = [
        {"lam": lam, "s": s} | combine(pd.Series(values), pd.Series(errors))
        for lam, s, values, errors in zip(
            first["lam_high"],
            first["s_low"],
            np.stack([each["remaining"] for each in of_seeds], 1),
            np.stack([each["remaining_se"] for each in of_seeds], 1),
            strict=True,
        )
    ]
    early = pd.concat([shares(each, np.array([tau])) for each in of_seeds])
    early = early[early["unit"] == "share"]
    both = combine(early["value"], early["standard_error"])
    late = {"lam": tau, "s": TAU} | both | {"value": 1 - both["value"]}
    return pd.DataFrame(rows), late


def predicted(runs: Sequence[Run]) -> pd.DataFrame:
    """Where labels of image models sit: `kind` "predicted" from class-conditional spectra of the
    training images (`studies/spectra.py`) or "measured" by the classifier of noised held-out ones.

    Rows "share" are I(X_lam;Y) over I(X;Y) up to `lam`; "late_share" the share at s >= TAU with its
    error (over draws, or held-out images and seeds); "entropy_share" and "late_entropy_share" those
    of S_NN, measured; "power" and "apart" the spectra, against `frequency`.
    """
    tables, tau = [], VPSchedule().log_snr(TAU)
    for experiment, seeds in by_experiment(runs).items():
        spectra = pd.read_csv(seeds[0].file("spectra")).assign(kind="predicted")
        late = spectra[(spectra["quantity"] == "share") & np.isclose(spectra["lam"], tau)]
        spectra = spectra[spectra["quantity"] != "information"]
        parts = [spectra, late.assign(quantity="late_share")]
        for quantity, name in (("classifier", "share"), ("s_nn", "entropy_share")):
            up_to, late = _measured(seeds, quantity)
            share = up_to["value"] / up_to["value"].iloc[-1]
            parts.append(up_to[["lam", "s"]].assign(value=share, quantity=name))
            late = {"quantity": f"late_{name}", "seeds": len(seeds)} | late
            parts.append(pd.DataFrame([late]))
        table = pd.concat(parts, ignore_index=True)
        table["kind"] = table["kind"].fillna("measured")
        tables.append(table.assign(experiment=experiment))
    table = pd.concat(tables, ignore_index=True)
    table["half_width"] = table["half_width"].fillna(half_width(table["standard_error"]))
    return table


# What of a world is measured by which profile of its models.
MEASURES = {
    ("information", "classifier"): "classifier",
    ("information", "fields"): "loss_difference",
    ("entropy", "fields"): "s_nn",
}


def _world_of(experiment: str, result: dict) -> dict:
    """The options of the world that a result is of. Raises: DataError for other data."""
    if "random_fields" not in result["data"]:
        raise DataError(f"{experiment}: is not of data.random_fields")
    return result["data"]["random_fields"]


def measured(runs: Sequence[Run], examples: int = 3000) -> pd.DataFrame:
    """Models of worlds of random fields beside what these hold, in nats.

    Rows "information" and "entropy": I(X_lam;Y) and the neural entropy up to `lam`, `by` a
    "classifier" of noised images, the "fields" (the difference of losses) or "exact" (of so many
    draws); "late_information" and "late_entropy" the shares at s >= TAU. Raises: DataError for runs
    on other data.
    """
    rows, tau = [], float(VPSchedule().log_snr(TAU))
    for experiment, seeds in by_experiment(runs).items():
        options = _world_of(experiment, read_json(seeds[0].file("estimate")))
        about = {"experiment": experiment, "world": options["world"], "seeds": len(seeds)}

        def add(quantity, by, part, about=about):
            rows.extend({**about, "quantity": quantity, "by": by, **row} for row in part)

        for (quantity, by), profile in MEASURES.items():
            up_to, late = _measured(seeds, profile)
            add(quantity, by, up_to.to_dict("records"))
            add(f"late_{quantity}", by, [late])
        exact = world_with_information(options["world"], options["side"])
        lams = np.insert(up_to["lam"].to_numpy(), 0, tau)
        gained, entropy = _exact(exact, lams, examples, np.random.default_rng(2))
        means, errors = mean_and_error(gained)
        of_last, of_last_errors = shares_of_last(gained)
        for quantity, values, late, late_error in (
            ("information", means, of_last[0], of_last_errors[0]),
            ("entropy", entropy, entropy[0] / entropy[-1], errors[0] / entropy[-1]),
        ):
            levels = up_to[["lam", "s"]].assign(value=values[1:], standard_error=errors[1:])
            add(quantity, "exact", levels.to_dict("records"))
            late = {"lam": tau, "s": TAU, "value": late, "standard_error": late_error}
            add(f"late_{quantity}", "exact", [late])
    table = pd.DataFrame(rows)
    table["half_width"] = table["half_width"].fillna(half_width(table["standard_error"]))
    return table


def carried(runs: Sequence[Run], examples: int = 3000) -> pd.DataFrame:
    """What the two codes of split autoencoders tell of the label in worlds of random fields, as
    `codes` says it, beside `exact`: I(X_tau;Y) for the semantic code, which the decoder has at
    s >= tau, and I(X;Y|X_tau) for the perceptual one, which it has before; with `exact_error`.

    Raises: DataError for runs on other data.
    """
    table = codes(runs)
    table = table[table["quantity"].isin(("classification_bound", "plain_classifier"))]
    truths = []
    for experiment, seeds in by_experiment(runs).items():
        result = read_json(seeds[0].file("latents"))
        options = _world_of(experiment, result)
        exact = world_with_information(options["world"], options["side"])
        schedule = VPSchedule()
        lams = np.array([schedule.log_snr(result["tau"]), schedule.log_snr_range(1e-5)[1]])
        early, whole = _exact(exact, lams, examples, np.random.default_rng(2))[0].T
        for latent, values in (("semantic", early), ("perceptual", whole - early)):
            value, error = mean_and_error(values)
            about = {"experiment": experiment, "world": options["world"], "latent": latent}
            truths.append(about | {"exact": value, "exact_error": error})
    return table.merge(pd.DataFrame(truths), on=["experiment", "latent"])
