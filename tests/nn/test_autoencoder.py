"""Encoders, split conditions, and the losses of autoencoders against closed forms."""

from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from tests.conftest import assert_agrees

from diffinfo.checkpoint import load_model, save_model
from diffinfo.config import complete
from diffinfo.data.sources import make_dataset
from diffinfo.errors import DataError
from diffinfo.estimate.statistics import Estimate
from diffinfo.exact.denoisers import GaussianDenoiser
from diffinfo.loss import (
    autoencoder_loss,
    divergence_from_prior,
    drawn_codes,
    gaussian_autoencoder_loss,
    squared_error,
)
from diffinfo.nn.autoencoder import Encoder, patches
from diffinfo.nn.build import Autoencoder, DataSummary, network_of
from diffinfo.process.forward import noised
from diffinfo.process.schedule import VPSchedule
from diffinfo.train.loop import Trainer, make_objective, summarize, with_tau_log_snr

IMAGES = DataSummary((7, 6, 3), 0.3, 0.4, classes=5)


def _autoencoder(tau, **more):
    sizes = {
        "latent": 2,
        "semantic": [8, 8],
        "perceptual": [8],
        "unet": {"channels": [8, 8], "embedding": 8},
    } | more
    network = complete("network", {"autoencoder": {"tau": tau} | sizes})
    return network_of(with_tau_log_snr(network, complete("process", {})), IMAGES)


def _shaken(model):
    rng = np.random.default_rng(9)
    params = jax.tree.map(
        lambda leaf: leaf + 0.1 * rng.standard_normal(leaf.shape, np.float32), model.init(0)
    )
    return params | model.constants(None)


@pytest.mark.parametrize("shape", [(7, 6, 3), (8, 8, 1)])
def test_patches_times_a_kernel_are_a_convolution(shape):
    h = jax.random.normal(jax.random.key(0), (2, *shape))
    cells = patches(h)
    kernel = jax.random.normal(jax.random.key(1), (cells.shape[-1], 5))
    # Patches hold two rows of cells of 2x2 pixels each, left cells first.
    order = (
        kernel.reshape(2, 2, 2, 2, shape[2], 5)
        .transpose(1, 2, 0, 3, 4, 5)
        .reshape(4, 4, shape[2], 5)
    )
    padding = [(1, 1 + size % 2) for size in shape[:2]]
    numbers = ("NHWC", "HWIO", "NHWC")
    expected = jax.lax.conv_general_dilated(h, order, (2, 2), padding, dimension_numbers=numbers)
    np.testing.assert_allclose(cells @ kernel, expected, atol=1e-4)


def test_each_code_is_seen_on_its_side_of_the_split_only():
    model = _autoencoder(0.3)
    params, tau_log_snr = _shaken(model), float(VPSchedule().log_snr(0.3))
    z = jax.random.normal(jax.random.key(0), (4, 7, 6, 3))
    codes = jax.random.normal(jax.random.key(1), (4, 4))
    semantic, perceptual = codes.at[:, :2].add(1.0), codes.at[:, 2:].add(1.0)
    for lam, seen, unseen in (
        (tau_log_snr - 0.1, semantic, perceptual),
        (tau_log_snr + 0.1, perceptual, semantic),
    ):
        field = model.v_hat(params, z, jnp.full(4, lam), codes)
        assert jnp.abs(field - model.v_hat(params, z, jnp.full(4, lam), seen)).max() > 1e-4
        np.testing.assert_array_equal(field, model.v_hat(params, z, jnp.full(4, lam), unseen))


def test_one_file_gives_back_the_same_codes(tmp_path):
    model = _autoencoder(0.3)
    params, x = _shaken(model), np.asarray(jax.random.uniform(jax.random.key(0), (5, 7, 6, 3)))
    save_model(tmp_path / "a.msgpack", model, params, {"seed": 1})
    again, loaded, _ = load_model(tmp_path / "a.msgpack", Autoencoder)
    encoded, expected = again.encoded(loaded, x, block=2), model.encode(params, x)
    for name in ("semantic", "perceptual"):
        for a, b in zip(encoded[name], expected[name], strict=True):
            assert a.shape == (5, 2)
            np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6)


