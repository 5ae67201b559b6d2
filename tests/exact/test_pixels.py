"""The field of independent pixels against brute force, closed forms and a chain whose entropy is
known.
"""

from itertools import pairwise, product

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.integrate import quad
from scipy.special import logsumexp
from tests.conftest import assert_agrees

from diffinfo.config import complete
from diffinfo.data.dataset import Dataset
from diffinfo.estimate.entropy import entropy_bound, neural_entropy
from diffinfo.estimate.integrand import Strata, evaluate_terms
from diffinfo.estimate.profiles import profiles
from diffinfo.estimate.statistics import Estimate
from diffinfo.exact.denoisers import MixtureDenoiser
from diffinfo.exact.pixels import _RULES, IndependentPixels, gauss_quadrature
from diffinfo.nn.build import DataSummary, Model
from diffinfo.process.denoise import v_of, x_hat
from diffinfo.process.forward import decoded
from diffinfo.process.schedule import VPSchedule

LAM_RANGE = (-9.0, 15.0)
STRATA = Strata.stratified(*LAM_RANGE, 48)


def _images(rng, n, values, p, shape):
    """Images of independent pixels, each of which has one of the values with probabilities p."""
    return rng.choice(np.array(values, np.uint8), (n, *shape), p=p)


def _terms(field, pixels, independent=None):
    """The terms of an unconditional field on uint8 images."""

    def unconditional(inner, z, lam, y=None):
        return inner(z, lam)

    field = jax.tree_util.Partial(unconditional, field)
    y = np.zeros((len(pixels), 1), np.float32)
    key = jax.random.key(0)
    return evaluate_terms(field, decoded(pixels), y, STRATA, key, independent=independent)


@pytest.mark.parametrize("values", [np.arange(256), 16 * np.arange(16), [0, 255], [7, 8, 200]])
def test_moments_are_those_of_the_posterior(values):
    """At every noise level, and for z far from any value, in the unit of the noise there."""
    rng = np.random.default_rng(0)
    p = rng.dirichlet(np.full(len(values), 0.3))
    train = _images(rng, 300, values, p, (2, 3, 1))
    pixels = IndependentPixels.of(train)
    x = decoded(_images(rng, 200, values, p, (2, 3, 1)))
    lam = np.linspace(-8, 20, 200).astype(np.float32)
    sigma = np.exp(-lam / 2)[:, None, None, None]
    noise = (
        rng.standard_normal(x.shape)
        * np.where(np.arange(200) % 10 == 0, 30, 1)[:, None, None, None]
    )
    a = np.sqrt(1 / (1 + np.exp(-lam)))[:, None, None, None]
    z = jnp.asarray(a * (x + sigma * noise), jnp.float32)
    mean, std = pixels.moments(z, jnp.asarray(lam))

    grid = np.unique(train) / 255.0
    counts = (train[..., None] == np.unique(train)).sum(0) + 1 / 256
    log_w = (
        np.log(counts)
        - 0.5 * (np.asarray(z, float)[..., None] / a[..., None] - grid) ** 2 / sigma[..., None] ** 2
    )
    w = np.exp(log_w - logsumexp(log_w, axis=-1, keepdims=True))
    exact = (w * grid).sum(-1)
    spread = np.sqrt((w * (grid - exact[..., None]) ** 2).sum(-1))
    # z itself is rounded, which at lam = 20 is a thousandth of the noise.
    assert np.abs((mean - exact) / sigma).max() < 5e-3
    assert np.abs((std - spread) / sigma).max() < 5e-3
    assert np.isfinite(pixels(z, jnp.asarray(lam))).all()


@pytest.mark.parametrize("name", _RULES)
@pytest.mark.parametrize("kind", ["even", "spikes", "one"])
def test_quadratures_are_exact_up_to_their_log_snr(name, kind):
    """Also of a histogram that is nearly one value, and for noise that is three times too large."""
    nodes, lam = _RULES[name]
    rng, values = np.random.default_rng(0), np.arange(256) / 255
    p = {
        "even": np.ones((3, 256)),
        "spikes": rng.dirichlet(np.full(256, 0.05), 3) + 1e-8,
        "one": np.where(np.arange(256) == 40, 1.0, 1e-7) * np.ones((3, 1)),
    }[kind]
    p /= p.sum(1, keepdims=True)
    where, weights = gauss_quadrature(values, p, nodes)
    np.testing.assert_allclose(weights.sum(1), 1)
    for degree in (1, 2, 2 * nodes - 1):
        np.testing.assert_allclose((weights * where**degree).sum(1), (p * values**degree).sum(1))
    noisy = np.linspace(-0.4, 1.4, 100)[:, None, None]

    def moments(x, w):
        log_w = np.log(w) - 0.5 * np.exp(lam) * (noisy - x) ** 2
        w = np.exp(log_w - logsumexp(log_w, axis=-1, keepdims=True))
        mean = (w * x).sum(-1)
        return mean, np.sqrt((w * (x - mean[..., None]) ** 2).sum(-1))

    for got, exact in zip(moments(where, weights), moments(values, p), strict=True):
        assert np.abs(got - exact).max() < 1e-6 * np.exp(-lam / 2)


