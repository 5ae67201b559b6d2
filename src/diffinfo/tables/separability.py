"""Where in noise level a label sits: in worlds where it is known, random fields whose classes
differ in coarse structure, in texture, in both, or in one pixel; and in data, as the spectra of
their classes predict it and as models measure it.
"""

from collections.abc import Sequence
from functools import partial

import numpy as np
import pandas as pd
from scipy.optimize import brentq

from diffinfo.estimate.statistics import half_width, mean_and_error, shares_of_last
from diffinfo.exact.random_fields import RandomFields, frequencies, sectors, symmetric
from diffinfo.process.schedule import TAU, VPSchedule
from diffinfo.runs import Run, by_experiment
from diffinfo.tables.codes import shares
from diffinfo.tables.runs import combine

CLASSES = 4  # as many directions
VARIANCE = 0.1  # of pixels, as those of pictures in [0, 1] have
# World -> bands of frequency (from, to, in cycles a side) and what contrast is multiplied by there:
# in the world "both" each of the two tells about as much as the other.
COARSE, FINE = (1.0, 4.0), (10.0, np.inf)
BANDS = {
    "coarse": {COARSE: 1.0},
    "texture": {FINE: 1.0},
    "both": {COARSE: 3.3, FINE: 1.0},
    "one pixel": {},
}
INFORMATION = 1.0  # nats, of every world's clean images; H(Y) is log 4


def world(name: str, contrast: float, side: int = 28) -> RandomFields:
    """Fields of `side` x `side` pixels with power 1 / (1 + k^2) at k cycles a side.

    Class y has `exp(contrast)` times the power in a quarter of all directions, within the bands of
    the world; in the world "one pixel" instead a mean of `contrast (y - 1.5)` at one pixel.
    """
    k, direction = frequencies(side, side)
    power = np.repeat(1 / (1 + k**2)[None], CLASSES, axis=0)
    sector = sectors(direction, CLASSES)
    for (low, high), factor in BANDS[name].items():
        inside = (k >= low) & (k < high)
        for y in range(CLASSES):
            power[y] *= np.exp(factor * contrast * (inside & (sector == y)))
    # At the highest frequency of an even side a wave vector and its opposite are told apart by
    # neither sign; elsewhere they have one direction already.
    power = symmetric(power)
    power *= VARIANCE / power[0].mean()
    means = np.zeros_like(power)
    if not BANDS[name]:
        means[:, side // 2, side // 2] = contrast * (np.arange(CLASSES) - (CLASSES - 1) / 2)
    return RandomFields(power, means, np.full(CLASSES, 1 / CLASSES))


def calibrated(name: str, examples: int = 3000) -> float:
    """The contrast at which clean images of a world hold INFORMATION about their class."""

    def excess(contrast):
        fields = world(name, contrast)
        x, y = fields.draw(examples, np.random.default_rng(0))
        return fields.information(x, y, np.zeros_like(x), [30.0]).mean() - INFORMATION

    return brentq(excess, 1e-3, 5.0, xtol=1e-3)


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
        x, y = fields.draw(examples, rng)
        gained = fields.information(x, y, rng.standard_normal(x.shape), lams)
        (means, errors), (shares_of_i, share_errors) = (
            mean_and_error(gained),
            shares_of_last(gained),
        )
        entropy = np.array([fields.conditional_entropy_produced(lam) for lam in lams]) - means
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


def _add(rows, about, quantity, lam, value, error=0.0, share=np.nan, **more) -> None:
    row = {"quantity": quantity, "lam": lam, "value": value, "standard_error": error}
    rows.append(about | row | {"share": share} | more)


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
        profiles = [pd.read_csv(run.file("profile")) for run in seeds]
        for quantity, name in (("classifier", "share"), ("s_nn", "entropy_share")):
            of_seeds = [p[p["quantity"] == quantity].sort_values("lam_high") for p in profiles]
            up_to = np.mean(
                [each["remaining"] / each["remaining"].iloc[-1] for each in of_seeds], 0
            )
            edges = {"lam": of_seeds[0]["lam_high"], "s": of_seeds[0]["s_low"], "value": up_to}
            parts.append(pd.DataFrame(edges).assign(quantity=name))
            early = pd.concat([shares(each, np.array([tau])) for each in of_seeds])
            early = early[early["unit"] == "share"]
            both = combine(early["value"], early["standard_error"])
            row = {"quantity": f"late_{name}", "lam": tau, "s": TAU, "seeds": len(seeds)}
            parts.append(pd.DataFrame([row | both | {"value": 1 - both["value"]}]))
        table = pd.concat(parts, ignore_index=True)
        table["kind"] = table["kind"].fillna("measured")
        tables.append(table.assign(experiment=experiment))
    table = pd.concat(tables, ignore_index=True)
    table["half_width"] = table["half_width"].fillna(half_width(table["standard_error"]))
    return table
