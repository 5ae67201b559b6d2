"""I(X;Y) from the terms of `integrand.py`, in nats: estimators of one number from the same draws.

squared_difference     1/2 int E|eps_c - eps_u|^2 dlam
                       Eqs. 12-13 (MINDE); network errors bias it upwards
entropy_difference     S_NN^{X|Y} - S_NN^X
                       Eqs. 10, 46
loss_difference        1/2 int E[|eps - eps_u|^2 - |eps - eps_c|^2] dlam
                       first-order errors cancel
aligned_difference     1/2 int E<eps - eps_u, eps_c - eps_u> dlam
                       the mean of the first and the third
calibrated             the loss difference of the field eps_u + k (eps_c - eps_u)
                       with k(lam) fitted on other examples
mixture_difference     the loss difference with sum_y q(y|z) eps_y as the unconditional field
                       where q is a classifier of noised examples
classifier             H(Y) + E log q(y|z) at the largest log-SNR
                       that classifier's own lower bound
classification_bound   H(Y) + E log q(y|x), q from p(y) exp(-1/2 int w |eps - eps_y|^2 dlam)
                       for labels; it never exceeds H(Y)
"""

import numpy as np
from scipy.optimize import minimize, minimize_scalar
from scipy.special import expit, log_softmax

from diffinfo.estimate.integrand import Terms
from diffinfo.estimate.statistics import Estimate, folds

_CALIBRATION_BINS = 8
_POSTERIOR_FOLDS = 5
_ENOUGH_EXAMPLES = 20_000  # to fit a dozen weights


def squared_difference(terms: Terms) -> Estimate:
    """Estimate I(X;Y) by Eq. (13): non-negative, and exact only if both fields are."""
    return Estimate.of(terms.squared.sum(1), terms.groups)


def entropy_difference(terms: Terms) -> Estimate:
    """Estimate I(X;Y) by Eq. (46), with the two entropies paired over examples."""
    return Estimate.of((terms.neural_c - terms.neural_u).sum(1), terms.groups)


def loss_difference(terms: Terms) -> Estimate:
    """Estimate I(X;Y) by how much less the conditional field's denoising loss is.

    Errors of the fields enter at second order only: the bias is the excess loss of the
    unconditional field less that of the conditional field.
    """
    return Estimate.of((terms.loss_u - terms.loss_c).sum(1), terms.groups)


def aligned_difference(terms: Terms) -> Estimate:
    """Estimate I(X;Y) by `1/2 int alpha E<v - v_u, v_c - v_u> dlam`, where overfitting cancels.

    With `v_c - v_u = D + noise`, noise from the training sample adds its variance to
    `squared_difference` and takes it from `loss_difference`. Held-out examples know nothing of that
    noise, so it averages out of this product, which is half the sum of the two.
    """
    return Estimate.of(terms.aligned.sum(1), terms.groups)


def mixture_difference(terms: Terms) -> Estimate:
    """Estimate I(X;Y) by the loss difference from the field that a classifier implies.

    The unconditional field is `sum_y q(y|z) v_y`. Where the classifier is certain the two fields
    are one. So errors of a separate unconditional field, which at large log-SNR push differences
    above H(Y), have no part in it, nor has any error that the conditional fields have in common.
    """
    return Estimate.of((terms.loss_mixture - terms.loss_c).sum(1), terms.groups)


def classifier_information(
    terms: Terms, y: np.ndarray, frequencies: np.ndarray | None = None
) -> np.ndarray:
    """Return `H(Y) + log q(y | x_lam)` per example and stratum, `(N, K)`, in nats.

    Its mean over examples is a lower bound on I(X_lam; Y) in expectation, and never exceeds H(Y).
    """
    return label_entropy(y, frequencies) + terms.log_q


def calibrated(terms: Terms) -> Estimate:
    """Estimate I(X;Y) with the scale error of `D = eps_c - eps_u` removed.

    The scale k = E<eps - eps_u, D> / E|D|^2 of each group of strata is fitted on one half of the
    examples and applied to the other. Per example the estimate is `1/2 sum k (2 <eps - eps_u, D> -
    k |D|^2)`. At the optimal k this is `1/2 int k^2 E|D|^2 dlam`, and errors of k enter at second
    order only, so the scatter over examples is an honest standard error.
    """
    groups = np.array_split(
        np.arange(terms.squared.shape[1]), min(_CALIBRATION_BINS, terms.squared.shape[1])
    )
    squared, aligned = (
        np.stack([t[:, g].sum(1) for g in groups], 1) for t in (terms.squared, terms.aligned)
    )
    values = np.empty(len(squared))
    for apply, fit in folds(len(values), 2, terms.groups):
        mean_squared = squared[fit].mean(0)
        k = np.divide(
            aligned[fit].mean(0),
            mean_squared,
            out=np.ones_like(mean_squared),
            where=mean_squared > 0,
        )
        values[apply] = (2 * k * aligned[apply] - k**2 * squared[apply]).sum(1)
    return Estimate.of(values, terms.groups)


def label_entropy(y: np.ndarray, frequencies: np.ndarray | None = None) -> float:
    """Return H(Y), in nats, of the frequencies of the labels y `(N,)`, or of those that are given.

    Of few examples of many labels the former is too low. So wherever `frequencies` `(classes,)` of
    a larger sample are known, give them.
    """
    p = np.bincount(y) / len(y) if frequencies is None else np.asarray(frequencies)
    return float(-np.sum(p[p > 0] * np.log(p[p > 0])))