def test_a_gaussian_decoder_has_nothing_to_split():
    network = complete("network", {"autoencoder": {"tau": 0.3}})
    with pytest.raises(DataError, match=r"autoencoder\.tau: a Gaussian decoder"):
        network_of(with_tau_log_snr(network, complete("process", {})), IMAGES)


def test_divergence_from_the_prior():
    mean, log_variance = (
        jnp.array([[0.0, 0.0], [1.0, 2.0]]),
        jnp.array([[0.0, 0.0], [0.0, np.log(0.25)]]),
    )
    np.testing.assert_allclose(
        divergence_from_prior(mean, log_variance),
        [0, 0.5 * (1 + 4 + 0.25 - 1 + np.log(4))],
        rtol=1e-6,
    )


def test_the_elbo_is_tight_for_the_exact_posterior():
    """Where x = W z + sigma noise with orthogonal columns, the posterior is diagonal."""
    rng = np.random.default_rng(3)
    loadings = np.linalg.qr(rng.standard_normal((6, 2)))[0] * np.array([1.5, 0.7])
    sigma, n = 0.4, 200_000
    x = rng.standard_normal((n, 2)) @ loadings.T + sigma * rng.standard_normal((n, 6))
    precision = 1 + (loadings**2).sum(0) / sigma**2

    def encode(x):
        return {
            "semantic": (
                x @ loadings / sigma**2 / precision,
                jnp.broadcast_to(-jnp.log(precision), (len(x), 2)),
            )
        }

    def decode(codes):
        return codes @ loadings.T, jnp.log(sigma)

    losses = [
        gaussian_autoencoder_loss(encode, decode, 1.0, part, jax.random.key(i))[0]
        for i, part in enumerate(np.split(jnp.asarray(x, jnp.float32), 100))
    ]
    cov = loadings @ loadings.T + sigma**2 * np.eye(6)
    truth = 0.5 * (6 * np.log(2 * np.pi) + np.linalg.slogdet(cov)[1] + 6)
    assert_agrees(Estimate.of(np.asarray(losses, float)), truth)


def test_an_early_code_is_worth_what_it_adds_to_the_noised_image():
    """With exact fields, a code shown at s < tau lowers the loss by I(X;Z) - I(X_tau;Z) nats."""
    rng = np.random.default_rng(5)
    root = rng.standard_normal((3, 3))
    cov, weights, noise = 0.3 * root @ root.T + 0.05 * np.eye(3), np.array([1.0, -0.5, 0.3]), 0.1
    cov_xz, cov_z = (cov @ weights)[:, None], np.array([[weights @ cov @ weights + noise]])
    exact = GaussianDenoiser.of(np.zeros(3), cov, cov_xz, cov_z)
    tau_log_snr, train = 1.0, complete("train", {"weighting": "likelihood"})
    objective = make_objective(train, complete("process", {}))

    def encode(x):
        return {
            "perceptual": (
                x @ jnp.asarray(weights[:, None], jnp.float32),
                jnp.full((len(x), 1), np.log(noise)),
            )
        }

    def early(z, lam, codes):
        return jnp.where((lam > tau_log_snr)[:, None], exact(z, lam, codes), exact(z, lam))

    @jax.jit
    def gain(key):
        row_key, loss_key = jax.random.split(key)
        x = jax.random.normal(row_key, (4000, 3)) @ jnp.asarray(
            np.linalg.cholesky(cov).T, jnp.float32
        )
        without, shown = (
            autoencoder_loss(encode, field, objective, 1.0, x, loss_key)[1]["reconstruction"]
            for field in (lambda z, lam, codes: exact(z, lam), early)
        )
        return without - shown

    def information(lam):
        """I(X_lam;Z), from the covariance of (x_lam, z)."""
        alpha = 1 / (1 + np.exp(-lam))
        noised = alpha * cov + (1 - alpha) * np.eye(3)
        left = cov_z - alpha * cov_xz.T @ np.linalg.solve(noised, cov_xz)
        return 0.5 * float(np.log(cov_z[0, 0] / left[0, 0]))

    gains = [gain(key) for key in jax.random.split(jax.random.key(0), 400)]
    truth = information(VPSchedule().log_snr(1e-5)) - information(tau_log_snr)
    assert_agrees(Estimate.of(np.asarray(gains, float)), truth)


