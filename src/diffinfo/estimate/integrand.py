"""What every estimate is a sum of: terms per example and stratum on held-out data, in nats.

Every information quantity here is an integral over log-SNR of an expectation over (x, eps). Each
example gets its own draw in every stratum, so its sum over strata is one independent, unbiased draw
of the whole integral. Means and standard errors over examples therefore need no assumption about
the integrand's shape. The same (x, lam, eps) goes through all fields (common noise), so differences
between fields lose most of their variance.

Two things about a draw have an expectation that is known: how much noise there is in v, and where
in its stratum lam lies. What they explain of a term is taken from it (control variates), so that
entropies and losses of images need a quarter of the draws or less for the same standard error.
"""

from collections.abc import Callable
from dataclasses import dataclass, fields
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np

from diffinfo.estimate.statistics import folds
from diffinfo.loss import squared_error
from diffinfo.process.denoise import Denoiser, at
from diffinfo.process.forward import blocks, noised
from diffinfo.process.schedule import VPSchedule

_FEWEST = 64  # examples whose draws tell what of their terms is noise
CLASS_GROUPS = 8  # a posterior over labels may trust so many groups of strata differently


@dataclass(frozen=True)
class Strata:
    """K strata of the log-SNR axis, all arrays `(K,)`.

    Draw k is uniform on `[low[k], high[k]]` and stands for a length `weight[k]` of the axis.
    """

    low: np.ndarray
    high: np.ndarray
    weight: np.ndarray

    @classmethod
    def between(cls, edges: np.ndarray) -> "Strata":
        """Return the strata between `edges` `(K + 1,)`.

        One draw in each is unbiased whatever the integrand, and wherever the edges lie.
        """
        return cls(edges[:-1], edges[1:], np.diff(edges))

    @classmethod
    def stratified(cls, lam_min: float, lam_max: float, draws: int) -> "Strata":
        """Return strata of equal length in log-SNR."""
        return cls.between(np.linspace(lam_min, lam_max, draws + 1))

    @classmethod
    def linear_grid(cls, schedule: VPSchedule, s_min: float, times: int) -> "Strata":
        """Return the authors' rule, the trapezoid on `times` even points in s, for comparison.

        int f dlam = int f beta / (1 - alpha) ds

        It is biased by its first interval.
        """
        s = np.linspace(s_min, 1.0, times)
        trapezoid = np.gradient(s)
        trapezoid[[0, -1]] = 0.5 * (s[1] - s[0])
        lam = schedule.log_snr(s)[::-1]
        return cls(lam, lam, (trapezoid * schedule.beta(s))[::-1] * (1 + np.exp(lam)))


@dataclass(frozen=True)
class Terms:
    """Terms of N examples in K strata, `(N, K)` in nats, with the strata's weights included, less
    what their draws explain of them (`less_noise`), which is 0 on average. So single terms may be
    negative.

    `v_u` and `v_c` are the unconditional and the conditional field, `D = v_c - v_u`, and `|.|` runs
    over all entries of one example.

    target              1/2 alpha |v|^2
    neural_u, neural_c  1/2 alpha |v_hat|^2 (Eq. 11)
    loss_u, loss_c      1/2 alpha |v - v_hat|^2
    squared             1/2 alpha |D|^2 (Eq. 13)
    aligned             1/2 alpha <v - v_u, D>
    class_loss          1/2 alpha |v - v_y|^2 for every label, summed over up to 8 groups of
                        neighbouring strata, `(N, groups, classes)`; None without labels
    loss_mixture        1/2 alpha |v - v_q|^2 of the unconditional field `v_q = sum_y q(y|z) v_y`
                        that a classifier q of noised examples implies; None without a classifier
    log_q               log q(y|z) of the true label at each draw's lam, without weights, or None
    loss_independent    1/2 alpha |v - v_i|^2 of the field `v_i` of independent pixels, or None
    groups              numbers from 0 `(N,)` of groups of examples: those of one group are not
                        independent; None where all examples are
    """

    target: np.ndarray
    neural_u: np.ndarray
    neural_c: np.ndarray
    loss_u: np.ndarray
    loss_c: np.ndarray
    squared: np.ndarray
    aligned: np.ndarray
    class_loss: np.ndarray | None = None
    loss_mixture: np.ndarray | None = None
    log_q: np.ndarray | None = None
    loss_independent: np.ndarray | None = None
    groups: np.ndarray | None = None