def test_v_is_the_prediction_in_another_form():
    z, guess = (jax.random.normal(jax.random.key(k), (8, 2, 2, 1)) for k in (0, 1))
    lam = jnp.linspace(-8.0, 14.0, 8)
    np.testing.assert_allclose(x_hat(v_of(guess, z, lam), z, lam), guess, atol=2e-6)


def _divergence(values, p, lam):
    """KL(p_lam || N(0, 1)) of one noised pixel, by quadrature."""
    alpha, b2 = 1 / (1 + np.exp(-lam)), 1 / (1 + np.exp(lam))

    def integrand(z):
        log_density = logsumexp(-0.5 * (z - np.sqrt(alpha) * values) ** 2 / b2, b=p) - 0.5 * np.log(
            b2
        )
        return np.exp(log_density - 0.5 * np.log(2 * np.pi)) * (log_density + 0.5 * z**2)

    edges = np.unique(
        np.concatenate(
            [np.sqrt(alpha) * v + np.sqrt(b2) * np.array([-9, -3, 0, 3, 9]) for v in values]
        )
    )
    return sum(quad(integrand, low, high)[0] for low, high in pairwise(edges))


@pytest.mark.parametrize(
    ("values", "p"), [([0, 255], [0.7, 0.3]), ([0, 100, 110, 255], [0.4, 0.2, 0.1, 0.3])]
)
def test_entropy_of_independent_pixels(values, p):
    """S_NN is exact, its rate ends at half a nat per pixel, and there is no total correlation."""
    rng = np.random.default_rng(1)
    train, test = (_images(rng, n, values, p, (2, 2, 1)) for n in (400_000, 40_000))
    pixels = IndependentPixels.of(train)
    terms = _terms(pixels, test, pixels)
    scaled = np.array(values) / 255
    truth = 4 * (_divergence(scaled, p, LAM_RANGE[1]) - _divergence(scaled, p, LAM_RANGE[0]))
    assert_agrees(neural_entropy(terms)["s_nn"], truth)
    assert_agrees(entropy_bound(terms)["s_bound"], truth)
    table = profiles(terms, STRATA, VPSchedule()).set_index("quantity")
    assert np.abs(table.loc["total_correlation", "amount"]).max() < 1e-6
    last = table.loc["s_nn"].iloc[-1]
    assert last["amount"] / (last["lam_high"] - last["lam_low"]) == pytest.approx(2, rel=0.01)


def test_total_correlation_of_a_chain_is_a_curve_that_ends_at_the_known_entropy():
    """A Markov chain of 5 two-valued pixels, each equal to the one before with probability 0.99."""
    length, stay = 5, 0.99
    states = np.array(list(product([0, 1], repeat=length)))
    same = (states[:, 1:] == states[:, :-1]).sum(1)
    p = 0.5 * stay**same * (1 - stay) ** (length - 1 - same)
    rng = np.random.default_rng(2)
    train, test = (
        (255 * states[rng.choice(len(p), n, p=p)]).astype(np.uint8).reshape(-1, 1, 5, 1)
        for n in (400_000, 50_000)
    )
    exact = MixtureDenoiser.of(states, 0.0, p, np.zeros(len(p)))
    terms = _terms(exact, test, IndependentPixels.of(train))
    truth = (length - 1) * (np.log(2) + stay * np.log(stay) + (1 - stay) * np.log(1 - stay))
    assert_agrees(Estimate.of((terms.loss_independent - terms.loss_u).sum(1)), truth)
    rows = profiles(terms, STRATA, VPSchedule()).set_index("quantity").loc["total_correlation"]
    assert (rows["amount"] > -4 * rows["amount_se"] - 1e-9).all(), "knowing neighbours never hurts"
    assert -1 < rows["lam_low"].iloc[rows["amount"].argmax()] < 4


def test_an_untrained_network_is_the_field_of_independent_pixels():
    rng = np.random.default_rng(3)
    train = _images(rng, 500, [0, 40, 255], [0.5, 0.2, 0.3], (7, 7, 3))
    network = complete("network", {"unet": {"channels": [8], "embedding": 8}})
    model = Model(network, DataSummary((7, 7, 3), 0.3, 0.4, classes=5, pixels=True))
    y = np.zeros(500, np.int64)
    params = model.init(0) | model.constants(Dataset(train, y, train, y, {"classes": 5}))
    z, lam = jax.random.normal(jax.random.key(1), (4, 7, 7, 3)), jnp.linspace(-4, 12, 4)
    field = model.denoiser(params)(z, lam)
    np.testing.assert_allclose(field, IndependentPixels.of(train)(z, lam), atol=1e-4, rtol=1e-4)