def test_codes_are_priced_by_the_weighting_and_the_field_learns_from_velocity():
    process, key = complete("process", {}), jax.random.key(2)
    x = jax.random.normal(jax.random.key(1), (64, 3))

    def loss(params, weighting, field_weighting=None):
        objective = make_objective(complete("train", {"weighting": weighting}), process)

        def encode(x):
            return {"semantic": (params["encoder"] * x[:, :2], jnp.full((len(x), 2), -1.0))}

        def field(z, lam, codes):
            return params["field"] * z + jnp.pad(codes, ((0, 0), (0, 1)))

        if field_weighting is None:
            return autoencoder_loss(encode, field, objective, 0.7, x, key)[0]
        # The plain weighted loss, all of it differentiated: the right gradient for one of the two.
        level_key, noise_key, code_key = jax.random.split(key, 3)
        lam, density = objective.density.sample(level_key, len(x))
        z, v = noised(x, lam, jax.random.normal(noise_key, x.shape))
        posteriors = encode(x)
        error = squared_error(v, field(z, lam, drawn_codes(posteriors, code_key)))
        weight = replace(objective, weighting=field_weighting).weight(lam, density)
        return jnp.mean(weight * error) + 0.7 * jnp.mean(
            divergence_from_prior(*posteriors["semantic"])
        )

    params = {"encoder": jnp.float32(0.8), "field": jnp.float32(0.3)}
    for weighting in ("likelihood", "noise", "velocity"):
        gradient = jax.grad(loss)(params, weighting)
        np.testing.assert_allclose(
            gradient["field"], jax.grad(loss)(params, weighting, "velocity")["field"], rtol=1e-4
        )
        np.testing.assert_allclose(
            gradient["encoder"], jax.grad(loss)(params, weighting, weighting)["encoder"], rtol=1e-4
        )


@pytest.mark.parametrize("gaussian", [False, True])
def test_training_lowers_the_loss_and_leaves_tau_alone(gaussian):
    digits = make_dataset(complete("data", {"digits": {}}))
    sizes = {"latent": 2, "semantic": [8], "perceptual": [8]}
    network = {
        "autoencoder": sizes
        if gaussian
        else sizes | {"tau": 0.3, "unet": {"channels": [8], "embedding": 8}}
    }
    process, train = (
        complete("process", {}),
        complete("train", {"steps": 60, "batch": 64, "kl_weight": 0.01, "warmup": 5}),
    )
    model = network_of(with_tau_log_snr(complete("network", network), process), summarize(digits))
    trained = Trainer(model, make_objective(train, process), train).train(digits, 0)
    assert trained.columns[:-1] == model.parts
    loss = trained.history[:, 0]
    assert loss[-10:].mean() < loss[:10].mean()
    if not gaussian:
        tau_log_snr = float(VPSchedule().log_snr(0.3))
        assert trained.params["tau_log_snr"] == pytest.approx(tau_log_snr, rel=1e-6)


def test_encoders_take_any_size():
    from flax import nnx

    encoder = Encoder((9, 5, 3), (4, 8, 8), 3, rngs=nnx.Rngs(0))
    mean, log_variance = encoder(jnp.zeros((2, 9, 5, 3)))
    assert mean.shape == log_variance.shape == (2, 3)