def class_fields(field: Callable[..., jax.Array], n: int, classes: int, dtype) -> jax.Array:
    """Return the conditional fields of every label, `(classes, n, ...)`.

    field: `y -> v_hat` at n rows (`at` of `process/denoise.py`), whose labels y have `dtype`.
    """
    return jax.lax.map(lambda label: field(jnp.full(n, label, dtype)), jnp.arange(classes))


def mixture_field(log_q: jax.Array, v_by_class: jax.Array) -> jax.Array:
    """Return `sum_y q(y|z) v_y`, `(N, ...)`, from log_q `(N, classes)` and `class_fields`."""
    return jnp.einsum("nk,kn...->n...", jnp.exp(log_q), v_by_class)


def _level_terms(
    denoiser: Denoiser, log_posterior, independent, x, y, lam, eps, classes: int | None
) -> dict[str, jax.Array]:
    """Return the terms at levels `lam` `(N,)`, without weights: `(N,)`, or `(N, classes)`.

    noise: by how much the target exceeds its expectation over eps.
    """
    z, v = noised(x, lam, eps)
    half_alpha = 0.5 * jax.nn.sigmoid(lam)
    field = at(denoiser, z, lam)
    v_u = field()
    terms = {}
    if classes:
        v_by_class = class_fields(field, len(z), classes, y.dtype)
        v_c = v_by_class[y, jnp.arange(x.shape[0])]
        terms["class_loss"] = half_alpha[:, None] * jax.vmap(partial(squared_error, v), out_axes=1)(
            v_by_class
        )
    else:
        v_c = field(y)
    if log_posterior is not None:
        log_q = log_posterior(z, lam)
        terms["log_q"] = jnp.take_along_axis(log_q, y[:, None], axis=1)[:, 0]
        if classes:
            terms["loss_mixture"] = half_alpha * squared_error(v, mixture_field(log_q, v_by_class))
    if independent is not None:
        terms["loss_independent"] = half_alpha * squared_error(v, independent(z, lam))
    difference = v_c - v_u
    aligned = jnp.sum(((v - v_u) * difference).reshape(x.shape[0], -1), axis=-1)
    zero = jnp.zeros_like(v)
    target = half_alpha * squared_error(v, zero)
    expected = jax.nn.sigmoid(lam) * x[0].size + jax.nn.sigmoid(-lam) * squared_error(x, zero)
    return terms | {
        "noise": target - half_alpha * expected,
        "target": target,
        "neural_u": half_alpha * squared_error(v_u, zero),
        "neural_c": half_alpha * squared_error(v_c, zero),
        "loss_u": half_alpha * squared_error(v, v_u),
        "loss_c": half_alpha * squared_error(v, v_c),
        "squared": half_alpha * squared_error(difference, zero),
        "aligned": half_alpha * aligned,
    }


@partial(jax.jit, static_argnames="classes")
def _block_terms(denoiser, log_posterior, independent, x, y, low, high, weight, key, classes):
    """Return class losses `(N, groups, classes)` and the other terms `(K, N)` of one block.

    place: where in its stratum each lam lies, from -1/2 to 1/2. The strata are taken one after the
    other.
    """

    def body(class_loss, stratum):
        low_k, high_k, weight_k, key_k, group = stratum
        level_key, noise_key = jax.random.split(key_k)
        place = jax.random.uniform(level_key, x.shape[:1])
        lam = low_k + (high_k - low_k) * place
        eps = jax.random.normal(noise_key, x.shape)
        terms = _level_terms(denoiser, log_posterior, independent, x, y, lam, eps, classes)
        terms = {
            name: value if name == "log_q" else weight_k * value for name, value in terms.items()
        }
        if classes:
            class_loss = class_loss.at[:, group].add(terms.pop("class_loss"))
        return class_loss, terms | {"place": jnp.where(high_k > low_k, place - 0.5, 0)}

    count = low.shape[0]
    groups = min(CLASS_GROUPS, count)
    with jax.default_matmul_precision("highest"):
        keys, group_of = jax.random.split(key, count), jnp.arange(count) * groups // count
        zero = jnp.zeros((x.shape[0], groups, classes or 0))
        return jax.lax.scan(body, zero, (low, high, weight, keys, group_of))


