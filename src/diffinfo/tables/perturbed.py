"""What errors of the fields do to estimates of I(X;Y): exact fields with errors of known size."""

from collections.abc import Sequence

import jax
import jax.numpy as jnp
import numpy as np
import pandas as pd

from diffinfo.estimate.integrand import Strata, evaluate_terms
from diffinfo.estimate.mutual_information import class_log_posterior, mutual_information
from diffinfo.exact.denoisers import MixtureDenoiser
from diffinfo.process.denoise import Denoiser
from diffinfo.process.forward import coefficients

CLASSES, DIMENSION, DEVIATION = 10, 16, 0.2
LAM_RANGE, WRONG = (-8.0, 12.0), (0.0, 10.0)  # fields are wrong at some log-SNRs only
KINDS = ("unconditional", "common", "labels")


def _wrong(exact: Denoiser, directions, phases, energy, z, lam, y=None):
    """The exact field plus waves over z whose directions and phases belong to the label.

    directions `(CLASSES + 1, D, D)`, phases `(CLASSES + 1, D)`, energy `(CLASSES + 1,)` in nats:
    the last ones are those of the unconditional field. 1/2 int alpha E|wave|^2 dlam is the energy.
    """
    which = jnp.full(len(z), CLASSES) if y is None else y
    wave = jnp.sqrt(2) * jnp.cos(jnp.einsum("nij,nj->ni", directions[which], z) + phases[which])
    inside = (lam > WRONG[0]) & (lam < WRONG[1])
    square = 2 * energy[which] * inside / (WRONG[1] - WRONG[0]) / z.shape[1]
    return exact(z, lam, y) + jnp.sqrt(square / jax.nn.sigmoid(lam))[:, None] * wave


def wrong_denoiser(exact: Denoiser, kind: str, energy: float, rng: np.random.Generator) -> Denoiser:
    """The exact fields with an error of so many nats: of the `unconditional` one alone, one that is
    `common` to all, or one of each of the `labels` own fields.
    """
    directions = 3 * rng.standard_normal((CLASSES + 1, DIMENSION, DIMENSION))
    phases = rng.uniform(0, 2 * np.pi, (CLASSES + 1, DIMENSION))
    energies = np.full(CLASSES + 1, energy)
    if kind == "unconditional":
        energies[:-1] = 0
    elif kind == "labels":
        energies[-1] = 0
    else:
        directions, phases = directions[[-1] * (CLASSES + 1)], phases[[-1] * (CLASSES + 1)]
    waves = (jnp.asarray(array, jnp.float32) for array in (directions, phases, energies))
    return jax.tree_util.Partial(_wrong, exact, *waves)


def _log_posterior(means, z, lam):
    """The exact log P(y | z), `(N, CLASSES)`."""
    a, b = coefficients(lam, z)
    square = jnp.sum((z[:, None] - a[:, None] * means) ** 2, axis=-1)
    return jax.nn.log_softmax(-0.5 * square / (a**2 * DEVIATION**2 + b**2), axis=-1)


def perturbed(
    examples: int = 1000,
    energies: Sequence[float] = (0.0, 0.1, 0.3, 1.0, 3.0),
    draws: int = 48,
) -> pd.DataFrame:
    """Fig. 28: every estimator of I(X;Y) in nats, for fields with an error of `energy` nats.

    The data are one Gaussian for each of ten labels, whose `exact` information is H(Y) less the
    mean entropy of their exact posterior on the same examples. The errors are waves over z at
    log-SNR 0 to 10, of one of KINDS; the classifier of noised examples is exact.
    """
    rng = np.random.default_rng(0)
    means = rng.standard_normal((CLASSES, DIMENSION)).astype(np.float32)
    y = rng.permutation(np.arange(examples) % CLASSES).astype(np.int32)
    noise = DEVIATION * rng.standard_normal((examples, DIMENSION))
    x = (means[y] + noise).astype(np.float32)
    field = MixtureDenoiser.of(means, DEVIATION**2, np.ones(CLASSES), np.arange(CLASSES))
    judge = jax.tree_util.Partial(_log_posterior, jnp.asarray(means))
    log_q = np.asarray(judge(x, jnp.full(examples, jnp.inf)))
    exact = np.log(CLASSES) + (np.exp(log_q) * log_q).sum(1).mean()
    rows = []
    for kind in KINDS:
        for energy in energies:
            terms = evaluate_terms(
                wrong_denoiser(field, kind, energy, np.random.default_rng(1)),
                x,
                y,
                Strata.stratified(*LAM_RANGE, draws),
                jax.random.key(0),
                classes=CLASSES,
                log_posterior=judge,
            )
            found = mutual_information(terms, y, class_log_posterior(terms, y))
            for name, estimate in found.items():
                rows.append(
                    {
                        "kind": kind,
                        "energy": energy,
                        "quantity": name,
                        "value": estimate.value,
                        "standard_error": estimate.standard_error,
                        "half_width": estimate.half_width,
                        "exact": exact,
                        "upper_bound": np.log(CLASSES),
                        "examples": examples,
                        "draws": draws,
                    }
                )
    return pd.DataFrame(rows)
