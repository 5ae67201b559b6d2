"""S_NN, I(X;Y), where in noise level they sit, and the risk curve of any denoiser, on held-out
examples: `measure(denoiser, x, y)`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import jax
import numpy as np
import pandas as pd

from diffinfo.errors import DataError
from diffinfo.estimate.entropy import entropy_bound, neural_entropy
from diffinfo.estimate.integrand import Strata, evaluate_terms
from diffinfo.estimate.likelihood import bits_per_dimension, likelihood
from diffinfo.estimate.mutual_information import (
    class_log_posterior,
    classification_accuracy,
    classifier_information,
    label_entropy,
    mutual_information,
)
from diffinfo.estimate.profiles import classifier_profile, profiles
from diffinfo.estimate.risk import risk_curve
from diffinfo.estimate.statistics import Estimate
from diffinfo.exact.pixels import IndependentPixels
from diffinfo.process.adaptor import AdaptedDenoiser
from diffinfo.process.denoise import Denoiser
from diffinfo.process.density import LevelDensity
from diffinfo.process.forward import decoded
from diffinfo.process.schedule import VPSchedule

# Numbers that follow the seed's key into those of the likelihood and of the risk curve; blocks of
# examples have the numbers from 0.
_LIKELIHOOD_KEY, _RISK_KEY, _CLASSIFIER_KEY = 2**31 - 1, 2**31 - 2, 2**31 - 3
# Strata of a classifier's profile at least: fields are many and dear, a classifier is one.
_CLASSIFIER_LEVELS = 64
_UNITS = {"accuracy": "", "bits_per_dimension": " bits"}


@dataclass(frozen=True)
class Measurement:
    """What `measure` returns.

    estimates: group -> name -> `Estimate`, in nats: "entropy"; with y "mutual_information"; with
    labels "accuracy" (fractions); with training pixels "likelihood" and "bits_per_dimension"
    (bits); "linear_grid" where it was asked for. profile: where in log-SNR they sit, one row per
    quantity and stratum (`estimate/profiles.py`). risk: rows snr, risk = E|x - x_hat|^2 and
    standard_error, both in squared units of x, with snr increasing; of the conditional field where
    there is y. It is None if it was not asked for. label_entropy: H(Y), the most that I(X;Y) can
    be, or None. lam_range, s_min: the cut-off in log-SNR and its time. draws: strata in log-SNR,
    with one draw in each for each of so many `examples`.
    """

    estimates: dict[str, dict[str, Estimate]]
    profile: pd.DataFrame
    risk: pd.DataFrame | None
    label_entropy: float | None
    lam_range: tuple[float, float]
    s_min: float
    draws: int
    examples: int

    @property
    def s_nn(self) -> Estimate:
        """Neural entropy of the unconditional field, nats (Eq. 11)."""
        return self.estimates["entropy"]["s_nn"]

    @property
    def mi(self) -> Estimate | None:
        """I(X;Y) in nats by the recommended estimator: `classification_bound` for labels,
        `loss_difference` otherwise, and None without y.
        """
        information = self.estimates.get("mutual_information")
        if information is None:
            return None
        return information.get("classification_bound", information["loss_difference"])

    def as_dict(self) -> dict[str, Any]:
        """Everything but the two tables, ready for JSON."""
        return {
            "estimates": {
                group: {name: vars(estimate) for name, estimate in members.items()}
                for group, members in self.estimates.items()
            },
            "label_entropy": self.label_entropy,
            "lam_min": self.lam_range[0],
            "lam_max": self.lam_range[1],
            "s_min": self.s_min,
            "draws": self.draws,
            "examples": self.examples,
        }

    def summary(self) -> str:
        """Each number on a line with its standard error, below n and the log-SNR cut-off."""
        low, high = self.lam_range
        lines = [
            f"n = {self.examples} held-out examples, {self.draws} draws each, "
            f"log-SNR {low:.2f} to {high:.2f}"
        ]
        for group, members in self.estimates.items():
            unit = _UNITS.get(group, " nats")
            lines.append(group.replace("_", " "))
            for name, estimate in members.items():
                number = f"{estimate.value:10.4f} +- {estimate.standard_error:.4f}{unit}"
                at_most = name == "classification_bound" and self.label_entropy is not None
                bound = f", at most H(Y) = {self.label_entropy:.4f}" if at_most else ""
                lines.append(f"  {name:30s} {number}{bound}")
        return "\n".join(lines)

    def __repr__(self) -> str:
        return self.summary()


def _examples(x) -> np.ndarray:
    """x as uint8 or float32. Raises DataError."""
    x = np.asarray(x)
    if x.ndim < 2 or len(x) < 2:
        raise DataError(
            f"x: needs shape (N, ...) with at least two examples, and got {x.shape}"
            f"{'; give x[:, None]' if x.ndim == 1 else ''}"
        )
    if x.dtype == np.uint8:
        return x
    if not np.issubdtype(x.dtype, np.floating):
        raise DataError(
            f"x: holds {x.dtype}; give floats on the process's scale, or images as uint8"
        )
    return _finite("x", x)


def _finite(name: str, array: np.ndarray) -> np.ndarray:
    is_finite = np.isfinite(array).reshape(len(array), -1).all(1)
    if not is_finite.all():
        raise DataError(
            f"{name}: NaN or infinity in row {int(np.argmin(is_finite))} "
            f"({int((~is_finite).sum())} rows in all); remove these rows"
        )
    return array.astype(np.float32)


def _conditions(y, n: int, classes: int | None) -> tuple[np.ndarray, int | None]:
    """Labels as int32 and their number, or real conditions as float32 and None.

    Raises DataError.
    """
    y = np.asarray(y)
    if y.ndim == 0 or len(y) != n:
        raise DataError(f"y: has shape {y.shape} for {n} examples; give one row for each of x")
    if y.ndim > 1:
        if classes:
            raise DataError(f"y: classes={classes} needs labels (N,), and y has shape {y.shape}")
        if not (np.issubdtype(y.dtype, np.floating) or np.issubdtype(y.dtype, np.integer)):
            raise DataError(f"y: holds {y.dtype}; give real conditions as floats")
        return _finite("y", y), None
    if not np.issubdtype(y.dtype, np.integer):
        raise DataError(
            f"y: one column of {y.dtype}; give labels as integers, real conditions as y[:, None]"
        )
    most = int(y.max()) + 1
    if y.min() < 0 or (classes and classes < most):
        raise DataError(
            f"y: labels from {y.min()} to {y.max()}; they count from 0 and end below classes"
            f"{f'={classes}' if classes else ''}"
        )
    return y.astype(np.int32), classes or most


def _frequencies(frequencies, classes: int | None) -> np.ndarray:
    """Raises ValueError for what are no frequencies of so many labels."""
    p = np.asarray(frequencies, np.float64)
    if not classes or p.shape != (classes,) or (p < 0).any() or abs(p.sum() - 1) > 1e-6:
        raise ValueError(f"label_frequencies: {classes or 'no'} labels need as many, with sum 1")
    return p


def _without_condition(denoiser, z, lam, y=None):
    """The unconditional field; where the conditional one is asked for, nothing is computed."""
    return denoiser(z, lam) if y is None else 0 * z


def _nothing(z, lam, y=None):
    """A field for those who ask a classifier only."""
    return 0 * z


def _range(denoiser, lam_range, schedule: VPSchedule, s_min: float) -> tuple[float, float]:
    own = getattr(denoiser, "lam_range", None)
    if lam_range is None:
        return own or schedule.log_snr_range(s_min)
    low, high = (float(end) for end in lam_range)
    if not low < high or (own and (low < own[0] - 1e-6 or high > own[1] + 1e-6)):
        within = f", within {own}, which the denoiser knows" if own else ""
        raise ValueError(f"lam_range={low, high}: must increase{within}")
    return low, high


def measure(
    denoiser: Denoiser,
    x,
    y=None,
    *,
    classes: int | None = None,
    label_frequencies: np.ndarray | None = None,
    every_label: bool = True,
    draws: int = 64,
    density: LevelDensity | None = None,
    schedule: VPSchedule | None = None,
    s_min: float = 1e-5,
    lam_range: tuple[float, float] | None = None,
    log_posterior: Callable[[jax.Array, jax.Array], jax.Array] | None = None,
    pixels_train: np.ndarray | None = None,
    linear_times: int = 0,
    risk_levels: int = 64,
    seed: int = 0,
    block: int = 2048,
    report: Callable[[int, int], None] = lambda done, total: None,
) -> Measurement:
    """Neural entropy, mutual information, their profiles over log-SNR and the risk curve of a
    denoiser `(z, lam, y=None) -> v_hat` (`process/denoise.py`), in nats with standard errors.

        S_NN = 1/2 int alpha E|v_hat|^2 dlam,    I(X;Y) by each estimator of
        `estimate/mutual_information.py`

    x: `(N, ...)` held-out examples, floats on the process's scale or uint8 images, which become
    [0, 1]. y: labels `(N,)`, integers from 0 (classes: how many there are, by default the largest
    plus one); or real conditions `(N, D)`; or None, for entropies only. A denoiser of real
    conditions is asked for both fields, so it needs to know both.

    The integrals run over lam_range: if it is not given, over the denoiser's own attribute of that
    name, and without one from time s_min to 1 of the schedule (by default `VPSchedule()`). They are
    sums over so many strata as there are draws, with one draw per example in each, evenly spaced
    or, given a density over lam_range, equally probable under it; estimates are unbiased either
    way.

    label_frequencies: of all labels, `(classes,)`, where more is known of them than these examples
    tell, as that of many labels; H(Y) is theirs.

    every_label: whether the fields of labels other than the examples' own are asked for. They make
    the classification bound, and with many labels nearly all of the time. log_posterior: a
    classifier of noised examples, `(z, lam) -> (N, classes)` and a pytree; it adds estimators and
    profiles, one of which needs every label; its own profile has 64 strata at least. pixels_train:
    `(M, ...)` uint8 training images; they add likelihood and bits per dimension, and need x to be
    uint8. linear_times: how many times of the authors' linear grid from s_min to 1 to measure with
    as well. risk_levels: of the risk curve, evenly spaced in log-SNR; 0 for none. The noise follows
    from seed and block (examples at a time). report: called with how many examples are done, of how
    many.

    Raises DataError, naming the array, for input that cannot be used; ValueError for options that
    contradict each other; FloatingPointError, naming the example, where the denoiser gives NaN.

    >>> from diffinfo import MixtureDenoiser, measure
    >>> rng = np.random.default_rng(0)
    >>> y = rng.integers(0, 2, 10_000)
    >>> x = 2.0 * y[:, None] - 1 + 0.5 * rng.standard_normal((10_000, 1))
    >>> measure(MixtureDenoiser.of([[-1.0], [1.0]], 0.25, [1, 1], [0, 1]), x, y)
    """
    x = _examples(x)
    pixels, x = (x if x.dtype == np.uint8 else None), decoded(x)
    schedule = VPSchedule() if schedule is None else schedule
    if y is not None:
        y, classes = _conditions(y, len(x), classes)
    elif classes:
        raise ValueError(f"classes={classes}: needs labels y")
    if label_frequencies is not None:
        label_frequencies = _frequencies(label_frequencies, classes)
    if log_posterior is not None and not classes:
        raise ValueError("log_posterior: needs labels y")
    classes_asked = classes if every_label else None
    if pixels_train is not None and (pixels is None or np.asarray(pixels_train).dtype != np.uint8):
        raise DataError("pixels_train: needs x to be uint8 images, as pixels_train must be")
    lam_range = _range(denoiser, lam_range, schedule, s_min)

    def stratified(count: int) -> Strata:
        if density is None:
            return Strata.stratified(*lam_range, count)
        return Strata.between(density.quantiles(count))

    strata = stratified(draws)
    low, high = strata.low[0], strata.high[-1]
    if density is not None and not np.allclose((low, high), lam_range, atol=1e-3):
        raise ValueError(
            f"density: is over log-SNR {low:.3f} to {high:.3f}, but lam_range is "
            f"{lam_range[0]:.3f} to {lam_range[1]:.3f}; make them the same"
        )
    if isinstance(denoiser, AdaptedDenoiser):
        denoiser.check(x, y, lam_range)
    elif jax.tree_util.all_leaves([denoiser]):
        denoiser = jax.tree_util.Partial(denoiser)
    key = jax.random.key(seed)
    terms_in = partial(
        evaluate_terms,
        denoiser if y is not None else jax.tree_util.Partial(_without_condition, denoiser),
        x,
        y if y is not None else np.zeros((len(x), 0), np.float32),
        key=key,
        block=block,
        report=report,
    )

    def entropies(terms) -> dict[str, Estimate]:
        values = neural_entropy(terms)
        return values if y is not None else {"s_nn": values["s_nn"]}

    independent = None if pixels_train is None else IndependentPixels.of(pixels_train)
    terms = terms_in(
        strata, classes=classes_asked, log_posterior=log_posterior, independent=independent
    )
    profile = profiles(terms, strata, schedule)
    if log_posterior is not None:
        fine = stratified(max(draws, _CLASSIFIER_LEVELS))
        told = evaluate_terms(
            jax.tree_util.Partial(_nothing),
            x,
            y,
            fine,
            jax.random.fold_in(key, _CLASSIFIER_KEY),
            log_posterior=log_posterior,
            block=block,
        )
        information = classifier_information(told, y, label_frequencies)
        profile = pd.concat(
            [profile, classifier_profile(information, fine, schedule)], ignore_index=True
        )
    if y is None:
        groups = {"entropy": entropies(terms) | {"s_bound": entropy_bound(terms)["s_bound"]}}
        own = profile["quantity"].isin(["s_nn", "loss_unconditional", "total_correlation"])
        profile = profile[own].reset_index(drop=True)
    else:
        log_q = class_log_posterior(terms, y, label_frequencies) if classes_asked else None
        groups = {
            "entropy": entropies(terms) | entropy_bound(terms),
            "mutual_information": mutual_information(terms, y, log_q, label_frequencies),
        }
        if classes_asked:
            groups["accuracy"] = {"classification_accuracy": classification_accuracy(log_q, y)}
    if pixels_train is not None:
        likelihood_key = jax.random.fold_in(key, _LIKELIHOOD_KEY)
        bounds = likelihood(terms, strata, np.asarray(pixels_train), pixels, likelihood_key)
        groups["likelihood"] = bounds
        dimension = int(np.prod(x.shape[1:]))
        groups["bits_per_dimension"] = {
            "bits_per_dimension": bits_per_dimension(bounds["nll"], dimension),
            "bits_per_dimension_independent": bits_per_dimension(
                bounds["nll_independent"], dimension
            ),
        }
    if linear_times:
        grid = terms_in(Strata.linear_grid(schedule, s_min, linear_times), classes=None)
        groups["linear_grid"] = entropies(grid) | (
            mutual_information(grid, y) if y is not None else {}
        )
    risk = None
    if risk_levels:
        lams = np.linspace(*lam_range, risk_levels)
        curve, error = risk_curve(
            denoiser, x, lams, jax.random.fold_in(key, _RISK_KEY), y, block=block
        )
        risk = pd.DataFrame({"snr": np.exp(lams), "risk": curve, "standard_error": error})
    is_from_s_min = lam_range == schedule.log_snr_range(s_min)
    return Measurement(
        estimates=groups,
        profile=profile,
        risk=risk,
        label_entropy=label_entropy(y, label_frequencies) if classes else None,
        lam_range=lam_range,
        s_min=s_min if is_from_s_min else float(schedule.time(lam_range[1])),
        draws=draws,
        examples=len(x),
    )