def less_noise(terms: np.ndarray, noise: np.ndarray, place: np.ndarray) -> np.ndarray:
    """Return `terms` `(T, N, K)` less what the draws of each stratum explain of them, linearly.

    noise, place: `(N, K)`; place is uniform on [-1/2, 1/2]. These, and place^2 - 1/12, are 0 in
    expectation whatever the example. How much of each is in a term is fitted on one half of the
    examples and taken from the other, so that expectations stay what they are; linear relations
    between terms do too.
    """
    if terms.shape[1] < _FEWEST:
        return terms
    controls = np.stack([noise, place, np.where(place == 0, 0, place**2 - 1 / 12)])
    scale = controls.std(1, keepdims=True)
    controls = np.divide(controls, scale, out=np.zeros_like(controls), where=scale > 0)
    left = np.empty_like(terms)
    for apply, fit in folds(terms.shape[1], 2):
        by_stratum = controls[:, fit].transpose(2, 0, 1)  # (K, 3, N)
        by_stratum = by_stratum - by_stratum.mean(2, keepdims=True)
        gram = by_stratum @ by_stratum.transpose(0, 2, 1)
        share = np.linalg.pinv(gram, rcond=1e-6, hermitian=True) @ (
            by_stratum @ terms[:, fit].transpose(2, 1, 0)
        )
        left[:, apply] = terms[:, apply] - np.einsum("cnk,kct->tnk", controls[:, apply], share)
    return left


def evaluate_terms(
    denoiser: Denoiser,
    x: np.ndarray,
    y: np.ndarray,
    strata: Strata,
    key: jax.Array,
    *,
    classes: int | None = None,
    log_posterior: Callable[[jax.Array, jax.Array], jax.Array] | None = None,
    independent: Denoiser | None = None,
    block: int = 2048,
    report: Callable[[int, int], None] = lambda done, total: None,
) -> Terms:
    """Return the terms, in nats, of every example in the K `strata`.

    x: `(N, ...)`, float, on the process's scale; y: `(N, ...)`, conditions or integer labels.
    classes: the number of labels, if y holds labels; it adds `class_loss`.
    log_posterior: a classifier of noised examples, `(z, lam) -> (N, classes)`, and a pytree as
    denoisers are; it adds `log_q` and, with `classes`, `loss_mixture`.
    independent: the field of independent pixels (`exact/pixels.py`); it adds `loss_independent`.
    block: how many examples are taken at once; results depend on it through the noise draws only.
    report: called after each block with the number of examples that are done, and N.

    Raises: FloatingPointError, naming the example, if a term is not finite.
    """
    names = [field.name for field in fields(Terms) if field.name not in ("class_loss", "groups")]
    if log_posterior is None:
        names.remove("log_q")
    if log_posterior is None or not classes:
        names.remove("loss_mixture")
    if independent is None:
        names.remove("loss_independent")
    parts: dict[str, list[np.ndarray]] = {name: [] for name in (*names, "class_loss")}
    bounds = [jnp.asarray(array, jnp.float32) for array in (strata.low, strata.high, strata.weight)]
    for number, (rows, padded) in enumerate(blocks(len(x), block)):
        x_block, y_block = jnp.asarray(x[padded]), jnp.asarray(y[padded])
        class_loss, terms = _block_terms(
            denoiser,
            log_posterior,
            independent,
            x_block,
            y_block,
            *bounds,
            jax.random.fold_in(key, number),
            classes,
        )
        found = {name: np.asarray(terms[name], np.float64).T[: len(rows)] for name in terms}
        bad = ~np.isfinite(sum(found[name].sum(1) for name in names))
        if bad.any():
            raise FloatingPointError(
                f"the denoiser gave NaN or infinity for example {rows[int(np.argmax(bad))]}"
            )
        integrals = [name for name in names if name != "log_q"]
        left = np.stack([found[name] for name in integrals])
        left = less_noise(left, found["noise"], found["place"])
        found |= dict(zip(integrals, left, strict=True))
        for name in names:
            parts[name].append(found[name])
        parts["class_loss"].append(np.asarray(class_loss, np.float64)[: len(rows)])
        report(int(rows[-1]) + 1, len(x))
    stacked = {name: np.concatenate(parts[name]) for name in names}
    return Terms(**stacked, class_loss=np.concatenate(parts["class_loss"]) if classes else None)