def _fitted_posterior(class_loss: np.ndarray, y: np.ndarray, log_prior: np.ndarray):
    """Fit `log q(y'|x) = log[(1 - e) softmax(log p - sum_g w_g L_g) + e p]`, a function of L.

    L is class_loss `(N, groups, classes)`; y: `(N,)`. The weights w and e are those of least
    cross-entropy. The search starts from one weight for all groups, a temperature.
    """
    groups, rows = class_loss.shape[1], np.arange(len(y))
    log_prior_of_own, loss_of_own = log_prior[y], class_loss[rows, :, y]

    def sharp_and_log_q(parameters, loss):
        weights, share = np.exp(parameters[:groups]), expit(parameters[groups])
        sharp = log_softmax(log_prior - np.einsum("g,ngk->nk", weights, loss), axis=1)
        return sharp, np.logaddexp(np.log1p(-share) + sharp, np.log(share) + log_prior)

    def cross_entropy(parameters):
        """With its gradient, by the logarithms of w and the logit of e."""
        logs, share = parameters[:groups], expit(parameters[groups])
        sharp, log_q = sharp_and_log_q(parameters, class_loss)
        sharp_of_own, log_q_of_own = sharp[rows, y], log_q[rows, y]
        # log q moves with log softmax by what the softmax has of q, and with e by the rest.
        of_softmax = (1 - share) * np.exp(sharp_of_own - log_q_of_own)
        expected_loss = np.einsum("nk,ngk->ng", np.exp(sharp), class_loss)
        by_weight = np.exp(logs) * (of_softmax[:, None] * (expected_loss - loss_of_own)).mean(0)
        of_prior = (1 - share) * np.exp(log_prior_of_own - log_q_of_own)
        by_share = share * (of_prior - of_softmax).mean()
        # So weak a pull towards one temperature matters only for groups that tell nothing, whose
        # weights would drift.
        pull, by_pull = 1e-2 * np.var(logs), 2e-2 * (logs - logs.mean()) / groups
        return pull - log_q_of_own.mean(), np.r_[by_pull - by_weight, -by_share]

    def with_one_weight(log_weight, share=-5.0):
        return np.r_[np.full(groups, log_weight), share]

    start = minimize_scalar(
        lambda log_weight: cross_entropy(with_one_weight(log_weight))[0],
        bounds=np.log([1e-3, 10.0]),
        method="bounded",
    ).x
    best = minimize(
        cross_entropy,
        with_one_weight(start),
        jac=True,
        method="L-BFGS-B",
        bounds=[(-12, 4)] * groups + [(-12, 12)],
    ).x
    return lambda loss: sharp_and_log_q(best, loss)[1]


def class_log_posterior(
    terms: Terms, y: np.ndarray, frequencies: np.ndarray | None = None
) -> np.ndarray:
    """Return log q(y'|x) of every label, `(N, classes)`: the diffusion model as a classifier.

    How much to trust each group of strata, and with which share labels ignore the image (they may
    be wrong), is fitted on other folds of the examples y `(N,)` than the one it is applied to. Any
    such choice, and any number of noise draws, gives a distribution over labels that knows nothing
    of the true one, so the bound holds. frequencies: of the labels, `(classes,)`, by default those
    of y, each of which then knows a little of itself.
    """
    classes = terms.class_loss.shape[2]
    if frequencies is None:
        frequencies = np.bincount(y, minlength=classes) / len(y)
    log_prior = np.log(np.maximum(frequencies, 1e-300))
    log_q = np.empty((len(y), classes))
    for apply, others in folds(len(y), _POSTERIOR_FOLDS, terms.groups):
        fit = np.flatnonzero(others)
        fit = fit[:: max(1, -(-len(fit) // _ENOUGH_EXAMPLES))]
        log_q[apply] = _fitted_posterior(terms.class_loss[fit], y[fit], log_prior)(
            terms.class_loss[apply]
        )
    return log_q


def classification_bound(
    log_q: np.ndarray,
    y: np.ndarray,
    groups: np.ndarray | None = None,
    frequencies: np.ndarray | None = None,
) -> Estimate:
    """Estimate a lower bound on I(X;Y), in expectation; it never exceeds H(Y).

    log_q: `(N, classes)` from `class_log_posterior`; y: `(N,)` labels; groups: as in `Terms`;
    frequencies: as for `label_entropy`.
    """
    chosen = np.take_along_axis(log_q, y[:, None], 1)[:, 0]
    return Estimate.of(label_entropy(y, frequencies) + chosen, groups)


def classification_accuracy(log_q: np.ndarray, y: np.ndarray) -> Estimate:
    """Estimate how often the true label has the highest posterior (a fraction, not nats)."""
    return Estimate.of((log_q.argmax(1) == y).astype(float))


def mutual_information(
    terms: Terms,
    y: np.ndarray,
    log_q: np.ndarray | None = None,
    frequencies: np.ndarray | None = None,
) -> dict[str, Estimate]:
    """Return all estimates of I(X;Y) that apply, by name.

    y: `(N,)` labels, with their `class_log_posterior` as log_q and their frequencies as for
    `label_entropy`, or real conditions `(N, D_Y)`.
    """
    estimates = {
        "squared_difference": squared_difference(terms),
        "entropy_difference": entropy_difference(terms),
        "loss_difference": loss_difference(terms),
        "aligned_difference": aligned_difference(terms),
        "calibrated": calibrated(terms),
    }
    if log_q is not None:
        estimates["classification_bound"] = classification_bound(
            log_q, y, terms.groups, frequencies
        )
    if terms.loss_mixture is not None:
        estimates["mixture_difference"] = mixture_difference(terms)
    if terms.log_q is not None:
        estimates["classifier"] = Estimate.of(
            classifier_information(terms, y, frequencies)[:, -1], terms.groups
        )
    return estimates
